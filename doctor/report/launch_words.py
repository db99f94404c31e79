"""What the tables of launches and processes say, in words: each piece safe to print."""

from collections.abc import Iterable
from datetime import datetime

from doctor.model.process import Outcome, OutcomeKind, ProcessView, Receipt
from doctor.model.spec import Delivery, LaunchSpec
from doctor.report.redact import Redactor
from doctor.report.style import Style
from doctor.report.visible import home_relative, visible

SHELL = "shell"
"""The harness whose ``command`` is the one place where a policy's text is a shell command."""

_MINUTE, _HOUR, _DAY = 60, 3600, 86400

_RETRY = {True: "starting it again can help", False: "starting it again as it is does not help"}


class Words:
    """Texts without secrets and control characters.

    Args:
        clean: Hides secrets.
        style: ``home`` and ``separator`` are used.
        now: The moment that times are told from.
    """

    def __init__(self, clean: Redactor, style: Style, now: datetime | None = None) -> None:
        self.clean = clean
        self.style = style
        self.now = now

    def text(self, text: str | None) -> str:
        """A text on one line; nothing for ``None``."""
        return visible(self.clean(text)) if text else ""

    def path(self, path: str | None) -> str:
        """A path, short where it lies in the home directory."""
        return visible(home_relative(self.clean(path), self.style.home)) if path else ""

    def command(self, argv: Iterable[str]) -> str:
        """An argv, its parts with spaces between them, for reading and not for a shell."""
        return " ".join(visible(part) for part in self.clean.argv(list(argv)))

    def age(self, when: str | None) -> str:
        """How long ago a time is, such as ``3m``; nothing where that is not known."""
        if when is None or self.now is None:
            return ""
        try:
            seconds = (self.now - datetime.fromisoformat(when)).total_seconds()
        except (TypeError, ValueError):  # a time without its zone, or none at all
            return self.text(when)
        return duration(max(0.0, seconds))

    def ago(self, when: str | None) -> str:
        """The same as a phrase, such as ``3m ago``."""
        age = self.age(when)
        return f"{age} ago" if age else ""

    def failure(self, view: ProcessView, outcome: Outcome) -> str:
        """How a process ended, when, and why, where the failure says more than the end."""
        ended = " ".join(filter(None, (ending(outcome), self.ago(view.ended_at))))
        failure = outcome.failure or ""
        says_no_more = "(" in failure or failure == outcome.kind
        return ended if says_no_more else f"{ended}: {self.text(failure)}"


def ending(outcome: Outcome) -> str:
    """How a process ended, as it is said."""
    if outcome.kind is OutcomeKind.EXITED:
        return f"exited {outcome.code}"
    if outcome.kind is OutcomeKind.KILLED:
        return f"killed by {outcome.signal or 'a signal'}"
    return outcome.kind.replace("-", " ")


def retry(outcome: Outcome) -> str:
    """Whether starting it again can help, as far as that is known."""
    return "" if outcome.retry is None else _RETRY[outcome.retry]


def duration(seconds: float) -> str:
    """A duration in its largest whole unit, such as ``59s``, ``3m``, ``5h`` or ``2d``."""
    for unit, letter in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "m")):
        if seconds >= unit:
            return f"{int(seconds // unit)}{letter}"
    return f"{int(seconds)}s"


def prompt_of(spec: LaunchSpec) -> str:
    """The way that a prompt takes, and its size; ``none`` where there is none."""
    if not spec.prompt.text:
        return "none"
    size = len(spec.prompt.text.encode("utf-8", "surrogatepass"))
    way = "not given" if spec.prompt.delivery is Delivery.NONE else str(spec.prompt.delivery)
    return f"{way}, {size_of(size)}"


def size_of(size: int) -> str:
    """A number of bytes as it is read, such as ``812 B`` or ``2.1 kB``."""
    return f"{size} B" if size < 1000 else f"{size / 1000:.1f} kB"  # noqa: PLR2004 - the unit


def prompt_problem(view: ProcessView) -> str:
    """What is to be said about a prompt that did not arrive, where the failure does not say it."""
    missing = view.receipt is Receipt.NOT_DELIVERED and view.outcome is not None and view.outcome.failure is None
    return "its prompt was not delivered" if missing else ""
