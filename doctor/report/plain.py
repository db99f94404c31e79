"""Plain text: one record per line, its kind first, columns aligned by spaces; for logs, pipes and ``grep``."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from doctor.model.binding import Binding, StageBinding
from doctor.model.finding import UNFINISHED, CheckResult, Finding
from doctor.model.harness import HarnessFact
from doctor.model.report import Report
from doctor.report.style import PLAIN, Style
from doctor.report.visible import single_line
from doctor.report.wording import Wording

WIDEST_COLUMN = 40
"""Characters to which a column is aligned; a longer value pushes its own line only."""

Record = Sequence[str]
T = TypeVar("T")


def render(report: Report, style: Style = PLAIN) -> str:
    """The report in plain text.

    Every line starts with ``policy``, ``profile``, ``agent``, ``stage``, ``harness``, ``note``, ``finding``,
    ``check``, ``summary``, or with ``--verbose`` also ``tried``, ``skill``, ``ignored``, ``known``. Paths are whole.

    Args:
        report: The report.
        style: ``unicode``, ``verbose`` and ``quiet`` are used.
    """
    return "".join(chunks(report, style))


def chunks(report: Report, style: Style = PLAIN) -> Iterator[str]:
    """What ``render`` gives, line by line."""
    return (f"{line}\n" for line in _Plain(report, style).lines())


def aligned(records: Iterable[Record]) -> Iterator[str]:
    """Lines of records of equal length whose first column is their kind: all columns but the last are padded."""
    return _columns(list(records), lambda record: record[:-1], lambda record: record[-1])


def _columns(items: Sequence[T], head: Callable[[T], Record], tail: Callable[[T], str]) -> Iterator[str]:
    """A line for each item: the columns of its head, padded, and its tail, made one at a time since it may be long."""
    heads = [head(item) for item in items]
    widths = [max(min(len(cell), WIDEST_COLUMN) for cell in column) for column in zip(*heads, strict=True)]
    widths[:1] = [len("finding")] * len(widths[:1])
    for item, cells in zip(items, heads, strict=True):
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        yield "  ".join((*padded, tail(item))).rstrip()


def _tail(**values: str) -> str:
    """``name=value`` for each value that is not empty, in quotes where spaces would hide its end."""
    return " ".join(f"{name}={_quoted(value)}" for name, value in values.items() if value)


def _quoted(value: str) -> str:
    return f'"{value}"' if " " in value else value


class _Plain:
    """The lines of one report."""

    def __init__(self, report: Report, style: Style) -> None:
        self.report = report
        self.style = style
        self.say = Wording(report, style)

    def lines(self) -> Iterator[str]:
        if not self.style.quiet:
            yield from self.table()
        found = [(subject, finding) for subject, findings in self.say.findings() for finding in findings]
        yield from _columns(found, self.finding, self.said)
        yield from aligned(self.check(result) for result in self.report.checks if self.shown(result))
        if self.style.verbose:
            yield from self.ignored()
            yield from self.known()
        if (told := self.say.repairable()) and not self.style.quiet:
            yield f"note     {told}"
        yield f"summary  {self.say.summary()}"

    def table(self) -> Iterator[str]:
        yield f"policy   {self.say.policy()}"
        if profile := self.say.profile():
            yield f"profile  {profile}"
        yield from aligned(self.agent(binding) for binding in self.report.agents)
        yield from aligned(self.stage(row) for row in self.report.stages)
        yield from aligned(self.harness(fact) for fact in self.say.present())
        if absent := self.say.absent():
            yield f"harness  absent  {absent}"
        yield from (f"note     {note}" for note in self.say.notes())
        if self.style.verbose:
            yield from self.tried()

    def agent(self, binding: Binding) -> Record:
        say = self.say
        fact = say.facts.get(binding.runtime.value or "")
        rest = _tail(
            version=say.version(binding.runtime),
            model=say.text(binding.model.value),
            endpoint=say.text(binding.endpoint.value),
            profile=say.text(binding.profile),
            source=say.text(binding.runtime.source),
            hides=say.hides(binding.runtime),
            session=say.text(binding.session),
            skills=",".join(say.text(name) for name in binding.skills),
            path=say.path(fact.program.path) if fact else "",
        )
        status = say.agent_status(binding)
        return "agent", status, say.text(binding.agent), str(binding.stage), say.runtime(binding.runtime), rest

    def stage(self, row: StageBinding) -> Record:
        say = self.say
        rest = _tail(
            version=say.version(row.runtime),
            model=say.text(row.model.value),
            model_source=say.text(row.model.source) if row.model.value else "",
            endpoint=say.text(row.endpoint.value),
            source=say.text(row.runtime.source),
            hides=say.hides(row.runtime),
        )
        return "stage", say.stage_status(row), str(row.stage), say.runtime(row.runtime), rest

    def harness(self, fact: HarnessFact) -> Record:
        say = self.say
        rest = _tail(
            auth=str(fact.auth) if fact.found else "",
            problem=say.problem(fact),
            path=say.path(fact.program.path),
            source=fact.program.path_source or "",
            took=f"{fact.program.duration_ms:.1f} ms" if self.style.verbose and fact.found else "",
        )
        version = say.text(fact.program.version) or "-"
        return "harness", say.statuses[fact.runtime_id], fact.runtime_id, version, rest

    def finding(self, found: tuple[str, Finding]) -> Record:
        _, finding = found
        return "finding", str(finding.severity), finding.code, self.say.place(finding) or "-"

    def said(self, found: tuple[str, Finding]) -> str:
        """What stands behind the columns of a finding."""
        subject, finding = found
        said = f"{subject}: {single_line(self.say.redact(finding.message))}"
        return f"{said} -> {single_line(self.say.redact(finding.remedy))}" if finding.remedy else said

    def shown(self, result: CheckResult) -> bool:
        return self.style.verbose or result.status in UNFINISHED

    def check(self, result: CheckResult) -> Record:
        took = f"{result.duration_ms:.1f} ms"
        reason = " | ".join(filter(None, (self.line(result.reason), self.verbose_only(result.detail))))
        return "check", str(result.status), result.code, took, reason

    def line(self, text: str | None) -> str:
        return single_line(self.say.redact(text)) if text else ""

    def verbose_only(self, text: str | None) -> str:
        return self.line(text) if self.style.verbose else ""

    def tried(self) -> Iterator[str]:
        say = self.say
        yield from aligned(
            ("tried", fact.runtime_id, each.source, say.path(each.path), say.outcome(fact, each))
            for fact in self.report.harnesses
            for each in fact.program.candidates
        )
        yield from aligned(
            ("skill", say.text(fact.name), say.text(fact.runtime_id) or "-", found, _tail(tried=self.paths(fact.tried)))
            for fact, found in say.skills()
        )

    def paths(self, paths: Iterable[str]) -> str:
        return ", ".join(self.say.path(path) for path in paths)

    def ignored(self) -> Iterator[str]:
        for each in self.report.ignored:
            subject = self.say.text(each.finding.subject)
            yield f"ignored  {each.finding.code}  {subject}: {self.line(each.reason)}{self.say.until(each)}"

    def known(self) -> Iterator[str]:
        for each in self.report.known:
            yield f"known    {each.code}  {self.say.text(each.subject)}: {self.line(each.message)}"
