"""The table for a terminal: who would run where with what, then what is wrong with it."""

from collections.abc import Iterable, Iterator, Sequence

from doctor.model.binding import Binding, Choice, StageBinding
from doctor.model.finding import UNFINISHED, CheckResult, Finding
from doctor.model.harness import HarnessFact
from doctor.model.report import Report
from doctor.report.grid import Column, draw
from doctor.report.paint import paint
from doctor.report.style import PLAIN, Style
from doctor.report.visible import visible_lines
from doctor.report.wording import Wording
from doctor.report.wrap import wrap

MOST_AGENTS = 100
"""Rows of agents; a terminal is no place for more, and unusable ones come first when there are."""

AGENT_COLUMNS = (
    Column("agent"),
    Column("stage", "word"),
    Column("harness", "word"),
    Column("", "status"),
    Column("version", "word"),
    Column("model"),
    Column("endpoint"),
    Column("skills"),
)
STAGE_COLUMNS = (
    Column("stage", "word"),
    Column("harness", "word"),
    Column("", "status"),
    Column("version", "word"),
    Column("model"),
    Column("chosen by"),
    Column("hides"),
)
HARNESS_COLUMNS = (
    Column("harness", "word"),
    Column("", "presence"),
    Column("version", "word"),
    Column("login", "word"),
    Column("path", "path"),
    Column("took", "word"),
)


def render(report: Report, style: Style = PLAIN) -> str:
    """The report as tables and paragraphs, for reading.

    Commands, places and remedies are never broken into lines, so that they can be copied.

    Args:
        report: The report.
        style: Everything in it is used.
    """
    return "".join(chunks(report, style))


def chunks(report: Report, style: Style = PLAIN) -> Iterator[str]:
    """What ``render`` gives, in pieces."""
    return _Table(report, style).chunks()


class _Table:
    """The sections of one report."""

    def __init__(self, report: Report, style: Style) -> None:
        self.report = report
        self.style = style
        self.say = Wording(report, style)

    def chunks(self) -> Iterator[str]:
        between = ""
        for section in self.sections():
            for number, piece in enumerate(filter(None, section)):
                yield piece if number else between + piece
                between = "\n"

    def sections(self) -> Iterator[Iterable[str]]:
        """The sections in pieces; those that have something are parted by an empty line."""
        if not self.style.quiet:
            yield from ((section(),) for section in (self.header, self.agents, self.stages, self.harnesses))
        if self.style.verbose:
            yield from (self.launches(), self.tried(), self.skills(), self.checks(), self.ignored(), self.known())
        yield from (self.findings(), self.unfinished(), self.repairable(), (f"{self.say.summary()}\n",))

    def heading(self, title: str) -> str:
        return paint(title, "bold", color=self.style.color) + "\n"

    def dim(self, text: str) -> str:
        return paint(text, "dim", color=self.style.color)

    def header(self) -> str:
        profile = self.say.profile()
        return f"policy   {self.say.policy()}\n" + (f"profile  {profile}\n" if profile else "")

    def agents(self) -> str:
        every = self.report.agents
        if not every:
            return ""
        chosen = sorted(every, key=self.report.agent_ok)[:MOST_AGENTS] if len(every) > MOST_AGENTS else every
        lines = [draw(AGENT_COLUMNS, [self.agent(binding) for binding in chosen], self.style)]
        if more := len(every) - len(chosen):
            lines.append(self.dim(f"and {more} more; all of them: doctor --format plain") + "\n")
        lines += [f"{line}\n" for note in self.say.notes() for line in self.hanging(note)]
        return self.heading("Agents") + "".join(lines)

    def agent(self, binding: Binding) -> Sequence[str]:
        say = self.say
        return (
            say.text(binding.agent),
            str(binding.stage),
            say.runtime(binding.runtime),
            say.agent_status(binding),
            say.version(binding.runtime),
            say.text(binding.model.value),
            say.text(binding.endpoint.value),
            ", ".join(say.text(name) for name in binding.skills),
        )

    def stages(self) -> str:
        if not self.report.stages:
            return ""
        rows = [self.stage(row) for row in self.report.stages]
        return self.heading("Stages") + draw(STAGE_COLUMNS, rows, self.style)

    def stage(self, row: StageBinding) -> Sequence[str]:
        say = self.say
        return (
            str(row.stage),
            say.runtime(row.runtime),
            say.stage_status(row),
            say.version(row.runtime),
            self.sourced(row.model),
            say.text(row.runtime.source),
            say.hides(row.runtime),
        )

    def sourced(self, choice: Choice) -> str:
        """A value with its source behind it when details are wanted."""
        value = self.say.text(choice.value)
        return f"{value} ({self.say.text(choice.source)})" if value and self.style.verbose else value

    def harnesses(self) -> str:
        if not self.report.harnesses:
            return ""
        present = self.say.present()
        text = draw(HARNESS_COLUMNS, [self.harness(fact) for fact in present], self.style) if present else ""
        absent = self.hanging(f"absent: {self.say.absent()}") if self.say.absent() else []
        return self.heading("Harnesses") + text + "".join(self.dim(line) + "\n" for line in absent)

    def harness(self, fact: HarnessFact) -> Sequence[str]:
        say = self.say
        return (
            fact.runtime_id,
            say.statuses[fact.runtime_id],
            say.text(fact.program.version) or say.problem(fact),
            str(fact.auth) if fact.found else "",
            say.path(fact.program.path),
            f"{fact.program.duration_ms:.1f} ms" if self.style.verbose and fact.found else "",
        )

    def hanging(self, text: str, *, first: str = "", rest: str = "  ") -> list[str]:
        """The lines of a text, broken between words, all but the first indented."""
        lines = wrap(text, self.style.width - max(len(first), len(rest)))
        return [f"{rest if number else first}{line}" for number, line in enumerate(lines)]

    def findings(self) -> Iterator[str]:
        for number, (subject, findings) in enumerate(self.say.findings()):
            yield ("\n" if number else "") + paint(subject, "bold", color=self.style.color) + "\n"
            yield from map(self.finding, findings)

    def finding(self, finding: Finding) -> str:
        mark = paint(f"{self.style.symbol(finding.severity)} {finding.code}", finding.severity, color=self.style.color)
        plain = f"  {self.style.symbol(finding.severity)} {finding.code}  "
        first, *rest = self.indented(finding.message, len(plain))
        lines = [f"  {mark}  {first}", *(f"    {line}" for line in rest)]
        if place := self.say.place(finding):
            lines.append(f"    {self.dim(place)}")
        lines += self.remedy(finding.remedy)
        return "".join(f"{line}\n" for line in lines)

    def indented(self, message: str, lead: int) -> list[str]:
        """The lines of a message that starts behind a lead of so many columns."""
        lines = visible_lines(self.say.redact(message))
        return [part for line in lines for part in (wrap(line, max(20, self.style.width - lead)) or [""])]

    def remedy(self, remedy: str | None) -> Iterator[str]:
        """A remedy's own lines; none is broken, since there may be a command in it."""
        for number, line in enumerate(visible_lines(self.say.redact(remedy)) if remedy else ()):
            yield f"      {line}" if number else f"    {self.style.arrow} {line}"

    def repairable(self) -> Iterator[str]:
        """Where to go for a repair."""
        if told := self.say.repairable():
            yield f"{self.dim(told)}\n"

    def unfinished(self) -> Iterator[str]:
        """What makes the answer incomplete."""
        return (f"{line}\n" for result, _ in self.say.unfinished() for line in self.check(result))

    def check(self, result: CheckResult) -> Iterator[str]:
        mark = paint(f"{self.style.symbol(result.status)} {result.code}", result.status, color=self.style.color)
        took = f" ({result.duration_ms:.1f} ms)" if self.style.verbose else ""
        reason = f": {self.say.text(result.reason)}" if result.reason else ""
        yield f"{mark} {result.status}{took}{reason}"
        if self.style.verbose and result.detail:
            yield from (f"    {line}" for line in visible_lines(self.say.redact(result.detail.rstrip())))

    def checks(self) -> Iterator[str]:
        ended = (each for each in self.report.checks if each.status not in UNFINISHED)
        return self.section("Checks", (line for result in ended for line in self.check(result)))

    def section(self, title: str, lines: Iterable[str]) -> Iterator[str]:
        for number, line in enumerate(lines):
            yield f"{line}\n" if number else f"{self.heading(title)}{line}\n"

    def launches(self) -> Iterator[str]:
        lines: list[str] = []
        for binding in self.report.agents[:MOST_AGENTS]:
            if binding.launch is not None:
                argv = " ".join(self.say.text(part) for part in self.say.redact.argv(binding.launch.argv))
                lines += [f"{self.say.text(binding.agent)}: {argv}"]
                lines += [f"  may: {self.say.text(grant)}" for grant in binding.launch.grants]
        return self.section("Would start", lines)

    def tried(self) -> Iterator[str]:
        say = self.say
        lines = (
            f"{fact.runtime_id}: {each.source} {say.path(each.path)}: {say.outcome(fact, each)}"
            for fact in self.report.harnesses
            for each in fact.program.candidates
        )
        return self.section("Programs tried", lines)

    def skills(self) -> Iterator[str]:
        lines: list[str] = []
        for fact, found in self.say.skills():
            lines.append(f"{self.say.text(fact.name)} for {self.say.text(fact.runtime_id) or 'none'}: {found}")
            lines += [f"  tried {self.say.path(path)}" for path in fact.tried]
        return self.section("Skills", lines)

    def ignored(self) -> Iterator[str]:
        lines = []
        for each in self.report.ignored:
            subject = self.say.text(each.finding.subject)
            lines.append(f"{each.finding.code} {subject}: {self.say.text(each.reason)}{self.say.until(each)}")
        return self.section("Ignored", lines)

    def known(self) -> Iterator[str]:
        lines = (
            f"{each.code} {self.say.text(each.subject)}: {self.say.text(each.message)}" for each in self.report.known
        )
        return self.section("Known", lines)
