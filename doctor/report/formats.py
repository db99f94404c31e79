"""The built-in report formats, offered through the same hook as anyone else's."""

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module

import pluggy

from doctor.model.report import Report
from doctor.report.style import PLAIN, Style

hookimpl = pluggy.HookimplMarker("harness_doctor")

Render = Callable[[Report], str | Iterable[str]]
"""A format: from a report to its text, whole or in pieces."""


def table(report: Report, style: Style = PLAIN) -> Iterable[str]:
    """Tables for reading in a terminal."""
    from doctor.report.table import chunks  # noqa: PLC0415 - a run needs one format

    return chunks(report, style)


def plain(report: Report, style: Style = PLAIN) -> Iterable[str]:
    """One record per line, for logs and ``grep``."""
    from doctor.report.plain import chunks  # noqa: PLC0415 - see above

    return chunks(report, style)


def json(report: Report) -> Iterable[str]:
    """One JSON document, for programs."""
    from doctor.report.json_format import chunks  # noqa: PLC0415 - see above

    return chunks(report)


def _machine(name: str) -> Render:
    def format_(report: Report) -> Iterable[str]:
        text: Iterable[str] = import_module(f"doctor.report.{name}").render(report)
        return text

    return format_


MACHINE = ("junit", "sarif", "github", "markdown", "html", "agent", "tap")
"""Formats whose module has their name; each is imported when it is used."""

STYLED: Mapping[str, Callable[[Report, Style], Iterable[str]]] = {"table": table, "plain": plain}
"""Formats that look as their reader likes."""

FORMATS: Mapping[str, Render] = {
    "table": table,
    "plain": plain,
    "json": json,
    **{name: _machine(name) for name in MACHINE},
}
"""Every built-in format as the hook offers it."""

TELLS_FIXES = frozenset({"sarif", "agent", "html", "markdown"})
"""Formats for which it is worth planning what would repair findings."""


@hookimpl
def doctor_register_formats() -> Mapping[str, Render]:
    """Offer the built-in formats."""
    return FORMATS
