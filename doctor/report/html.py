"""One HTML page that needs nothing else: no script, no font, no picture, no network."""

from collections.abc import Iterable, Iterator, Sequence

from doctor.model.finding import Finding
from doctor.model.report import Report
from doctor.report.html_parts import FOOT, details, head, table
from doctor.report.markup import escaped
from doctor.report.style import PLAIN
from doctor.report.wording import Wording

Cells = Sequence[str]


def render(report: Report) -> Iterator[str]:
    """The report as an HTML page that may be opened from a file, printed, and read in light and dark."""
    return _Page(report).chunks()


class _Page:
    """The page of one report."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.say = Wording(report, PLAIN)

    def chunks(self) -> Iterator[str]:
        summary = escaped(self.say.summary())
        yield head(f"harness-doctor: {summary}")
        yield f'<h1>harness-doctor</h1>\n<p class="{"ok" if self.report.ok else "error"}">{summary}</p>\n'
        yield from self.about()
        yield from self.findings("Findings", self.report.findings)
        yield from table("Agents", ("", "Agent", "Stage", "Harness", "Version", "Model", "Endpoint"), self.agents())
        yield from table("Stages", ("", "Stage", "Harness", "Version", "Model", "Chosen by"), self.stages())
        yield from table("Harnesses", ("", "Harness", "Version", "Login", "Path"), self.harnesses())
        yield from self.findings("Known, in the baseline", self.report.known)
        yield from table("Ignored by the policy", ("Check", "Subject", "Reason", "Until"), self.ignored())
        yield from details("Checks", table("Checks", ("", "Check", "Title", "Reason", "Took"), self.checks()))
        yield FOOT

    def about(self) -> Iterator[str]:
        known = {
            "Policy": self.say.policy(),
            "Profile": self.say.profile(),
            "Version": self.say.text(self.report.version),
        }
        pairs = (f"<dt>{name}</dt><dd>{escaped(value)}</dd>" for name, value in known.items() if value)
        yield f"<dl>{''.join(pairs)}</dl>\n"

    def findings(self, title: str, findings: Iterable[Finding]) -> Iterator[str]:
        yield from table(title, ("", "Check", "Where", "What", "What to do"), map(self.finding, findings), raw=True)

    def finding(self, finding: Finding) -> Cells:
        title = self.say.title(finding.code)
        titled = f"<br><small>{escaped(title)}</small>" if title else ""
        message = "<br>".join(map(escaped, self.say.lines(finding.message)))
        return (
            escaped(str(finding.severity)),
            f"<code>{escaped(finding.code)}</code>{titled}",
            f"<code>{escaped(self.say.near(finding.location))}</code>" if finding.location else "",
            f"<strong>{escaped(self.say.line(finding.subject))}</strong><br>{message}",
            self.remedy(finding),
        )

    def remedy(self, finding: Finding) -> str:
        lines = "\n".join(map(escaped, self.say.lines(finding.remedy)))
        said = f"<pre>{lines}</pre>" if lines else ""
        fix = self.report.fixes.get(finding.fingerprint)
        if fix is not None:
            said += f"<p>{escaped(self.say.line(fix.title))}</p>"
        if fix is not None or finding.fixable:
            said += f"<pre>doctor fix --select {escaped(finding.code)} --apply</pre>"
        return said

    def agents(self) -> Iterator[Cells]:
        for each in self.report.agents:
            say = self.say
            yield (
                say.agent_status(each),
                say.text(each.agent),
                str(each.stage),
                say.runtime(each.runtime),
                say.version(each.runtime),
                say.text(each.model.value),
                say.text(each.endpoint.value),
            )

    def stages(self) -> Iterator[Cells]:
        for each in self.report.stages:
            say = self.say
            yield (
                say.stage_status(each),
                str(each.stage),
                say.runtime(each.runtime),
                say.version(each.runtime),
                say.text(each.model.value),
                say.text(each.runtime.source),
            )

    def harnesses(self) -> Iterator[Cells]:
        for fact in self.report.harnesses:
            say = self.say
            version = say.text(fact.program.version) or say.problem(fact)
            login = str(fact.auth) if fact.found else ""
            yield say.statuses[fact.runtime_id], fact.runtime_id, version, login, say.path(fact.program.path)

    def ignored(self) -> Iterator[Cells]:
        for each in self.report.ignored:
            yield each.finding.code, self.say.line(each.finding.subject), self.say.line(each.reason), each.until or ""

    def checks(self) -> Iterator[Cells]:
        for result in self.report.checks:
            title = self.say.title(result.code)
            yield str(result.status), result.code, title, self.say.line(result.reason), f"{result.duration_ms:.1f} ms"
