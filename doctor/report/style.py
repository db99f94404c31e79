"""How a report for people is to look."""

from doctor.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """What the place that a report goes to can take, and what its reader asked for."""

    width: int = 80
    """Columns."""

    color: bool = False
    unicode: bool = True
    """Whether symbols outside ASCII can be shown."""

    verbose: bool = False
    """Add timings and every path that was tried."""

    quiet: bool = False
    """Only findings and the summary."""

    home: str | None = None
    """Home directory, shown as ``~`` by formats that shorten paths."""

    @property
    def separator(self) -> str:
        """Stands between the parts of the summary."""
        return " · " if self.unicode else " | "

    @property
    def arrow(self) -> str:
        """Leads a remedy."""
        return "→" if self.unicode else "->"

    @property
    def ellipsis(self) -> str:
        """Stands for what was left out."""
        return "…" if self.unicode else "..."

    def symbol(self, status: str) -> str:
        """The mark of a row's status, a finding's severity, a check's end, or a process's state or health."""
        if status in {"ok", "passed", "completed", "healthy"}:
            return "✓" if self.unicode else "+"
        return _SYMBOLS.get(status, "✗" if self.unicode else "x")


_SYMBOLS = {
    "warning": "!",
    "stalled": "!",
    "blocked": "!",
    "info": "i",
    "skipped": "-",
    "cancelled": "-",
    "idle": "-",
    "running": ">",
    "paused": "=",
}
"""Marks that are neither good nor bad; those are ASCII for everyone."""

PLAIN = Style()
"""For a reader of whom nothing is known."""
