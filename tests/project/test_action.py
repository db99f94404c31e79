"""The GitHub action: its steps are run as they are, the way a runner runs them."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

CHECKOUT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((CHECKOUT / "action.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
SCRIPTS = [step for step in STEPS if "run" in step]
EXPRESSION = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")
NO_INDEX = re.compile(r"No matching distribution|Could not find a version|ConnectionError|Max retries|ProxyError")

CODEX = {"name": "p", "runner": "codex", "base_prompt": "Work.", "runner_options": {}}
POLICY = {"version": 2, "agent_profiles": [CODEX], "agents": [{"name": "bob", "profile": "p"}]}
BYPASS = {**POLICY, "agent_profiles": [{**CODEX, "runner_options": {"extra_args": ["--yolo"]}}]}
REWORDED = {**POLICY, "agent_profiles": [{**CODEX, "base_prompt": "Work well."}]}
LACKING = {**POLICY, "agent_profiles": [{**CODEX, "skills": ["lost"]}]}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("git") is None, reason="needs git: apt-get install git"),
    pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash: apt-get install bash"),
]


@pytest.mark.parametrize("step", SCRIPTS, ids=lambda step: step["name"])
def test_a_script_takes_what_others_chose_from_variables_only(step: dict[str, Any]) -> None:
    assert EXPRESSION.findall(step["run"]) == []
    assert step["shell"] == "bash"


@pytest.mark.parametrize("step", SCRIPTS, ids=lambda step: step["name"])
def test_a_script_is_understood_by_bash(step: dict[str, Any]) -> None:
    completed = subprocess.run(["bash", "-n"], input=step["run"], text=True, capture_output=True, check=False)
    assert (completed.returncode, completed.stderr) == (0, "")


def test_other_actions_are_pinned_to_a_commit() -> None:
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert [each for each in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", each)] == []


def test_every_input_is_described_and_used() -> None:
    used = set(re.findall(r"inputs\.([\w-]+)", json.dumps(ACTION["runs"])))
    assert {name for name, each in ACTION["inputs"].items() if each["description"]} == used


class Runner:
    """One job on a machine without harnesses, as GitHub's runner starts the steps of a composite action.

    Args:
        root: Everything of it is below.
        doctor: How the command is started.
    """

    def __init__(self, root: Path, doctor: tuple[str, ...]) -> None:
        self.temp = root / "temp"
        self.workspace = root / "workspace"
        self.origin = root / "origin"
        self.doctor = doctor
        self.outputs: dict[str, dict[str, str]] = {}
        self.log = ""
        self.base_ref = ""
        for directory in (root / "home", self.temp, self.origin):
            directory.mkdir(parents=True)
        self.environment = {
            "HOME": str(root / "home"),
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary.md"),
            "RUNNER_TEMP": str(self.temp),
            "GIT_CONFIG_SYSTEM": os.devnull,
        }

    def git(self, directory: Path, *arguments: str) -> str:
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.invalid", "-c", "commit.gpgsign=false")
        return subprocess.run(
            ["git", "-C", str(directory), *identity, *arguments],
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        ).stdout.strip()

    def commit(self, policy: Mapping[str, Any], **files: str) -> None:
        """Commit a policy, and other files by name, to the branch that is checked out in the origin."""
        texts = {".metawsm/policy.json": json.dumps(policy, indent=1), **files}
        for name, text in texts.items():
            (self.origin / name).parent.mkdir(parents=True, exist_ok=True)
            (self.origin / name).write_text(text, encoding="utf-8")
        self.git(self.origin, "add", "--all")
        self.git(self.origin, "commit", "--quiet", "--allow-empty", "--message", "a commit")

    def pushed(self, policy: Mapping[str, Any]) -> None:
        """A push to the main branch is checked out."""
        self.git(self.origin, "init", "--quiet", "--initial-branch", "main")
        self.commit(policy)
        self.check_out("main")

    def requested(self, before: Mapping[str, Any], after: Mapping[str, Any], *, branch: str = "main") -> None:
        """A pull request is checked out: its merge into the base branch, alone and shallow."""
        self.git(self.origin, "init", "--quiet", "--initial-branch", branch)
        self.commit(before)
        self.git(self.origin, "switch", "--quiet", "--create", "change")
        self.commit(after)
        self.git(self.origin, "switch", "--quiet", branch)
        self.commit(before, **{"README.md": "The base branch went on.\n"})
        self.git(self.origin, "switch", "--quiet", "--create", "pull/1/merge")
        self.git(self.origin, "merge", "--quiet", "--no-ff", "--message", "merge", "change")
        self.base_ref = branch
        self.check_out("pull/1/merge")

    def check_out(self, branch: str) -> None:
        """A shallow clone of one branch."""
        self.git(
            self.origin,
            "clone",
            "--quiet",
            "--depth=1",
            f"--branch={branch}",
            self.origin.as_uri(),
            str(self.workspace),
        )

    def pretend_installed(self) -> None:
        """Put the command under test where the first step would install it."""
        programs = self.temp / "harness-doctor" / "venv" / "bin"
        programs.mkdir(parents=True)
        for name, argv in {"doctor": self.doctor, "python": (sys.executable,)}.items():
            quoted = " ".join(f"'{word}'" for word in argv)
            (programs / name).write_text(f'#!/bin/sh\nexec {quoted} "$@"\n', encoding="utf-8")
            (programs / name).chmod(0o755)

    def run(self, *, install: bool = False, **inputs: str) -> int:
        """Run every step whose condition holds; the exit code of the last one that failed."""
        if not install:
            self.pretend_installed()
        values = {name: each["default"] for name, each in ACTION["inputs"].items()}
        values |= {name.replace("_", "-"): value for name, value in inputs.items()}
        exit_code = 0
        for step in SCRIPTS if install else SCRIPTS[1:]:
            condition = step.get("if", "")
            if (exit_code and "always()" not in condition) or not self.holds(condition, values):
                continue
            exit_code = self.step(step, values) or exit_code
        return exit_code

    def step(self, step: Mapping[str, Any], inputs: Mapping[str, str]) -> int:
        output = self.temp / "output"
        output.write_text("", encoding="utf-8")
        script = self.temp / "script.sh"
        script.write_text(step["run"], encoding="utf-8")
        given = {name: self.evaluated(text, inputs) for name, text in step.get("env", {}).items()}
        directory = self.evaluated(step.get("working-directory", "."), inputs)
        completed = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
            cwd=self.workspace / directory,
            env={**self.environment, **given, "GITHUB_OUTPUT": str(output)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=600,
        )
        self.log += completed.stdout
        lines = output.read_text(encoding="utf-8").splitlines()
        self.outputs[step.get("id", "")] = dict(line.split("=", 1) for line in lines)
        return completed.returncode

    def value(self, name: str, inputs: Mapping[str, str]) -> str:
        """What one name of an expression stands for."""
        match name.split("."):
            case ["inputs", given]:
                return inputs[given]
            case ["steps", step, "outputs", output]:
                return self.outputs.get(step, {}).get(output, "")
        return {"github.action_path": str(CHECKOUT), "github.base_ref": self.base_ref}[name]

    def evaluated(self, text: str, inputs: Mapping[str, str]) -> str:
        """A text with its expressions replaced."""
        return EXPRESSION.sub(lambda match: self.value(match[1], inputs), text)

    def holds(self, condition: str, inputs: Mapping[str, str]) -> bool:
        """Whether a condition of comparisons that all have to be true is."""
        for part in filter(None, condition.removeprefix("always()").split(" && ")):
            compared = re.fullmatch(r"(\S+) (==|!=) '([^']*)'", part)
            assert compared is not None, f"this test does not understand {part!r}"
            if (self.value(compared[1], inputs) == compared[3]) is not (compared[2] == "=="):
                return False
        return True

    def summary(self) -> str:
        """What the job's summary says."""
        path = self.temp / "summary.md"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def told(self) -> tuple[str, str]:
        """The outputs of the action: exit code and verdict."""
        declared = {name: each["value"] for name, each in ACTION["outputs"].items()}
        return self.evaluated(declared["exit-code"], {}), self.evaluated(declared["verdict"], {})


@pytest.fixture
def runner(tmp_path: Path, doctor_argv: tuple[str, ...]) -> Runner:
    """A runner of the test's own."""
    return Runner(tmp_path, doctor_argv)


def test_a_push_without_findings_passes_and_compares_nothing(runner: Runner) -> None:
    runner.pushed(POLICY)
    assert (runner.run(), runner.told()) == (0, ("0", "")), runner.log
    assert "nothing to compare with" in runner.log


def test_findings_become_annotations_at_their_lines_a_summary_and_sarif(runner: Runner) -> None:
    runner.pushed(LACKING)
    assert (runner.run(), runner.told()) == (1, ("1", "")), runner.log
    line = 1 + json.dumps(LACKING, indent=1).partition('"lost"')[0].count("\n")
    assert re.search(
        rf"^::error file=\.metawsm/policy\.json,line={line},col=5,.*title=SKL001", runner.log, re.MULTILINE
    )
    assert "SKL001" in runner.summary()
    sarif = json.loads(Path(runner.outputs["check"]["sarif"]).read_text(encoding="utf-8"))
    assert [each["ruleId"] for run in sarif["runs"] for each in run["results"]] == ["SKL001"]


def test_a_looser_pull_request_fails_and_the_reviewer_reads_why(runner: Runner) -> None:
    runner.requested(POLICY, BYPASS)
    assert (runner.run(), runner.told()) == (1, ("1", "looser")), runner.log
    assert "permissions" in runner.summary()


def test_another_pull_request_passes_and_is_told_too(runner: Runner) -> None:
    runner.requested(POLICY, REWORDED)
    assert (runner.run(), runner.told()) == (0, ("0", "different")), runner.log
    assert "prompt" in runner.summary()


def test_only_the_change_of_the_pull_request_counts_and_not_what_the_base_did_since(runner: Runner) -> None:
    runner.requested(POLICY, POLICY)
    runner.git(runner.origin, "switch", "--quiet", "main")
    runner.commit(REWORDED)
    assert (runner.run(), runner.told()) == (0, ("0", "equal")), runner.log


def test_a_branch_that_is_no_merge_is_compared_with_where_it_left_the_base(runner: Runner) -> None:
    runner.requested(POLICY, BYPASS)
    shutil.rmtree(runner.workspace)
    runner.check_out("change")
    assert (runner.run(), runner.told()) == (1, ("1", "looser")), runner.log


def test_looser_changes_may_only_be_told(runner: Runner) -> None:
    runner.requested(POLICY, BYPASS)
    assert (runner.run(deny="none"), runner.told()) == (0, ("0", "looser")), runner.log


def test_comparing_summary_and_selection_can_be_switched_off(runner: Runner) -> None:
    runner.requested(POLICY, {**BYPASS, "agent_profiles": LACKING["agent_profiles"]})
    assert runner.run(compare="none", summary="false", select="POL", ignore="") == 0, runner.log
    assert (runner.told(), runner.summary()) == (("0", ""), "")


def test_a_revision_can_be_named_and_is_fetched_where_it_is_missing(runner: Runner) -> None:
    runner.requested(POLICY, BYPASS)
    assert (runner.run(compare="main"), runner.told()) == (1, ("1", "looser")), runner.log


def test_a_revision_that_is_not_there_fails_and_says_what_helps(runner: Runner) -> None:
    runner.pushed(POLICY)
    assert runner.run(compare="gone") == 2
    assert "fetch-depth: 0" in runner.log


def test_a_policy_that_cannot_be_read_fails(runner: Runner) -> None:
    runner.pushed({"version": 2, "agents": "none"})
    assert (runner.run(), runner.told()) == (2, ("2", "")), runner.log


def test_more_arguments_are_taken_one_from_each_line(runner: Runner) -> None:
    runner.pushed(LACKING)
    assert runner.run(args="--ignore\nSKL001\n\n-k\nnot STG") == 0, runner.log


def test_a_project_below_the_root_is_found_and_annotated_where_it_is(runner: Runner) -> None:
    runner.pushed(POLICY)
    shutil.copytree(runner.workspace / ".metawsm", runner.workspace / "apps" / "shop" / ".metawsm")
    text = json.dumps(LACKING, indent=1)
    (runner.workspace / "apps" / "shop" / ".metawsm" / "policy.json").write_text(text, encoding="utf-8")
    assert runner.run(working_directory="apps/shop") == 1, runner.log
    assert "::error file=apps/shop/.metawsm/policy.json,line=" in runner.log


def test_hostile_names_and_values_run_nothing(runner: Runner) -> None:
    branch = "main;touch${IFS}pwned`touch${IFS}pwned`$(touch${IFS}pwned)"
    runner.requested(POLICY, REWORDED, branch=branch)
    hostile = "$(touch pwned)`touch pwned`;touch pwned"
    assert (runner.run(), runner.told()) == (0, ("0", "different")), runner.log
    shutil.rmtree(runner.temp / "harness-doctor")
    assert runner.run(select=hostile, args=hostile, deny=hostile, compare=hostile) == 2
    assert list(runner.workspace.rglob("pwned")) + list(runner.temp.rglob("pwned")) == []


def test_the_first_step_installs_the_action_s_own_revision(runner: Runner) -> None:
    pip = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "REQUESTS_"))}
    proxies = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    runner.environment |= pip | proxies
    runner.pushed(POLICY)
    exit_code = runner.run(install=True, python=sys.executable)
    if NO_INDEX.search(runner.log) and not {"CI", "DOCTOR_TEST_INSTALLED"} & os.environ.keys():
        pytest.skip("the package index cannot be reached: pip install .")
    assert (exit_code, runner.told()) == (0, ("0", "")), runner.log
    assert "harness-doctor " in runner.log
