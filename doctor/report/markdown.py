"""Markdown for a comment on a pull request, or a step's summary."""

from collections.abc import Iterator, Sequence

from doctor.model.finding import Finding, Severity
from doctor.model.report import Report
from doctor.report.style import Style
from doctor.report.visible import middle_cut
from doctor.report.wording import Wording

LONGEST = 65_536
"""Characters that GitHub takes for one comment."""

LONGEST_TEXT = 1_000
"""Characters of one message or remedy."""

MARKER = "<!-- harness-doctor -->\n"
"""First line, by which a job finds the comment that it wrote last time."""

MARKS = {Severity.ERROR: "❌", Severity.WARNING: "⚠️", Severity.INFO: "💡"}

_ACTIVE = {character: f"&#{ord(character)};" for character in "&<>\\`*_[]|~$"}
_CODE = str.maketrans(_ACTIVE)
_PROSE = str.maketrans({**_ACTIVE, "@": "@&#8203;", "#": "#&#8203;"})

Row = Sequence[str]


def render(report: Report) -> Iterator[str]:
    """The report in GitHub's Markdown, in at most ``LONGEST`` characters: what does not fit is counted.

    Whatever comes from files and programs is shown as it is: it makes no markup and mentions nobody.
    """
    return _Bounded(report).chunks()


class _Bounded:
    """The text for one report, and how much room is left."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.say = Wording(report, Style(home=None))
        self.room = LONGEST

    def chunks(self) -> Iterator[str]:
        tail = "\n" + self.footer()
        self.room -= len(tail)
        yield from self.take(MARKER + f"### {self.verdict()}\n")
        for title, head, rows in self.sections():
            yield from self.section(title, head, rows)
        yield tail

    def verdict(self) -> str:
        mark = "✅" if self.report.ok else "❌"
        return f"{mark} Agents' policy: {prose(self.say.summary())}"

    def footer(self) -> str:
        return f"<sub>harness-doctor {prose(self.report.version)}, policy {code(self.say.policy())}</sub>\n"

    def take(self, text: str) -> Iterator[str]:
        self.room -= len(text)
        yield text

    def sections(self) -> Iterator[tuple[str, Row, Iterator[Row]]]:
        ordered = sorted(self.report.findings, key=lambda finding: -finding.severity.rank)
        yield "", ("", "Check", "Where", "What"), map(self.finding, ordered)
        yield "Unfinished checks", ("", "Check", "Why"), self.unfinished()
        yield "Who runs where with what", ("", "Agent", "Stage", "Harness", "Model", "Endpoint"), self.agents()
        yield "Known, in the baseline", ("", "Check", "Where", "What"), map(self.finding, self.report.known)
        yield "Ignored by the policy", ("Check", "What", "Reason"), self.ignored()

    def section(self, title: str, head: Row, rows: Iterator[Row]) -> Iterator[str]:
        """A table in as much room as there is; one with a title is folded away."""
        opening = f"\n<details><summary>{title}</summary>\n" if title else ""
        opening += f"\n{_line(head)}{_line(['---'] * len(head))}"
        closing = "\n</details>\n" if title else ""
        more = "\nand {} more; all of them: `doctor check`\n"
        reserve = len(closing) + len(more) + len("1000000")
        left = begun = 0
        for row in rows:
            text = ("" if begun else opening) + _line(row)
            if left or len(text) + reserve > self.room:
                left += 1
            else:
                begun = 1
                yield from self.take(text)
        ending = more.format(left) if left else ""
        if begun or (left and len(opening) + reserve <= self.room):
            yield from self.take(ending + closing if begun else opening + ending + closing)

    def finding(self, finding: Finding) -> Row:
        what = f"{code(self.short(finding.subject))} {prose(self.short(finding.message))}"
        if finding.remedy:
            what += f"<br>→ {code(self.short(finding.remedy))}"
        if finding.fixable or finding.fingerprint in self.report.fixes:
            what += f"<br>🔧 `doctor fix --select {finding.code} --apply`"
        place = self.say.near(finding.location)
        return MARKS[finding.severity], finding.code, code(middle_cut(place, LONGEST_TEXT)) if place else "", what

    def short(self, text: str | None) -> str:
        return middle_cut(self.say.line(text), LONGEST_TEXT)

    def unfinished(self) -> Iterator[Row]:
        for result, ending in self.say.unfinished():
            yield "❌", result.code, f"{ending}: {prose(self.short(result.reason))}"

    def agents(self) -> Iterator[Row]:
        for binding in self.report.agents:
            yield (
                "✅" if self.report.agent_ok(binding) else "❌",
                code(self.short(binding.agent)),
                str(binding.stage),
                code(f"{self.say.runtime(binding.runtime)} {self.say.version(binding.runtime)}".rstrip()),
                code(self.short(binding.model.value)),
                code(self.short(binding.endpoint.value)),
            )

    def ignored(self) -> Iterator[Row]:
        for each in self.report.ignored:
            what = f"{code(self.short(each.finding.subject))} {prose(self.short(each.finding.message))}"
            yield each.finding.code, what, prose(self.short(each.reason)) + self.say.until(each)


def prose(text: str) -> str:
    """A text of one line that reads as it is and makes no markup, mention or reference to an issue."""
    return text.translate(_PROSE)


def code(text: str) -> str:
    """A text of one line as code, which can be copied; nothing for nothing."""
    return f"<code>{text.translate(_CODE)}</code>" if text else ""


def _line(row: Row) -> str:
    return f"| {' | '.join(row)} |\n"
