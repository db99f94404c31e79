"""The built-in report formats, offered through the same hook as anyone else's."""

from collections.abc import Callable, Mapping

import pluggy

from doctor.model.report import Report
from doctor.report.style import PLAIN, Style

hookimpl = pluggy.HookimplMarker("harness_doctor")


def table(report: Report, style: Style = PLAIN) -> str:
    """Tables for reading in a terminal."""
    from doctor.report.table import render  # noqa: PLC0415 - a run needs one format

    return render(report, style)


def plain(report: Report, style: Style = PLAIN) -> str:
    """One record per line, for logs and ``grep``."""
    from doctor.report.plain import render  # noqa: PLC0415 - see above

    return render(report, style)


def json(report: Report) -> str:
    """One JSON document, for programs."""
    from doctor.report.json_format import render  # noqa: PLC0415 - see above

    return render(report)


STYLED: Mapping[str, Callable[[Report, Style], str]] = {"table": table, "plain": plain}
"""Formats that look as their reader likes."""

FORMATS: Mapping[str, Callable[[Report], str]] = {"table": table, "plain": plain, "json": json}
"""Every built-in format as the hook offers it."""


@hookimpl
def doctor_register_formats() -> Mapping[str, Callable[[Report], str]]:
    """Offer the built-in formats."""
    return FORMATS
