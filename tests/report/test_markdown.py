"""Markdown, as a renderer sees it."""

import re
from dataclasses import replace
from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from doctor.exit_codes import ExitCode
from doctor.model.finding import Finding, Severity
from doctor.model.report import Report
from doctor.report.markdown import LONGEST, MARKER, render
from doctor.report.visible import single_line
from tests.report.sample import HOSTILE, REPORT, saying

RENDERER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
TAGS = {"h3", "table", "thead", "tbody", "tr", "th", "td", "code", "br", "details", "summary", "p", "sub"}


class Page(HTMLParser):
    """What is on a rendered page."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.cells: list[str] = []
        self.prose = ""
        """What is no code: there GitHub looks for names and numbers."""

        self.in_code = False
        self.attributes: set[str] = set()
        self.feed(RENDERER.render(text_of(report)))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.in_code = self.in_code or tag == "code"
        self.attributes |= {name for name, _ in attrs}
        if tag == "td":
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        self.in_code = self.in_code and tag != "code"

    def handle_data(self, data: str) -> None:
        if not self.in_code:
            self.prose += data
        if self.cells:
            self.cells[-1] += data


def text_of(report: Report) -> str:
    return "".join(render(report))


def many(number: int, length: int = 300) -> Report:
    findings = [
        Finding(code="ABC001", severity=Severity.ERROR, subject=str(each), message="|" * length, remedy="x" * length)
        for each in range(number)
    ]
    return replace(REPORT, findings=tuple(findings), known=tuple(findings), agents=REPORT.agents * 5000)


def test_a_job_finds_its_own_comment_by_the_first_line() -> None:
    assert text_of(REPORT).startswith(f"{MARKER}### ❌ Agents' policy: 3 errors")
    assert text_of(replace(REPORT, exit_code=ExitCode.OK)).startswith(f"{MARKER}### ✅ ")


def test_only_its_own_markup_is_markup() -> None:
    page = Page(saying(HOSTILE))
    assert page.tags <= TAGS
    assert page.attributes <= {"align", "style"}


def test_nobody_is_mentioned_and_no_issue_is_linked() -> None:
    page = Page(saying("@team fixes #12"))
    assert "@\u200bteam fixes #\u200b12" in page.prose
    assert not re.search(r"[@#]\w", page.prose)


def test_a_comment_fits_and_says_how_many_more_there_are() -> None:
    text = text_of(many(5000))
    assert len(text) <= LONGEST
    shown = text.split("<details>")[0].count("| ❌ | ABC001 |")
    assert f"\nand {5000 - shown} more; all of them: `doctor check`\n" in text
    assert text.endswith("</sub>\n")
    assert text.count("<details>") == text.count("</details>")


def test_one_long_message_does_not_push_out_the_others() -> None:
    report = replace(REPORT, findings=tuple(replace(each, message="x" * 100_000) for each in REPORT.findings))
    text = text_of(report)
    assert all(finding.code in text for finding in REPORT.findings)
    assert "more; all of them" not in text


def test_what_is_fixable_names_the_command() -> None:
    assert "🔧 `doctor fix --select POL003 --apply`" in text_of(REPORT)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=100))
def test_whatever_is_said_is_shown(text: str) -> None:
    page = Page(saying(text))
    line = " ".join(single_line(text).split(" "))
    shown = page.cells[3].replace("\u200b", "")
    assert page.tags <= TAGS
    assert "".join(line.split()) in "".join(shown.split())


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 400), st.integers(0, 2000))
def test_every_comment_fits(number: int, length: int) -> None:
    assert len(text_of(many(number, length))) <= LONGEST
