"""One agent on both sides."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from doctor.gate.comparing.meaning import UNUSED, AgentMeaning, Meaning
from doctor.gate.comparing.order import Judged
from doctor.gate.comparing.values import Draft

T = TypeVar("T")
Words = tuple[str | None, str | None]


class Pair(NamedTuple):
    """One agent before and after."""

    subject: str
    before: AgentMeaning
    after: AgentMeaning
    was: Meaning
    now: Meaning

    def both(self, of: Callable[[AgentMeaning], T]) -> tuple[T, T]:
        """The same question, asked of both."""
        return of(self.before), of(self.after)

    def draft(
        self,
        field: str,
        values: Words,
        judged: Judged,
        *,
        at: str,
        text: bool = False,
        identity: Words | None = None,
    ) -> Draft:
        """A change of one field.

        Args:
            field: Its name; what stands before the first dot is its group.
            values: Before and after.
            judged: What that does.
            at: Pointer from its profile, or from the policy where it starts with ``//``.
            text: Whether the values are texts of several words.
            identity: What tells it from others, where the values do not.
        """
        return Draft(
            subject=self.subject,
            field=field,
            group=field.partition(".")[0],
            before=values[0],
            after=values[1],
            judged=judged,
            pointer=at[1:] if at.startswith("//") else f"{self.after.place}{at}",
            text=text,
            identity=identity or values,
        )


def subject_of(name: str) -> str:
    """Whom a change concerns."""
    return f"profile {name.removeprefix(UNUSED)}" if name.startswith(UNUSED) else f"agent {name}"
