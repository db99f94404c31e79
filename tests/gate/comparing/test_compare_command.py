import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import jsonschema
import pytest

from doctor.config.compare_schemas import compare_schemas
from doctor.config.schema import DIALECT
from tests.gate.comparing.conftest import Repository, policy_of

Run = Callable[..., CompletedProcess[str]]
SCHEMA = compare_schemas(schema_id="urn:", dialect=DIALECT)["comparison"]
SECRET = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789"


@pytest.fixture
def changed(repository: Repository) -> Repository:
    """A working tree that is looser than its commit, with a secret in several places."""
    repository.commit({".metawsm/policy.json": policy_of(runner_options={"env": {"MY_TOKEN": "hunter2hunter2"}})})
    options = {
        "extra_args": ["--yolo", "--api-key", SECRET],
        "env": {"MY_TOKEN": "correct-horse-battery", "OPENAI_BASE_URL": "https://u:hunter3hunter3@x.example"},
    }
    prompt = f"Use {SECRET}\x1b[31m | <b>@everyone</b> ``` correct-horse-battery"
    repository.write(".metawsm/policy.json", policy_of(runner_options=options, base_prompt=prompt))
    return repository


def document(completed: CompletedProcess[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(completed.stdout)
    jsonschema.validate(found, SCHEMA)
    return found


def test_the_json_document_is_as_published(changed: Repository, run_doctor: Run) -> None:
    completed = run_doctor("compare", "HEAD", "--deny", "looser", "--format", "json", cwd=changed.root)
    found = document(completed)
    assert (completed.returncode, found["verdict"], found["base"], found["exit_code"]) == (1, "looser", "HEAD", 1)
    first = found["changes"][0]
    assert {"subject", "field", "before", "after", "class", "reason", "fingerprint", "location"} <= set(first)
    assert first["location"]["path"] == ".metawsm/policy.json"
    assert first["denied"]


def test_equal_sides_end_in_exit_code_0(changed: Repository, run_doctor: Run) -> None:
    completed = run_doctor(
        "compare", "HEAD", "HEAD", "--deny", "looser,different,stricter", "--format", "json", cwd=changed.root
    )
    found = document(completed)
    assert (completed.returncode, found["verdict"], found["changes"]) == (0, "equal", [])


def test_what_cannot_be_compared_is_told_in_the_document(changed: Repository, run_doctor: Run) -> None:
    completed = run_doctor("compare", "nowhere", "--format", "json", cwd=changed.root)
    found = document(completed)
    assert (completed.returncode, found["verdict"], found["ok"]) == (2, None, False)
    assert "nowhere" in found["error"]["message"]


@pytest.mark.parametrize("name", ["table", "markdown", "json"])
def test_no_secret_leaves_in_any_format(changed: Repository, run_doctor: Run, name: str) -> None:
    completed = run_doctor("compare", "HEAD", "--format", name, cwd=changed.root)
    said = completed.stdout + completed.stderr
    for secret in (SECRET, "hunter2", "correct-horse", "hunter3", "\x1b"):
        assert secret not in said
    for variable in ("MY_TOKEN", "OPENAI"):
        assert variable in said


def test_markdown_says_the_verdict_first_and_mentions_nobody(changed: Repository, run_doctor: Run) -> None:
    text = run_doctor("compare", "HEAD", "--format", "markdown", "--deny", "looser", cwd=changed.root).stdout
    assert text.startswith("### 🔴 doctor compare: looser")
    assert "**denied**" in text
    outside = text.split("````", maxsplit=1)[0]
    assert "@everyone" not in outside
    assert "<b>" not in outside


def test_the_table_shows_texts_word_by_word(changed: Repository, run_doctor: Run) -> None:
    text = run_doctor("compare", "HEAD", "--color", "never", cwd=changed.root).stdout
    assert "[-Do the work.-]" in text or "[-Do-]" in text
    colored = run_doctor("compare", "HEAD", "--color", "always", cwd=changed.root).stdout
    assert "\x1b[31m" in colored


def test_files_are_written_beside_stdout(changed: Repository, run_doctor: Run) -> None:
    completed = run_doctor("compare", "HEAD", "--output", "json=a.json", "--output", "markdown=a.md", cwd=changed.root)
    assert completed.returncode == 0
    jsonschema.validate(json.loads((changed.root / "a.json").read_text(encoding="utf-8")), SCHEMA)
    assert (changed.root / "a.md").read_text(encoding="utf-8").startswith("### ")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--upload-pack=x",),
        ("--", "--upload-pack=x"),
        ("HEAD", "--deny", "losser"),
        ("HEAD", "--format", "yaml"),
        ("HEAD", "--output", "html=x"),
        ("HEAD", "a", "b"),
        ("HEAD", "--approvals", "nowhere"),
        (),
    ],
)
def test_a_wrong_command_line_ends_in_exit_code_2(
    changed: Repository, run_doctor: Run, arguments: tuple[str, ...]
) -> None:
    completed = run_doctor("compare", *arguments, cwd=changed.root)
    assert (completed.returncode, completed.stdout) == (2, "")
    assert "Traceback" not in completed.stderr


def test_a_harness_is_asked_for_its_version_once(
    changed: Repository, run_doctor: Run, install_program: Callable[[str, str], Path], tmp_path: Path
) -> None:
    log = tmp_path / "asked"
    install_program("codex", f'echo "$@" >> {log}; echo codex-cli 0.169.0')
    with_program = document(run_doctor("compare", "HEAD", "--no-cache", "--format", "json", cwd=changed.root))
    assert log.read_text(encoding="utf-8").splitlines().count("--version") == 1
    (tmp_path / "private/bin/codex").unlink()
    without = document(run_doctor("compare", "HEAD", "--format", "json", cwd=changed.root))
    assert with_program["changes"] == without["changes"]
