"""What the main job must show, end to end: the ``doctor`` command in a process of its own on a private machine."""

import json
import os
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from doctor.harness.registry import Registry, builtin_harnesses

Run = Callable[..., subprocess.CompletedProcess[str]]
Install = Callable[[str, str], Path]

SCHEMA = Path(__file__).parents[2] / "reference" / "schemas" / "report.schema.json"

CODEX_FLAGS = "-c --config -m --model -s --sandbox -a --ask-for-approval -C --cd --json --skip-git-repo-check --enable"
CODEX = f"""case "$*" in
  --version) echo 'codex-cli 0.169.0' ;;
  'login status') echo 'Logged in using an API key' >&2 ;;
  *--help*) printf '  %s <VALUE>\\n' {CODEX_FLAGS} ;;
  *) exit 2 ;;
esac"""
CLAUDE_FLAGS = "-p --print --model --permission-mode --settings --append-system-prompt"
CLAUDE = f"""case "$*" in
  --version) echo '2.1.197 (Claude Code)' ;;
  'auth status') echo '{{"loggedIn": true, "authMethod": "api_key"}}' ;;
  *--help*) printf '  %s <value>\\n' {CLAUDE_FLAGS} ;;
  *) exit 1 ;;
esac"""
OPENCODE = """case "$*" in
  --version) echo '1.18.33' ;;
  'auth list') echo '1 credentials' ;;
  *--help*) printf '  %s\\n' --model -m --prompt --auto --dir --agent >&2 ;;
  *) exit 1 ;;
esac"""

SKILLS_POLICY = """{
  "version": 2,
  "agent_profiles": [
    {
      "name": "codex-default",
      "runner": "codex",
      "base_prompt": "You are the implementation agent for this ticket...",
      "skills": ["docmgr", "diary"],
      "runner_options": {
        "full_auto": true
      }
    }
  ],
  "agents": [
    {
      "name": "agent",
      "profile": "codex-default"
    }
  ]
}
"""

STAGES_POLICY = """version = 2

[[agent_profiles]]
name = "worker"
runner = "claude"
base_prompt = "Do the work."

[[agents]]
name = "agent"
profile = "worker"

[orchestrator.runtime_profile]
default = "claude_code"

[orchestrator.runtime_profile.stages]
interview = "codex"
execute   = "opencode"
evaluate  = "claude_code"
reflect   = "hermes"
"""


@pytest.fixture
def write_policy(private_project: Path) -> Callable[[str, str], Path]:
    """Put a policy into the project, which becomes a git repository."""

    def write(name: str, text: str) -> Path:
        path = private_project / ".metawsm" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    (private_project / ".git").mkdir()
    return write


def write_skill(root: Path, name: str) -> None:
    """A skill with the frontmatter that every harness asks for."""
    path = root / name / "SKILL.md"
    path.parent.mkdir(parents=True)
    path.write_text(f"---\nname: {name}\ndescription: Keeps the {name}.\n---\n\nUse it.\n", encoding="utf-8")


def tree(root: Path) -> dict[str, bytes]:
    """Every file below ``root`` with its content."""
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def report(completed: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The JSON document of a run, whatever its exit status."""
    document: dict[str, Any] = json.loads(completed.stdout)
    assert document["exit_code"] == completed.returncode
    return document


def of_family(document: dict[str, Any], family: str) -> list[dict[str, Any]]:
    """The findings of one family of checks."""
    return [finding for finding in document["findings"] if finding["code"].startswith(family)]


# 1. An empty directory on a machine without any harness.


def test_an_empty_directory_shows_the_embedded_default_and_exits_0(run_doctor: Run) -> None:
    completed = run_doctor()
    assert completed.returncode == 0, completed.stdout + completed.stderr
    assert "default-shell" in completed.stdout
    assert "Traceback" not in completed.stdout + completed.stderr


def test_every_harness_is_absent_on_a_machine_without_any(run_doctor: Run) -> None:
    document = report(run_doctor("--format", "json"))
    carried = {harness.id for harness in builtin_harnesses() if harness.builtin}
    statuses = {entry["runtime_id"]: entry["status"] for entry in document["harnesses"]}
    assert {status for name, status in statuses.items() if name not in carried} == {"absent"}
    assert set(statuses) == set(Registry(builtin_harnesses()).ids)
    assert document["policy"] == {"path": None, "sha256": None, "embedded_default": True}


@pytest.mark.parametrize("form", ["table", "plain", "json"])
def test_a_check_writes_nothing_outside_its_cache(
    run_doctor: Run, private_home: Path, private_project: Path, form: str
) -> None:
    run_doctor("check", "--format", form)
    assert tree(private_project) == {}
    assert [name for name in tree(private_home) if not name.startswith(".cache/harness-doctor/")] == []


# 2. Real agent CLIs.


@pytest.mark.harness
@pytest.mark.parametrize(
    ("runtime_id", "version", "auth"),
    [("codex", "0.169.0", "no"), ("claude_code", "2.1.197", "no"), ("opencode", "1.18.33", "unknown")],
)
def test_a_real_harness_is_found_with_its_version_and_auth(
    run_doctor: Run,
    private_environment: dict[str, str],
    harness_bin: Path,
    runtime_id: str,
    version: str,
    auth: str,
) -> None:
    private_environment["PATH"] = os.pathsep.join((str(harness_bin), "/usr/bin", "/bin"))
    document = report(run_doctor("--format", "json"))
    [entry] = [entry for entry in document["harnesses"] if entry["runtime_id"] == runtime_id]
    seen = (entry["found"], Path(entry["path"]).parent, entry["version"], entry["auth"])
    assert seen == (True, harness_bin, version, auth)


@pytest.mark.harness
def test_the_line_that_a_real_codex_prints_is_shown(
    run_doctor: Run, private_environment: dict[str, str], harness_bin: Path
) -> None:
    private_environment["PATH"] = os.pathsep.join((str(harness_bin), "/usr/bin", "/bin"))
    assert "used, says codex-cli 0.169.0" in run_doctor("--verbose", "--format", "plain").stdout


# 3. The policy with skills.


def test_the_skills_policy_passes_once_its_skills_exist(
    run_doctor: Run,
    install_program: Install,
    write_policy: Callable[[str, str], Path],
    private_project: Path,
    private_home: Path,
) -> None:
    install_program("codex", CODEX)
    write_policy("policy.json", SKILLS_POLICY)
    write_skill(private_project / ".metawsm" / "skills", "docmgr")
    write_skill(private_home / ".codex" / "skills", "diary")
    (private_home / ".codex" / "auth.json").write_text("{}", encoding="utf-8")
    document = report(run_doctor("--format", "json"))
    assert document["exit_code"] == 0, document["findings"]
    [agent] = document["agents"]
    assert [(skill["name"], skill["source"]) for skill in agent["skills"]] == [("docmgr", "repo"), ("diary", "home")]
    assert (agent["runtime_id"], agent["version"], agent["ok"]) == ("codex", "0.169.0", True)


def test_a_missing_skill_is_an_error_at_its_place_with_every_path_tried(
    run_doctor: Run,
    install_program: Install,
    write_policy: Callable[[str, str], Path],
    private_project: Path,
    private_home: Path,
) -> None:
    install_program("codex", CODEX)
    path = write_policy("policy.json", SKILLS_POLICY)
    document = report(run_doctor("--format", "json"))
    assert document["exit_code"] == 1
    missing = [finding for finding in of_family(document, "SKL") if finding["severity"] == "error"]
    line = next(n for n, text in enumerate(SKILLS_POLICY.splitlines(), 1) if "docmgr" in text)
    column = SKILLS_POLICY.splitlines()[line - 1].index('"docmgr"') + 1
    assert missing[0]["location"] == {
        "path": str(path),
        "line": line,
        "column": column,
        "pointer": "/agent_profiles/0/skills/0",
    }
    text = missing[0]["message"] + (missing[0]["remedy"] or "")
    assert str(private_project / ".metawsm" / "skills" / "docmgr" / "SKILL.md") in text
    assert str(private_home / ".codex" / "skills" / "docmgr" / "SKILL.md") in text
    assert len(missing) == 2


def test_the_place_and_the_remedy_of_a_missing_skill_are_printed(
    run_doctor: Run, install_program: Install, write_policy: Callable[[str, str], Path]
) -> None:
    install_program("codex", CODEX)
    write_policy("policy.json", SKILLS_POLICY)
    completed = run_doctor("--format", "plain")
    assert completed.returncode == 1
    assert "policy.json:8:18" in completed.stdout
    assert "SKL" in completed.stdout


# 4. The stage map with a harness that is absent.


def test_an_absent_harness_of_a_stage_is_refused_before_anything_starts(
    run_doctor: Run, install_program: Install, write_policy: Callable[[str, str], Path]
) -> None:
    for name, body in {"codex": CODEX, "claude": CLAUDE, "opencode": OPENCODE}.items():
        install_program(name, body)
    write_policy("policy.toml", STAGES_POLICY)
    document = report(run_doctor("--format", "json"))
    assert document["exit_code"] == 1
    rows = {row["stage"]: (row["runtime_id"], row["source"], row["ok"]) for row in document["stages"]}
    assert rows["reflect"] == ("hermes", "stage", False)
    assert rows["interview"][:2] == ("codex", "stage")
    install = Registry(builtin_harnesses()).install("hermes")
    remedies = [finding["remedy"] or "" for finding in document["findings"] if "hermes" in finding["message"]]
    assert any(install in remedy for remedy in remedies), remedies


def test_the_row_of_the_absent_harness_is_marked_in_the_table(
    run_doctor: Run, install_program: Install, write_policy: Callable[[str, str], Path]
) -> None:
    for name, body in {"codex": CODEX, "claude": CLAUDE, "opencode": OPENCODE}.items():
        install_program(name, body)
    write_policy("policy.toml", STAGES_POLICY)
    lines = [line.split() for line in run_doctor("--format", "plain").stdout.splitlines()]
    marks = {line[2]: (line[3], line[1]) for line in lines if line[:1] == ["stage"]}
    assert marks["reflect"] == ("hermes", "absent")


# 5. One JSON document, whatever is wrong.

TROUBLES: dict[str, dict[str, str]] = {
    "nothing": {},
    "syntax": {"policy.json": '{"version": 2,'},
    "blank": {"policy.json": ""},
    "unknown key": {"policy.json": '{"version": 2, "agentz": []}'},
    "wrong type": {"policy.json": '{"version": "two"}'},
    "version 1": {"policy.json": '{"version": 1, "agents": [{"name": "a", "command": "codex exec hi"}]}'},
    "broken reference": {"policy.json": '{"version": 2, "agents": [{"name": "a", "profile": "nobody"}]}'},
    "both policies": {"policy.json": '{"version": 2}', "policy.toml": "version = 2\n"},
    "skills": {"policy.json": SKILLS_POLICY},
    "stages": {"policy.toml": STAGES_POLICY},
    "an ANSI escape": {"policy.json": '{"version": 2, "agents": [{"name": "\\u001b[31ma", "profile": "p"}]}'},
    "a lone surrogate": {"policy.json": '{"version": 2, "agents": [{"name": "\\ud800", "profile": "p"}]}'},
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_json_is_one_document_that_fits_the_published_schema(
    run_doctor: Run, write_policy: Callable[[str, str], Path], trouble: str
) -> None:
    for name, text in TROUBLES[trouble].items():
        write_policy(name, text)
    completed = run_doctor("--format", "json")
    document = report(completed)
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(document)
    assert "Traceback" not in completed.stderr


# 6. A harness that hangs.

HANGING = """case "$*" in
  --version) trap '' TERM; {sleep} 60 & echo $$ $! > '{pids}'; wait; {sleep} 60 ;;
esac"""


def alive(pids: Iterable[int]) -> list[int]:
    """Those of ``pids`` that still run; what ended and was not collected yet does not count."""
    return [pid for pid in pids if state(pid) not in {"Z", "X", None}]


def state(pid: int) -> str | None:
    """One letter that says what a process does, or ``None`` when it is gone."""
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return listed.stdout.strip()[:1] or None


def test_a_harness_that_hangs_ends_in_exit_4_and_leaves_no_process(
    run_doctor: Run, install_program: Install, write_policy: Callable[[str, str], Path], tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    install_program("codex", HANGING.format(sleep="/bin/sleep", pids=pids))
    write_policy("policy.json", SKILLS_POLICY)
    document = report(run_doctor("--timeout", "1", "--format", "json"))
    assert document["exit_code"] == 4
    assert "timeout" in {check["status"] for check in document["checks"]}
    started = [int(pid) for pid in pids.read_text(encoding="utf-8").split()]
    assert len(started) == 2
    assert alive(started) == []
