"""Executor profiles as a runner gets them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import profiles
from doctor.diagnosis.trust import trust_plugins
from doctor.runner import DEFAULT_EXECUTOR_PATH, ExecutorProfile, list_profiles, load_profile
from doctor.runner.profiles import SETTINGS, Places, ProfileError, Ready, places, ready
from tests.runner.executors.test_run import PLUGIN

CLAUDE = {"type": "claude-code", "command": "executors/claude-code/ao-claude-code-exec"}
SHIPPED = Path(profiles.__file__).parent


@pytest.fixture
def bin_directory(tmp_path: Path) -> Path:
    """The only directory on PATH."""
    directory = tmp_path / "bin"
    directory.mkdir()
    return directory


@pytest.fixture
def here(tmp_path: Path, bin_directory: Path) -> Places:
    project = tmp_path / "project"
    project.mkdir()
    environment = {"PATH": str(bin_directory), "DOCTOR_CONFIG_DIR": str(tmp_path / "config")}
    environment["DOCTOR_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    return places(project, environment, tmp_path / "home")


def put(here: Places, name: str, content: Any, *, root: int = 0) -> Path:
    path = here.roots[root].folders[0] / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def install(directory: Path, name: str) -> Path:
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def refusal(name: str, here: Places) -> str:
    with pytest.raises(ProfileError) as error:
        ready(name, here)
    return f"{error.value.message}\n{error.value.remedy}"


def test_the_shipped_profiles_are_there_everywhere(here: Places) -> None:
    assert list_profiles(here) == list(profiles.EXECUTOR_PROFILES)


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("coding", {"permission_mode": "bypassPermissions", "setting_sources": ["project", "local"], "model": "opus"}),
        ("research", {"permission_mode": "default", "setting_sources": ["project"], "model": "sonnet"}),
        (
            "supervised",
            {"permission_mode": "acceptEdits", "setting_sources": ["user", "project", "local"], "model": "sonnet"},
        ),
    ],
)
def test_a_shipped_profile_says_what_it_always_said(here: Places, name: str, config: dict[str, Any]) -> None:
    assert load_profile(name, here) == ExecutorProfile(name, CLAUDE["type"], CLAUDE["command"], config)


def test_the_echo_has_a_profile(here: Places) -> None:
    assert load_profile("test", here) == ExecutorProfile(
        "test", "test-executor", "executors/test-executor/ao-test-exec", {}
    )


def test_profiles_are_found_from_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCTOR_CONFIG_DIR", str(tmp_path / "config"))
    path = tmp_path / ".metawsm" / "executors" / "profiles" / "own.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"type": "t", "command": "codex", "config": {"model": "m"}}))
    assert list_profiles() == sorted([*profiles.EXECUTOR_PROFILES, "own"])
    assert load_profile("own") == ExecutorProfile("own", "t", "codex", {"model": "m"})


def test_without_a_profile_the_default_is_ready_on_any_machine(here: Places) -> None:
    assert (
        ready(None, here)
        == ready("", here)
        == Ready(
            profile=ExecutorProfile("claude-code", "claude-code", DEFAULT_EXECUTOR_PATH, {}),
            argv=(sys.executable, "-I", str(SHIPPED / DEFAULT_EXECUTOR_PATH)),
            runtime_id="claude_code",
            schema="2.1",
            agent_type=None,
            path=None,
            variables=(*SETTINGS, "DOCTOR_CLAUDE_CODE_PATH"),
            warnings=(
                "claude_code is not installed (claude is not on PATH); npm install -g @anthropic-ai/claude-code",
            ),
        )
    )


def test_an_installed_harness_is_nothing_to_warn_of(here: Places, bin_directory: Path) -> None:
    install(bin_directory, "claude")
    assert ready("coding", here).warnings == ()


def test_the_echo_starts_without_what_it_does_not_need(here: Places) -> None:
    found = ready("test", here)
    assert (found.argv[:3], found.runtime_id, found.warnings) == ((sys.executable, "-I", "-S"), None, ())
    done = subprocess.run([*found.argv, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == "2.1, 2.2\n"


def test_a_program_of_the_projects_own_is_started_as_it_is(here: Places) -> None:
    program = install(here.roots[0].directory / "bin", "work")
    path = put(here, "own", {"type": "t", "command": "bin/work", "schema": "2.2", "agent_type": "procedural"})
    assert ready("own", here) == Ready(
        profile=ExecutorProfile("own", "t", "bin/work", {}),
        argv=(str(program),),
        schema="2.2",
        agent_type="procedural",
        path=path,
    )


def test_a_harness_is_run_by_the_executor_of_this_tool(here: Places, bin_directory: Path) -> None:
    install(bin_directory, "codex")
    put(here, "own", {"type": "t", "command": "codex-cli"})
    found = ready("own", here)
    assert found.argv == (sys.executable, "-I", "-m", "doctor.runner.executors", "codex")
    assert found.runtime_id == "codex"
    assert found.variables == (*SETTINGS, "DOCTOR_CODEX_PATH")


def test_a_harness_of_a_trusted_plugin_may_be_named(here: Places, bin_directory: Path) -> None:
    install(bin_directory, "parrot")
    plugin = here.project.root / ".metawsm" / "checks" / "parrot.py"
    plugin.parent.mkdir(parents=True)
    plugin.write_text(PLUGIN)
    put(here, "own", {"type": "t", "command": "parrot"})
    assert '"parrot" is neither a file in' in refusal("own", here)
    trust_plugins(here.project.root, here.paths.state_dir)
    assert ready("own", here).argv[-1] == "parrot"


def test_the_echo_may_be_named_as_a_command(here: Places) -> None:
    put(here, "own", {"type": "t", "command": "test"})
    assert ready("own", here).argv == ready("test", here).argv


def test_a_harness_that_is_not_installed_is_refused(here: Places) -> None:
    put(here, "own", {"type": "t", "command": "codex"})
    assert "codex is not installed (codex is not on PATH); npm install -g @openai/codex" in refusal("own", here)


def test_a_harness_may_be_where_the_machine_says(here: Places, tmp_path: Path) -> None:
    program = install(tmp_path / "opt", "my-codex")
    here.paths.config_dir.mkdir()
    here.paths.machine_file.write_text(f'[harness.codex]\npath = "{program}"\n')
    put(here, "own", {"type": "t", "command": "codex"})
    assert ready("own", here).runtime_id == "codex"


def test_machine_settings_that_cannot_be_read_are_told(here: Places) -> None:
    here.paths.config_dir.mkdir()
    here.paths.machine_file.write_text("[harness.codex")
    put(here, "own", {"type": "t", "command": "codex"})
    assert "machine.toml has problems:" in refusal("own", here)


def test_a_profile_that_is_not_there_names_those_that_are(here: Places) -> None:
    put(here, "zebra", "{")
    said = refusal("nope", here)
    assert said.startswith('executor profile not found: "nope". Available: coding, research, supervised, test, zebra\n')
    assert refusal("codng", here).endswith('did you mean "coding"?')


@pytest.mark.parametrize(
    "name", ["../outside", "profiles/own", "/etc/passwd", "..", ".own", "-x", " own", "a\nb", "a\0b"]
)
def test_a_name_is_a_name_and_no_path(here: Places, name: str) -> None:
    put(here, "own", {"type": "t", "command": "test"})
    (here.roots[0].directory / "outside.json").write_text('{"type": "t", "command": "test"}')
    said = refusal(name, here)
    assert said.startswith("the executor profile name ")
    assert "Available: coding, outside, own, research, supervised, test" in said


def test_a_name_with_its_suffix_is_another_name(here: Places) -> None:
    assert refusal("coding.json", here).startswith('executor profile not found: "coding.json"')


def test_everything_that_is_wrong_is_told_with_its_place(here: Places) -> None:
    path = put(here, "own", '{\n  "type": 5,\n  "comand": "x"\n}')
    said = refusal("own", here)
    assert said.startswith("executor profile own has 3 problems:\n")
    assert f'{path}:1:1: own.json: the key "command" is missing' in said
    assert f"{path}:2:11: type: expected a string, found the number 5" in said
    assert f'{path}:3:3: comand: unknown key "comand" (did you mean "command"?' in said


def test_what_has_no_effect_and_what_is_hidden_is_a_warning(here: Places, bin_directory: Path) -> None:
    install(bin_directory, "claude")
    path = put(here, "coding", {"type": "t", "command": "claude", "config": {"modle": "opus"}})
    hiding, ignored = ready("coding", here).warnings
    assert hiding == f"{path} is used, and hides {SHIPPED / 'coding.json'}"
    assert ignored.startswith(f"{path}:1:")
    assert 'does not know "modle", and ignores it' in ignored


def test_the_shipped_files_are_programs_that_also_start_by_themselves(tmp_path: Path) -> None:
    for name in ("claude-code/ao-claude-code-exec", "test-executor/ao-test-exec"):
        done = subprocess.run(
            [sys.executable, "-I", SHIPPED / "executors" / name, "--version"],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
        )
        assert done.stdout == "2.1, 2.2\n"
