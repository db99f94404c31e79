"""Annotations point at what is wrong, in JSON and in TOML."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from doctor.cli import main

Capture = pytest.CaptureFixture[str]

JSON = """\
{"version": 2,
  "agents": [{"name": "日本🩺", "profile": "nope"}],\r
\t"agent_profiles": [ {"name": "p", "runner": "codx", "base_prompt": "é", "skils": ["x"] } ],
  "hooks": {}, "doctor": {"fail_on": 12}
}
"""
TOML = """\
version = 2  # 日本
agents = [{name = "🩺", profile = 'nope'}]

[[agent_profiles]]\r
name = "p"
runner = \"\"\"
codx\"\"\"
base_prompt = "é"
"skils" = ["x"]

[doctor]
fail_on = 12
[hooks]
"""


@pytest.fixture(params=["json", "toml"])
def policy(request: pytest.FixtureRequest, project: Path) -> Path:
    """A policy with a mistake of each kind."""
    path = project / ".metawsm" / f"policy.{request.param}"
    path.parent.mkdir()
    path.write_text(JSON if request.param == "json" else TOML, encoding="utf-8", newline="")
    return path


def shown(policy: Path, line: int, column: int, end_line: int, end_column: int) -> str:
    """The text of a file between two places."""
    lines = policy.read_bytes().decode("utf-8").split("\n")
    if line == end_line:
        return lines[line - 1][column - 1 : end_column - 1]
    return "\n".join(
        [lines[line - 1][column - 1 :], *lines[line : end_line - 1], lines[end_line - 1][: end_column - 1]]
    )


EXPECTED = {
    "json": {
        "agents[0].profile": '"nope"',
        "agent_profiles[0].runner": '"codx"',
        "agent_profiles[0].skils": '"skils"',
        "hooks": '"hooks"',
        "doctor.fail_on": "12",
    },
    "toml": {
        "agents[0].profile": "'nope'",
        "agent_profiles[0].runner": '"""\ncodx"""',
        "agent_profiles[0].skils": '"skils"',
        "hooks": "hooks",
        "doctor.fail_on": "12",
    },
}


def test_a_sarif_region_is_what_is_wrong(policy: Path, capsys: Capture) -> None:
    assert main(["--select", "POL", "--format", "sarif"]) == 2
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    regions = {
        result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]: _region(result)
        for result in run["results"]
        if result["ruleId"].startswith("POL")
    }
    told = {subject: shown(policy, *region) for subject, region in regions.items()}
    assert told == EXPECTED[policy.suffix[1:]]


def _region(result: dict[str, Any]) -> tuple[int, int, int, int]:
    region = result["locations"][0]["physicalLocation"]["region"]
    return region["startLine"], region["startColumn"], region["endLine"], region["endColumn"]


def test_a_github_annotation_points_there_too(policy: Path, capsys: Capture) -> None:
    assert main(["--select", "POL", "--format", "github"]) == 2
    commands = re.findall(
        r"^::error file=\.metawsm/policy\.\w+,line=(\d+),col=(\d+)(?:,endLine=(\d+),endColumn=(\d+))?,"
        r"title=POL\d+[^:]*::([^%]*):%0A",
        capsys.readouterr().out,
        re.MULTILINE,
    )
    told = {
        subject: shown(policy, int(line), int(column), int(end_line or line), int(end_column or 10_000))
        for line, column, end_line, end_column, subject in commands
    }
    assert told == {subject: token.split("\n")[0] for subject, token in EXPECTED[policy.suffix[1:]].items()}
