"""``doctor version``."""

import json
import sys
from pathlib import Path

import pytest

import doctor
from doctor.__about__ import __version__
from doctor.cli import main

Capture = pytest.CaptureFixture[str]


def test_verbose_says_where_everything_is(project: Path, capsys: Capture) -> None:
    assert main(["version", "--verbose"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:7] == [
        f"harness-doctor {__version__}",
        f"python   {sys.version.split()[0]} {sys.executable}",
        f"package  {Path(doctor.__path__[0])}",
        f"config   {project.parent}/config",
        f"state    {project.parent}/state",
        f"cache    {project.parent}/cache",
        "policy   none",
    ]
    assert "plugin   checks.skills (built-in)" in lines


def test_json_holds_the_same(project: Path, capsys: Capture) -> None:
    assert main(["version", "--verbose", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["tool"] == {"name": "harness-doctor", "version": __version__}
    assert document["paths"]["cache"] == f"{project.parent}/cache"
    assert document["plugins"][0].keys() == {"name", "source", "version", "path"}


def test_json_without_verbose_is_the_version_alone(project: Path, capsys: Capture) -> None:
    assert main(["version", "--format", "json"]) == 0
    tool = {"name": "harness-doctor", "version": __version__}
    assert json.loads(capsys.readouterr().out) == {"schema_version": 1, "tool": tool}
