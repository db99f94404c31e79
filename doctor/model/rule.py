"""What a check is about, for formats that explain their findings."""

from doctor.model.finding import Severity
from doctor.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One check, in words."""

    code: str
    title: str
    """What holds when it passes, in one line."""

    why: str = ""
    """Why it matters; paragraphs, or nothing."""

    fails: str = ""
    """When it fails; paragraphs, or nothing."""

    severity: Severity = Severity.ERROR
    """Of findings that name none of their own."""

    docs: str | None = None
    """Absolute URI of its documentation; ``None`` where it has no place of its own."""
