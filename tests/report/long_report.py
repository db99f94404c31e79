"""A report with 5,000 findings in one format on stdout, and on stderr what memory that took. Run by a test."""

import resource
import sys
from dataclasses import replace
from itertools import cycle

from doctor.cli.output import Target, deliver, renderers
from doctor.model.finding import Finding, Severity
from doctor.model.options import Options
from doctor.report.style import Style
from tests.report.sample import BASE, HOSTILE, REPORT, place

FINDINGS = 5_000
LONG = 20
"""How many of the messages have about 100,000 characters."""


def main(name: str) -> None:
    """Deliver the report to stdout, and say the largest resident set as the system counts it."""
    severities = cycle(Severity)
    findings = tuple(
        Finding(
            code=f"ABC{number % 50:03}",
            severity=next(severities),
            subject=f"agents[{number}].{HOSTILE}",
            message=f"{number} {HOSTILE}" * (100_000 // len(HOSTILE) if number < LONG else 1),
            remedy=f"doctor set agents[{number}]",
            location=place(number + 1, 1, path=f"{BASE}/{number}.json"),
        )
        for number in range(FINDINGS)
    )
    report = replace(REPORT, findings=findings, known=findings[:100], fixes={})
    target = Target(name, None)
    deliver(report, renderers([target], Options(), Style(verbose=True, color=name == "table")))
    sys.stderr.write(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}\n")
