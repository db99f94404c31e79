"""A report with 5,000 findings in one format on stdout, and on stderr the bytes of memory that took. Run by a test."""

import resource
import sys
from dataclasses import replace
from itertools import cycle
from pathlib import Path

from doctor.cli.output import Target, deliver, renderers
from doctor.model.finding import Finding, Severity
from doctor.model.options import Options
from doctor.report.style import Style
from tests.report.sample import BASE, HOSTILE, REPORT, place

FINDINGS = 5_000
LONG = 20
"""How many of the messages have about 100,000 characters."""


def main(name: str) -> None:
    """Deliver the report to stdout, and say how large the resident set became."""
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
    sys.stderr.write(f"{_largest_resident_set()}\n")


def _largest_resident_set() -> int:
    """In bytes. On Linux not ``ru_maxrss``: that is at least what the process had that started this one."""
    if sys.platform == "linux":
        [line] = (each for each in Path("/proc/self/status").read_text().splitlines() if each.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
