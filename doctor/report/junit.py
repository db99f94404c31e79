"""JUnit XML: a test case for each check, for the test pages of CI services."""

from collections import Counter
from collections.abc import Iterable, Iterator

from doctor.model.finding import Finding
from doctor.model.report import Report
from doctor.report.cases import Case, Verdict, cases
from doctor.report.markup import escaped
from doctor.report.style import PLAIN
from doctor.report.wording import Wording

SUITE = "harness-doctor"


def render(report: Report) -> Iterator[str]:
    """The report as JUnit XML.

    A case has at most one ``failure``, ``error`` or ``skipped``, with every finding in its text: many readers look at
    the first such element only.
    """
    say = Wording(report, PLAIN)
    every = cases(report)
    ends = Counter(case.verdict for case in every)
    counts = f'tests="{len(every)}" failures="{ends[Verdict.FAILED]}" errors="{ends[Verdict.ERROR]}"'
    took = f'time="{report.duration_ms / 1000:.3f}"'
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<testsuites name="{SUITE}" {counts} {took}>\n'
    yield f'  <testsuite name="{SUITE}" {counts} skipped="{ends[Verdict.SKIPPED]}" {took}>\n'
    yield from _properties(report, say)
    for case in every:
        yield from _case(case, say)
    yield "  </testsuite>\n</testsuites>\n"


def _properties(report: Report, say: Wording) -> Iterator[str]:
    values = {
        "version": report.version,
        "exit_code": str(int(report.exit_code)),
        "policy": say.policy(),
        "profile": say.profile() or "",
        "summary": say.summary(),
    }
    yield "    <properties>\n"
    for name, value in values.items():
        if value:
            yield f'      <property name="{name}" value="{escaped(value)}"/>\n'
    yield "    </properties>\n"


def _case(case: Case, say: Wording) -> Iterator[str]:
    name = escaped(say.titled(case.code))
    opening = f'    <testcase classname="{SUITE}.{case.code[:3]}" name="{name}" time="{case.seconds:.3f}"'
    if case.verdict is Verdict.PASSED and not (case.minor or case.known or case.ignored):
        yield f"{opening}/>\n"
        return
    yield f"{opening}>\n"
    if case.verdict is Verdict.SKIPPED:
        yield f'      <skipped message="{escaped(say.line(case.reason))}"/>\n'
    elif case.verdict is Verdict.ERROR:
        yield from _told("error", say.line(case.reason), case.failing, say)
    elif case.verdict is Verdict.FAILED:
        yield from _told("failure", _headline(case.failing, say), case.failing, say)
    yield from _aside(case, say)
    yield "    </testcase>\n"


def _headline(findings: tuple[Finding, ...], say: Wording) -> str:
    first = findings[0]
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    return f"{say.line(first.subject)}: {say.line(first.message)}{more}"


def _told(element: str, message: str, findings: Iterable[Finding], say: Wording) -> Iterator[str]:
    yield f'      <{element} message="{escaped(message)}" type="harness-doctor">'
    for number, finding in enumerate(findings):
        yield "\n" if number else ""
        yield from (f"{escaped(line)}\n" for line in _finding(finding, say))
    yield f"</{element}>\n"


def _finding(finding: Finding, say: Wording) -> Iterator[str]:
    yield f"{finding.severity}: {say.line(finding.subject)}"
    if finding.location:
        yield say.near(finding.location)
    yield from say.lines(finding.message)
    for number, line in enumerate(say.lines(finding.remedy)):
        yield f"   {line}" if number else f"-> {line}"


def _aside(case: Case, say: Wording) -> Iterator[str]:
    """What was found and does not make the case fail."""
    if not (case.minor or case.known or case.ignored):
        return
    yield "      <system-out>"
    for finding in case.minor:
        yield from (f"{escaped(line)}\n" for line in _finding(finding, say))
    for finding in case.known:
        yield escaped(f"known: {say.line(finding.subject)}: {say.line(finding.message)}") + "\n"
    for each in case.ignored:
        yield escaped(f"ignored: {say.line(each.finding.subject)}: {say.line(each.reason)}") + "\n"
    yield "</system-out>\n"
