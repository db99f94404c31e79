"""Executors with harnesses that are shell scripts, so that what each gets and says is known to the letter."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from doctor.os_processes import start_time
from tests.runner.executors.conftest import LIMIT_SECONDS, Execute, Told, argv_of

Install = Callable[[str, str], Path]

SEEN = """
: > "$HOME/argv"; for each; do printf '%s\\0' "$each" >> "$HOME/argv"; done
env > "$HOME/env"; pwd > "$HOME/cwd"; cat > "$HOME/stdin"
"""
"""Keeps what the harness was given."""

CLAUDE_SAYS = (
    SEEN
    + """
echo '{"type":"system","subtype":"init","session_id":"11111111-1111-4111-8111-111111111111"}'
echo '{"type":"assistant","message":{"content":[{"type":"text","text":"First."}]}}'
echo '{"type":"assistant","message":{"content":[{"type":"text","text":"Hello."}]}}'
echo '{"type":"result","is_error":false,"result":"Hello."}'
"""
)
CODEX_SAYS = (
    SEEN
    + """
echo '{"type":"thread.started","thread_id":"01a1"}'
echo '{"type":"item.completed","item":{"type":"agent_message","text":"Hello."}}'
"""
)

PLUGIN = """
import doctor


class Parrot(doctor.Harness):
    id = "parrot"
    title = "Parrot"
    binaries = ("parrot",)


@doctor.hookimpl
def doctor_register_harnesses():
    return [Parrot()]
"""


@pytest.fixture
def contained(child_environment: dict[str, str]) -> None:
    """Claude Code bypasses permissions for root only where it is contained."""
    child_environment["IS_SANDBOX"] = "1"


@pytest.fixture
def argv(private_home: Path) -> Callable[[], list[str]]:
    return lambda: (private_home / "argv").read_bytes().decode().split("\0")[:-1]


@pytest.mark.usefixtures("contained")
def test_claude_code_does_a_run(
    execute: Execute,
    told: Told,
    invocation: dict[str, Any],
    install_program: Install,
    argv: Callable[[], list[str]],
    private_home: Path,
) -> None:
    install_program("claude", CLAUDE_SAYS)
    done = execute("claude_code", invocation)
    assert (done.returncode, done.stdout, done.stderr) == (0, "First.\nHello.\n", "")
    assert told.spoken == [("user", "Say hello, please."), ("assistant", "First."), ("assistant", "Hello.")]
    assert told.events[-1] == {"event_type": "session_stop", "exit_code": 0, "reason": "completed"}
    given = argv()
    assert given == [
        "-p",
        "Say hello, please.",
        *("--permission-mode", "bypassPermissions"),
        *("--setting-sources", "user,project,local"),
        *("--output-format", "stream-json", "--verbose"),
        *("--session-id", given[-1]),
    ]
    assert told.names == [given[-1], "11111111-1111-4111-8111-111111111111"]
    assert (private_home / "cwd").read_text().strip() == invocation["project_dir"]


@pytest.mark.usefixtures("contained")
def test_what_is_said_at_once_is_in_order_by_its_times(
    execute: Execute, told: Told, invocation: dict[str, Any], install_program: Install
) -> None:
    said = """echo '{"type":"assistant","message":{"content":[{"type":"text","text":"more"}]}}'\n"""
    install_program("claude", CLAUDE_SAYS + 100 * said)
    execute("claude_code", invocation)
    times = [document["timestamp"] for _, path, document in told.asked if path == "/events"]
    assert times == sorted(set(times))
    assert len(times) == 104


@pytest.mark.usefixtures("contained")
def test_the_profile_says_how_claude_code_works(
    execute: Execute, invocation: dict[str, Any], install_program: Install, argv: Callable[[], list[str]]
) -> None:
    install_program("claude", CLAUDE_SAYS)
    config = {"permission_mode": "acceptEdits", "setting_sources": ["project"], "model": "opus", "extra_args": ["-x"]}
    assert execute("claude_code", {**invocation, "executor_config": config}).returncode == 0
    assert argv()[2:9] == ["--model", "opus", "--permission-mode", "acceptEdits", "-x", "--setting-sources", "project"]


@pytest.mark.usefixtures("contained")
def test_a_session_goes_on_under_its_own_name_in_its_own_directory(
    execute: Execute,
    told: Told,
    invocation: dict[str, Any],
    install_program: Install,
    argv: Callable[[], list[str]],
    private_home: Path,
    tmp_path: Path,
) -> None:
    install_program("claude", CLAUDE_SAYS)
    told.session = {"executor_session_id": "11111111-1111-4111-8111-111111111111", "project_dir": str(tmp_path)}
    del invocation["project_dir"]
    assert execute("claude_code", {**invocation, "mode": "resume"}).returncode == 0
    assert argv()[-2:] == ["--resume", "11111111-1111-4111-8111-111111111111"]
    assert (private_home / "cwd").read_text().strip() == str(tmp_path)
    assert told.names == ["11111111-1111-4111-8111-111111111111"]
    assert told.events[0] == {"event_type": "session_start"}


def test_codex_is_bound_again_once_it_has_named_its_thread(
    execute: Execute, told: Told, invocation: dict[str, Any], install_program: Install, argv: Callable[[], list[str]]
) -> None:
    install_program("codex", CODEX_SAYS)
    assert execute("codex", invocation, AGENT_RUNNER_DIALECT="current").returncode == 0
    assert argv() == ["exec", "--json", "--skip-git-repo-check", "Say hello, please."]
    first, second = told.names
    assert (first.startswith("codex-"), second) == (True, "01a1")
    assert told.events[-1] == {"event_type": "result", "result_text": "Hello."}


def test_codex_goes_on_by_a_command(
    execute: Execute, told: Told, invocation: dict[str, Any], install_program: Install, argv: Callable[[], list[str]]
) -> None:
    install_program("codex", CODEX_SAYS)
    told.session = {"executor_session_id": "01a1"}
    assert execute("codex", {**invocation, "mode": "resume"}).returncode == 0
    assert argv() == ["exec", "--json", "--skip-git-repo-check", "resume", "01a1", "Say hello, please."]


@pytest.mark.parametrize("session", [{}, {"executor_session_id": None}, {"executor_session_id": "--last"}])
def test_a_session_without_a_name_cannot_go_on(
    execute: Execute, told: Told, invocation: dict[str, Any], install_program: Install, session: dict[str, Any]
) -> None:
    install_program("codex", CODEX_SAYS)
    told.session = session
    done = execute("codex", {**invocation, "mode": "resume"})
    assert done.returncode == 1
    assert "does not know this session's name in codex" in done.stderr


def test_a_harness_without_sessions_cannot_go_on(
    execute: Execute, invocation: dict[str, Any], install_program: Install
) -> None:
    install_program("hermes", "echo hello")
    done = execute("hermes", {**invocation, "mode": "resume"})
    assert (done.returncode, "hermes keeps no sessions" in done.stderr) == (1, True)


def test_any_harness_that_prints_its_answer_will_do(
    execute: Execute, told: Told, invocation: dict[str, Any], install_program: Install
) -> None:
    install_program("hermes", "echo Hello.")
    assert execute("hermes", invocation).returncode == 0
    assert told.spoken[-1] == ("assistant", "Hello.")


def test_a_harness_of_a_trusted_plugin_will_do(
    execute: Execute,
    told: Told,
    invocation: dict[str, Any],
    install_program: Install,
    private_project: Path,
    run_doctor: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    (private_project / ".metawsm" / "checks").mkdir(parents=True)
    (private_project / ".metawsm" / "checks" / "parrot.py").write_text(PLUGIN)
    install_program("parrot", 'echo "Polly: $1"')
    assert "no harness is called 'parrot'" in execute("parrot", invocation).stderr
    assert run_doctor("trust").returncode == 0
    assert execute("parrot", invocation).returncode == 0
    assert told.spoken[-1] == ("assistant", "Polly: Say hello, please.")


def test_a_long_prompt_comes_on_standard_input(
    execute: Execute, told: Told, invocation: dict[str, Any], install_program: Install, private_home: Path
) -> None:
    install_program("codex", CODEX_SAYS)
    prompt = "word " * 200_000
    assert execute("codex", {**invocation, "prompt": prompt}).returncode == 0
    assert (private_home / "stdin").read_text() == prompt
    assert told.spoken[0] == ("user", prompt)


def test_the_agent_gets_its_environment_without_what_is_the_doctors(
    execute: Execute, invocation: dict[str, Any], install_program: Install, private_home: Path
) -> None:
    install_program("codex", CODEX_SAYS)
    execute("codex", invocation, DOCTOR_PROFILE="", DOCTOR_SECRET="x", OWN="kept")
    lines = (private_home / "env").read_text().splitlines()
    assert "OWN=kept" in lines
    assert "DOCTOR_PROCESS=agent-run_1" in lines
    assert [line for line in lines if line.startswith("DOCTOR_") and "PROCESS" not in line] == []


def test_the_model_of_the_runner_is_taken_where_the_profile_names_none(
    execute: Execute, invocation: dict[str, Any], install_program: Install, argv: Callable[[], list[str]]
) -> None:
    install_program("codex", CODEX_SAYS)
    execute("codex", invocation, AGENT_RUNNER_MODEL="gpt-a")
    assert argv()[-3:] == ["-m", "gpt-a", "Say hello, please."]
    execute("codex", {**invocation, "executor_config": {"model": "gpt-b"}}, AGENT_RUNNER_MODEL="gpt-a")
    assert argv()[-3:] == ["-m", "gpt-b", "Say hello, please."]


def test_the_active_named_profile_counts(
    execute: Execute,
    invocation: dict[str, Any],
    install_program: Install,
    argv: Callable[[], list[str]],
    private_home: Path,
) -> None:
    install_program("codex", CODEX_SAYS)
    settings = private_home / ".config" / "harness-doctor"
    (settings / "profiles").mkdir(parents=True)
    (settings / "profiles" / "own.toml").write_text('agent.model = "codex:gpt-own"\n[env]\nSTYLE = "dry"\n')
    (settings / "active-profile").write_text("own\n")
    assert execute("codex", invocation).returncode == 0
    assert argv()[-3:] == ["-m", "gpt-own", "Say hello, please."]
    assert "STYLE=dry" in (private_home / "env").read_text().splitlines()


@pytest.mark.usefixtures("contained")
def test_a_blueprint_reaches_the_harness_and_leaves_no_file(
    execute: Execute,
    invocation: dict[str, Any],
    install_program: Install,
    argv: Callable[[], list[str]],
    private_home: Path,
) -> None:
    found = 'ls -l "$each" > "$HOME/mode"; cat "$each"'
    look = f'for each; do case "$before" in --mcp-config) {found};; esac; before="$each"; done'
    install_program("claude", f'{SEEN}\n( {look} ) > "$HOME/mcp"')
    server = {"type": "http", "url": "http://127.0.0.1:1", "headers": {"X-Key": "planted"}}
    blueprint = {"name": "writer", "system_prompt": "Be brief.", "mcp_servers": {"far": server}}
    assert execute("claude_code", {**invocation, "agent_blueprint": blueprint}).returncode == 0
    assert json.loads((private_home / "mcp").read_text()) == {"mcpServers": {"far": server}}
    assert (private_home / "mode").read_text().startswith("-rw-------")
    given = argv()
    assert given[given.index("--append-system-prompt") + 1] == "Be brief."
    assert not Path(given[given.index("--mcp-config") + 1]).parent.exists()
    assert "planted" not in str(given)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("echo no key >&2; exit 3", "no key\nError: codex ended with exit code 3\n"),
        ('echo \'{"type":"turn.failed","error":{"message":"401"}}\'; exit 1', "Error: 401\n"),
        ('echo \'{"type":"turn.failed","error":{"message":"401"}}\'', "Error: 401\n"),
        ("kill -9 $$", "Error: codex ended with exit code -9\n"),
    ],
)
def test_a_harness_that_fails_says_why(
    execute: Execute, told: Told, invocation: dict[str, Any], install_program: Install, body: str, reason: str
) -> None:
    install_program("codex", body)
    done = execute("codex", invocation)
    assert (done.returncode, done.stderr) == (1, reason)
    assert [each["event_type"] for each in told.events] == ["message"]


def test_a_trouble_that_was_got_over_is_no_failure(
    execute: Execute, invocation: dict[str, Any], install_program: Install
) -> None:
    install_program("codex", """echo '{"type":"error","message":"again"}'; echo '{"type":"turn.completed"}'""")
    assert execute("codex", invocation).returncode == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"prompt": " "}, "the invocation has no prompt"),
        ({"prompt": "a\0b"}, "the prompt has a NUL character"),
        ({"project_dir": "/nowhere/at/all"}, "the project directory '/nowhere/at/all' does not exist"),
        ({"executor_config": {"model": 5}}, "config.model: expected a string, found the number 5"),
        ({"executor_config": {"extra_args": "x"}}, "config.extra_args: expected a list of strings"),
        ({"schema_version": "1"}, 'unsupported schema version: "1"'),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_starts(
    execute: Execute,
    told: Told,
    invocation: dict[str, Any],
    install_program: Install,
    private_home: Path,
    change: dict[str, Any],
    reason: str,
) -> None:
    install_program("codex", CODEX_SAYS)
    done = execute("codex", invocation | change)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: {reason}")
    assert (told.events, (private_home / "argv").exists()) == ([], False)


def test_a_key_that_has_no_effect_is_only_told(
    execute: Execute, invocation: dict[str, Any], install_program: Install
) -> None:
    install_program("codex", CODEX_SAYS)
    done = execute("codex", {**invocation, "executor_config": {"modl": "x"}})
    assert (done.returncode, done.stderr.split(":")[:2]) == (0, ["Warning", " config.modl"])


def test_a_harness_that_is_not_installed_is_named(execute: Execute, invocation: dict[str, Any]) -> None:
    done = execute("codex", invocation)
    assert done.returncode == 1
    assert done.stderr == "Error: codex is not installed (codex is not on PATH) (npm install -g @openai/codex)\n"


def test_a_harness_that_does_not_exist_is_named(execute: Execute, invocation: dict[str, Any]) -> None:
    assert "no harness is called 'cdex' (did you mean 'codex'?)" in execute("cdex", invocation).stderr


def test_nex_needs_an_endpoint(execute: Execute, invocation: dict[str, Any]) -> None:
    assert "nex needs an endpoint, and none is configured" in execute("nex", invocation).stderr


def test_a_coordinator_that_refuses_ends_the_run_before_it_starts(
    execute: Execute, told: Told, invocation: dict[str, Any], install_program: Install, private_home: Path
) -> None:
    install_program("codex", CODEX_SAYS)
    told.refuse = "/bind"
    done = execute("codex", invocation)
    assert done.returncode == 1
    assert "POST /bind was answered with 422" in done.stderr
    assert not (private_home / "argv").exists()


def test_output_of_several_mebibytes_on_both_streams_is_taken(
    execute: Execute, told: Told, invocation: dict[str, Any], install_program: Install
) -> None:
    install_program("hermes", "head -c 3000000 /dev/zero | tr '\\0' e >&2; head -c 3000000 /dev/zero | tr '\\0' o")
    done = execute("hermes", invocation)
    assert (done.returncode, len(done.stderr)) == (0, 3_000_000)
    assert told.spoken[-1] == ("assistant", "o" * 3_000_000)


def test_what_a_harness_leaves_behind_does_not_hold_the_run_up(
    execute: Execute, told: Told, invocation: dict[str, Any], install_program: Install, private_home: Path
) -> None:
    install_program("codex", f'{CODEX_SAYS}\nsleep 300 2>&1 & echo $! > "$HOME/left"')
    try:
        done = execute("codex", invocation)
    finally:
        os.kill(int((private_home / "left").read_text()), signal.SIGKILL)
    assert (done.returncode, told.spoken[-1]) == (0, ("assistant", "Hello."))


@pytest.mark.parametrize("line", ["x" * 3_000_000, '{"type":"turn.completed","more":"' + "x" * 3_000_000 + '"}'])
def test_a_line_of_several_mebibytes_is_one_line(
    execute: Execute, told: Told, invocation: dict[str, Any], install_program: Install, tmp_path: Path, line: str
) -> None:
    (tmp_path / "long").write_text(f"{line}\n")
    install_program("codex", f"cat {tmp_path / 'long'}\n{CODEX_SAYS}")
    assert execute("codex", invocation).returncode == 0
    assert told.spoken[-1] == ("assistant", "Hello.")


def test_words_that_no_locale_can_print_are_passed_on(
    execute: Execute, told: Told, invocation: dict[str, Any], install_program: Install
) -> None:
    said = '{"type":"item.completed","item":{"type":"agent_message","text":"gr\\u00fcn \\ud800 \\u0001"}}'
    install_program("codex", f"cat <<'END'\n{said}\nEND")
    done = execute("codex", invocation, LANG="C", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert (done.returncode, done.stderr) == (0, "")
    assert told.spoken[-1] == ("assistant", "gr\u00fcn ? \x01")


def test_ending_the_executor_ends_the_harness(
    told: Told,
    invocation: dict[str, Any],
    install_program: Install,
    child_environment: Mapping[str, str],
    private_home: Path,
) -> None:
    install_program("codex", 'echo $$ > "$HOME/pid.new"; mv "$HOME/pid.new" "$HOME/pid"; exec sleep 600')
    process = subprocess.Popen(
        argv_of("codex"), stdin=subprocess.PIPE, env=dict(child_environment), start_new_session=True
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(invocation).encode())
    process.stdin.close()
    deadline = monotonic() + LIMIT_SECONDS
    while not (private_home / "pid").exists():
        assert monotonic() < deadline
        sleep(0.01)
    process.send_signal(signal.SIGTERM)
    assert process.wait(LIMIT_SECONDS) == 128 + signal.SIGTERM
    harness = int((private_home / "pid").read_text())
    while start_time(harness) is not None:
        assert monotonic() < deadline
        sleep(0.01)
    assert told.spoken == [("user", "Say hello, please.")]
    assert told.asked[0][2]["executor_session_id"].startswith("codex-")
