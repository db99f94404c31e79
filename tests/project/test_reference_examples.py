"""The examples of reference/ci.md and reference/editors.md do what they say."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from importlib import metadata
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.conftest import captured

CHECKOUT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROFILE = {"name": "p", "runner": "codex", "base_prompt": "Work."}
POLICY = {"version": 2, "agent_profiles": [PROFILE], "agents": [{"name": "bob", "profile": "p"}]}
BYPASS = {**POLICY, "agent_profiles": [{**PROFILE, "runner_options": {"extra_args": ["--yolo"]}}]}
LACKING = {**POLICY, "agent_profiles": [{**PROFILE, "skills": ["lost"]}]}


def blocks(document: str, language: str) -> list[str]:
    """The examples of a page in one language."""
    text = (CHECKOUT / "reference" / document).read_text(encoding="utf-8")
    return [block for name, block in BLOCK.findall(text) if name == language]


def example(document: str, language: str, part: str) -> str:
    """The one example that has ``part`` in it."""
    [found] = [block for block in blocks(document, language) if part in block]
    return found


GITHUB: dict[str, Any] = yaml.safe_load(example("ci.md", "yaml", ".github/workflows"))
GITLAB: dict[str, Any] = yaml.safe_load(example("ci.md", "yaml", ".gitlab-ci.yml"))["agent-policy"]
HOOKS: dict[str, Any] = yaml.safe_load(example("ci.md", "yaml", ".pre-commit-config.yaml"))
COMMANDS = [line[2:] for block in blocks("ci.md", "console") for line in block.splitlines() if line.startswith("$ ")]


class Shop:
    """A repository with two commits: a policy, and another one."""

    def __init__(self, root: Path, doctor: tuple[str, ...]) -> None:
        self.path = root / "shop"
        programs = root / "bin"
        (self.path / ".metawsm").mkdir(parents=True)
        programs.mkdir()
        for name, argv in {"doctor": doctor, "python": (sys.executable,)}.items():
            quoted = " ".join(f"'{word}'" for word in argv)
            (programs / name).write_text(f'#!/bin/sh\nexec {quoted} "$@"\n', encoding="utf-8")
            (programs / name).chmod(0o755)
        own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        self.environment = {"HOME": str(root), "PATH": f"{programs}:/usr/bin:/bin", "LANG": "C.UTF-8", **own}

    def commit(self, policy: dict[str, Any]) -> str:
        (self.path / ".metawsm" / "policy.json").write_text(json.dumps(policy, indent=1), encoding="utf-8")
        self.sh(
            "git init --quiet --initial-branch main . && git add --all"
            " && git -c user.name=A -c user.email=a@example.invalid commit --quiet --message change"
        )
        return self.sh("git rev-parse HEAD").stdout.strip()

    def sh(self, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a script as a CI service would."""
        return captured(["bash", "-c", script], cwd=self.path, environment={**self.environment, **variables})


@pytest.fixture
def shop(tmp_path: Path, doctor_argv: tuple[str, ...]) -> Shop:
    """A repository without commits."""
    for program in ("git", "bash"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}: apt-get install {program}")
    return Shop(tmp_path, doctor_argv)


def test_the_workflow_gives_the_action_inputs_that_it_has_and_the_permission_that_it_needs() -> None:
    action = yaml.safe_load((CHECKOUT / "action.yml").read_text(encoding="utf-8"))
    [step] = [step for step in GITHUB["jobs"]["doctor"]["steps"] if "harness-doctor@" in step["uses"]]
    assert set(step["with"]) <= set(action["inputs"])
    assert GITHUB["permissions"] == {"contents": "read", "security-events": "write"}


def test_every_input_of_the_action_is_described_with_its_default() -> None:
    action = yaml.safe_load((CHECKOUT / "action.yml").read_text(encoding="utf-8"))
    text = (CHECKOUT / "reference" / "ci.md").read_text(encoding="utf-8")
    rows = [re.findall(r"`([\w-]+)`", row.split("|")[1]) for row in text.splitlines() if row.startswith("| `")]
    assert sorted(name for row in rows for name in row) == sorted(action["inputs"])


@pytest.mark.parametrize(("after", "exit_code"), [(POLICY, 0), (BYPASS, 1)], ids=["harmless", "looser"])
def test_the_gitlab_job_stops_a_looser_merge_request(after: dict[str, Any], exit_code: int, shop: Shop) -> None:
    base = shop.commit({**POLICY, "tmux": {"socket": "shop"}})
    shop.commit(after)
    script = "\n".join(("set -e", *GITLAB["script"]))
    completed = shop.sh(script, CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
    assert completed.returncode == exit_code, completed.stdout + completed.stderr
    assert (shop.path / "changes.md").read_text(encoding="utf-8")


def test_the_gitlab_job_leaves_what_its_reports_name(shop: Shop) -> None:
    shop.commit(LACKING)
    assert shop.sh("\n".join(("set -e", *GITLAB["script"]))).returncode == 1
    assert shop.sh("\n".join(GITLAB["after_script"])).returncode == 0
    [quality] = json.loads((shop.path / GITLAB["artifacts"]["reports"]["codequality"]).read_text(encoding="utf-8"))
    assert (quality["check_name"], quality["severity"]) == ("SKL001", "critical")
    assert quality["location"] == {"path": ".metawsm/policy.json", "lines": {"begin": 9}}
    junit = ET.parse(shop.path / GITLAB["artifacts"]["reports"]["junit"]).getroot()
    assert [case.get("name", "").split()[0] for case in junit.iter("testcase") if case.find("failure") is not None] == [
        "SKL001"
    ]
    assert json.loads((shop.path / "doctor.sarif").read_text(encoding="utf-8"))["version"] == "2.1.0"


@pytest.mark.parametrize(("after", "exit_code"), [(POLICY, 0), (BYPASS, 1), (LACKING, 1)])
def test_the_shell_example_works(after: dict[str, Any], exit_code: int, shop: Shop) -> None:
    [script] = blocks("ci.md", "sh")
    base = shop.commit({**POLICY, "tmux": {"socket": "shop"}})
    shop.commit(after)
    completed = shop.sh(script, BASE=base)
    assert completed.returncode == exit_code, completed.stdout + completed.stderr


def test_the_hooks_that_are_shown_are_those_that_there_are() -> None:
    there = yaml.safe_load((CHECKOUT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    [repository] = HOOKS["repos"]
    assert [hook["id"] for hook in repository["hooks"]] == [hook["id"] for hook in there]


@pytest.mark.parametrize("command", [each for each in COMMANDS if each.startswith("doctor ")])
def test_a_command_that_is_shown_works(command: str, shop: Shop) -> None:
    shop.commit(POLICY)
    skill = shop.path / ".metawsm" / "skills" / "diary" / "SKILL.md"
    skill.parent.mkdir(parents=True)
    skill.write_text("---\nname: diary\ndescription: What was done.\n---\n", encoding="utf-8")
    completed = shop.sh(command)
    assert completed.returncode == 0, completed.stdout + completed.stderr


@pytest.mark.parametrize("command", [each for each in COMMANDS if each.startswith("pytest ")])
def test_pytest_takes_the_options_that_are_shown(command: str, pytester: pytest.Pytester) -> None:
    (pytester.mkdir(".metawsm") / "policy.json").write_text(json.dumps(LACKING), encoding="utf-8")
    load = () if metadata.entry_points(group="pytest11", name="harness_doctor") else ("-p", "doctor.pytest_plugin")
    result = pytester.runpytest(*load, *command.split()[1:])
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["FAILED doctor::SKL001*"])


def test_every_command_of_the_page_is_tried() -> None:
    assert [each for each in COMMANDS if not each.startswith(("doctor ", "pytest "))] == []


@pytest.fixture
def schemas(shop: Shop) -> dict[str, dict[str, Any]]:
    """What the example of the page about editors writes."""
    [script] = blocks("editors.md", "sh")
    completed = shop.sh(f"set -e\n{script}")
    assert (completed.returncode, completed.stderr) == (0, "")
    return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in shop.path.glob("*.schema.json")}


def test_the_files_that_are_shown_fit_the_schemas_that_they_name(schemas: dict[str, dict[str, Any]]) -> None:
    files = [
        (json.loads(text)["$schema"], json.loads(text)) for text in blocks("editors.md", "json") if "$schema" in text
    ]
    texts = [text for text in blocks("editors.md", "toml") if text.startswith("#:schema ")]
    files += [(text.partition("\n")[0].removeprefix("#:schema "), tomllib.loads(text)) for text in texts]
    assert len(files) == 3
    for name, document in files:
        jsonschema.Draft202012Validator(schemas[Path(name).name]).validate(document)


def test_every_schema_that_an_editor_is_told_of_is_one_that_was_written(schemas: dict[str, dict[str, Any]]) -> None:
    settings = json.loads(example("editors.md", "json", "json.schemas"))
    told = [each["url"] for each in settings["json.schemas"]]
    told += settings["evenBetterToml.schema.associations"].values()
    told += [rule["schema"]["path"] for rule in tomllib.loads(example("editors.md", "toml", "[[rule]]"))["rule"]]
    assert {Path(name).name for name in told} <= set(schemas)


def test_the_patterns_that_an_editor_is_told_match_the_files() -> None:
    patterns = json.loads(example("editors.md", "json", "json.schemas"))["evenBetterToml.schema.associations"]
    files = ("/shop/.metawsm/policy.toml", "/home/ada/.config/harness-doctor/machine.toml", "/shop/profiles/codex.toml")
    assert [sum(bool(re.match(pattern, file)) for pattern in patterns) for file in files] == [1, 1, 1]
