"""What the tables and comments about a comparison say, in words: each piece without secrets and safe to print."""

from doctor.model.comparison import ApprovalState, Change, Comparison, SideRef, Verdict
from doctor.model.location import Location
from doctor.report.redact import Redactor
from doctor.report.visible import visible

SHORT_COMMIT = 12

VERDICTS = {
    Verdict.EQUAL: "nothing changes in meaning",
    Verdict.STRICTER: "less is allowed",
    Verdict.DIFFERENT: "something else, and as far as is known not more, is allowed",
    Verdict.LOOSER: "more is allowed",
}


class CompareWords:
    """Texts of one comparison.

    Args:
        comparison: What was found.
    """

    def __init__(self, comparison: Comparison) -> None:
        self.comparison = comparison
        self._clean = Redactor(comparison.secrets)

    def clean(self, text: str) -> str:
        """A text that may have several lines, without secrets."""
        return self._clean.argv([text])[0]

    def text(self, text: str | None) -> str:
        """A text on one line; nothing for ``None``."""
        return visible(self.clean(text)) if text is not None else ""

    def side(self, side: SideRef) -> str:
        """What was compared."""
        name = self.text(side.name)
        commit = side.commit[:SHORT_COMMIT] if side.commit else ""
        return f"{name} ({commit})" if commit and not name.startswith(commit) else name

    @property
    def heading(self) -> str:
        """The verdict in one sentence."""
        words = VERDICTS[self.comparison.verdict]
        if self.comparison.unreadable:
            words = "one side cannot be understood, so nobody can tell that not more is allowed"
        return f"{self.comparison.verdict}: {words}"

    @property
    def counts(self) -> str:
        """How many changes there are of each class, and how many may not pass."""
        changes = self.comparison.changes
        parts = [
            f"{count} {verdict}"
            for verdict in (Verdict.LOOSER, Verdict.DIFFERENT, Verdict.STRICTER)
            if (count := sum(change.verdict is verdict for change in changes))
        ]
        approved = sum(change.approval is not None for change in changes)
        denied = sum(change.denied for change in changes)
        parts += [f"{approved} approved"] if approved else []
        parts += [f"{denied} denied"] if denied else []
        return ", ".join(parts)

    def place(self, change: Change) -> str:
        """Where it stands; in which side, where that is the base."""
        location = self.location(change.location)
        return f"{location} (before)" if location and change.in_base else location

    def location(self, location: Location | None) -> str:
        """A place, as editors jump to it."""
        return self.text(str(location)) if location else ""

    def state(self, change: Change) -> str:
        """Whether it passes: ``denied``, ``approved`` or nothing."""
        if change.denied:
            return "denied"
        return "approved" if change.approval is not None else ""

    def approvals(self) -> list[str]:
        """One line for each approval that let something through."""
        used = (each for each in self.comparison.approvals if each.state is ApprovalState.USED)
        return [
            f"{each.fingerprint} approved by {self.text(each.who)} until {each.until}: {self.text(each.why)}"
            for each in used
        ]
