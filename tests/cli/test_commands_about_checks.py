"""``doctor checks`` and ``doctor explain``."""

import json
from pathlib import Path

import pytest

from doctor.cli import main

Capture = pytest.CaptureFixture[str]

PLUGIN = '''
import doctor

class ACM001(doctor.Check):
    """The on-call file is there.

    Somebody has to answer.
    """

    severity = doctor.Severity.WARNING

    def run(self, project):
        """Fails when ONCALL.md is missing."""
        return ()

class ACM002(doctor.Check):
    """It is not empty."""

    requires = ("ACM001",)

    def run(self, project):
        """Fails when it is."""
        return ()

@doctor.hookimpl
def doctor_register_checks():
    return [ACM001, ACM002]
'''


@pytest.fixture
def plugin(project: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Arguments that load a plugin with two checks."""
    (project / "acme_checks.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(str(project))
    return ["-p", "acme_checks"]


def test_checks_are_listed_with_severity_and_title(plugin: list[str], capsys: Capture) -> None:
    assert main(["checks", *plugin]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "ACM001  warning  The on-call file is there." in lines
    assert any(line.startswith("SKL001  error    ") for line in lines)


def test_the_selection_counts_and_verbose_says_more(plugin: list[str], capsys: Capture) -> None:
    assert main(["checks", *plugin, "--select", "ACM", "-v"]) == 0
    out = capsys.readouterr().out
    assert (
        "ACM002  error    It is not empty.\n                 reads files, requires ACM001; plugin acme_checks\n" in out
    )
    assert "SKL001" not in out


EXPLAINED = {
    "code": "ACM001",
    "family": "ACM",
    "title": "The on-call file is there.",
    "severity": "warning",
    "why": "Somebody has to answer.",
    "fails": "Fails when ONCALL.md is missing.",
    "repairs": "",
    "reads": ["files"],
    "requires": [],
    "timeout": 10.0,
    "always": False,
    "plugin": "acme_checks",
    "docs": "doctor explain ACM001",
}


def test_checks_and_their_explanations_are_had_as_json(plugin: list[str], capsys: Capture) -> None:
    assert main(["checks", *plugin, "--select", "ACM001", "--format", "json"]) == 0
    assert EXPLAINED in json.loads(capsys.readouterr().out)["checks"]
    assert main(["explain", *plugin, "acm001", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"schema_version": 1, "checks": [EXPLAINED]}


def test_a_check_is_explained_in_paragraphs(plugin: list[str], capsys: Capture) -> None:
    assert main(["explain", *plugin, "ACM001"]) == 0
    assert capsys.readouterr().out == (
        "ACM001  The on-call file is there.\n\nSomebody has to answer.\n\nFails when ONCALL.md is missing.\n\n"
        "severity  warning\nreads     files\nlimit     10 s\nplugin    acme_checks\n"
    )


def test_an_unknown_code_is_refused_with_the_nearest(project: Path, capsys: Capture) -> None:
    assert main(["explain", "SKL01"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("doctor: no check is called 'SKL01'; did you mean SKL0")


@pytest.mark.parametrize("code", ["DOC001", "DOC002", "DOC003"])
def test_the_tool_s_own_codes_are_explained_even_where_plugins_are_broken(
    code: str, project: Path, capsys: Capture
) -> None:
    assert main(["explain", code, "-p", "no.such.module"]) == 0
    assert capsys.readouterr().out.startswith(f"{code}  ")
