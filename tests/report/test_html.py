"""The HTML page: whole, harmless, and readable by more than eyes."""

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doctor.model.report import Report
from doctor.report.html import render
from doctor.report.visible import single_line
from tests.report.sample import HOSTILE, REPORT, saying

VOID = {"meta", "br"}
TAGS = {
    "html", "head", "meta", "title", "style", "body", "main", "h1", "p", "dl", "dt", "dd", "table", "caption", "thead",
    "tbody", "tr", "th", "td", "code", "small", "strong", "pre", "br", "details", "summary",
}  # fmt: skip


class Page(HTMLParser):
    """A page that is well-formed, or the test fails."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def text_of(report: Report) -> str:
    return "".join(render(report))


@pytest.mark.parametrize("report", [REPORT, saying(HOSTILE), replace(REPORT, findings=(), checks=(), agents=())])
def test_the_page_is_well_formed_and_has_only_its_own_elements(report: Report) -> None:
    page = Page(text_of(report))
    assert page.tags <= TAGS
    assert page.attributes <= {"lang", "charset", "http-equiv", "content", "name", "class", "scope"}


def test_the_page_may_load_nothing_and_run_nothing() -> None:
    text = text_of(REPORT)
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in style
    assert "@import" not in style


def test_tables_say_what_their_cells_are() -> None:
    text = text_of(REPORT)
    assert text.count("<table>") == text.count("<caption>") == text.count("<thead>")
    assert "<th>" not in text
    assert '<tr><th scope="row" class="error">error</th>' in text


def test_a_page_is_read_in_light_and_dark_and_printed() -> None:
    text = text_of(REPORT)
    assert all(part in text for part in ("color-scheme: light dark", "prefers-color-scheme: dark", "@media print"))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_whatever_is_said_is_shown(text: str) -> None:
    page = Page(text_of(saying(text)))
    assert page.tags <= TAGS
    assert single_line(text) in (*page.texts, "")
