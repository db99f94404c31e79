"""How the commands about processes show what they did."""

import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from doctor.cli.output import style_of
from doctor.cli.progress import Progress, progress_line
from doctor.cli.streams import is_terminal, put, say
from doctor.errors import DoctorError
from doctor.executor.base import Submitted
from doctor.exit_codes import ExitCode
from doctor.model.finding import Finding
from doctor.model.options import Options
from doctor.model.process import ProcessView
from doctor.report.redact import secret_values
from doctor.report.style import Style

UNFOLDED = 10_000
"""Columns where nobody looks: a row stays one line, for ``grep`` and ``awk``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """How one command's answer is to be shown."""

    json: bool
    style: Style
    quiet: bool
    secrets: tuple[str, ...]
    """Values that must not leave."""

    def progress(self) -> Progress:
        """A line on the terminal that says what is being done."""
        return progress_line(quiet=self.quiet, width=self.style.width)

    def document(self, document: dict[str, Any]) -> None:
        """Print a JSON document."""
        from doctor.report.json_format import dumps  # noqa: PLC0415 - not for a table

        put(dumps(document))

    def text(self, *parts: str) -> None:
        """Print the parts that are not empty, a blank line between two."""
        shown = "\n".join(part for part in parts if part)
        if shown:
            put(shown)

    def processes(
        self,
        views: Sequence[ProcessView],
        *,
        refusals: Sequence[Submitted] | None = None,
        findings: Sequence[Finding] | None = None,
        exit_code: ExitCode = ExitCode.OK,
        problem: DoctorError | None = None,
    ) -> None:
        """Print processes, what was refused, and what went wrong afterwards."""
        if problem is not None:
            say(f"doctor: {problem.message}")
            say(problem.remedy or "")
        if self.json:
            from doctor.report.launch_json import processes_json  # noqa: PLC0415 - not for a table

            self.document(
                processes_json(
                    views,
                    self.secrets,
                    refusals=refusals,
                    findings=findings,
                    exit_code=exit_code,
                    no_answer=(problem.message, problem.remedy) if problem else None,
                )
            )
            return
        from doctor.report.launch_table import processes_table, refusals_text  # noqa: PLC0415 - not for JSON

        table = processes_table(views, self.secrets, self.style, now=datetime.now(UTC))
        self.text(table, refusals_text(refusals or (), self.secrets, self.style))


def showing(arguments: Namespace, options: Options) -> Showing:
    """How the answer to these arguments is to be shown. To be asked before stdout is anyone else's."""
    quiet = bool(getattr(arguments, "quiet", False))
    style = style_of(color=arguments.color, verbose=arguments.verbose, quiet=quiet, home=options.home)
    if not is_terminal(sys.stdout) and "COLUMNS" not in os.environ:
        style = replace(style, width=UNFOLDED)
    return Showing(
        json=arguments.format == "json", style=style, quiet=quiet, secrets=secret_values(options.environment)
    )
