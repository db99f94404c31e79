"""``agent-runner`` and ``doctor runner``, as far as no coordinator is needed."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from doctor.__about__ import __version__
from doctor.cli.agent_runner import PROGRAM
from doctor.cli.parser import command_parser
from doctor.cli.runner_commands import RUNNER
from tests.conftest import captured

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run_agent_runner(private_environment: Mapping[str, str], private_project: Path) -> Run:
    """Run the program on the private machine, without input: ``run_agent_runner("--profile-list")``."""
    script = Path(sys.executable).parent / PROGRAM
    argv = (
        [str(script)]
        if script.is_file()
        else [sys.executable, "-Ic", "import sys; from doctor.cli.agent_runner import main; sys.exit(main())"]
    )

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return captured([*argv, *arguments], cwd=private_project, environment={**private_environment, **more})

    return run


@pytest.fixture(params=["program", "command"])
def run_it(request: pytest.FixtureRequest, run_agent_runner: Run, run_doctor: Run) -> Run:
    """Either way of saying it."""
    if request.param == "program":
        return run_agent_runner
    return lambda *arguments: run_doctor("runner", *arguments)


def test_the_profiles_are_listed_whatever_else_is_asked_for(run_it: Run) -> None:
    listed = run_it("--profile-list", "--profile", "../x", "-c", "nonsense")
    expected = "Available profiles:\n  coding\n  research\n  supervised\n  test\n"
    assert (listed.returncode, listed.stdout, listed.stderr) == (0, expected, "")


def test_a_profile_of_the_project_is_listed_too(run_it: Run, private_project: Path) -> None:
    executors = private_project / ".metawsm" / "executors"
    executors.mkdir(parents=True)
    (executors / "own.json").write_text("nonsense")
    answer = json.loads(run_it("-l", "--format", "json").stdout)
    assert answer["profiles"] == ["coding", "own", "research", "supervised", "test"]
    assert (answer["ok"], answer["exit_code"], answer["error"]) == (True, 0, None)


@pytest.mark.parametrize("name", ["nope", "../coding", "coding.json", "a/b"])
def test_a_profile_that_is_none_ends_it_with_the_list(name: str, run_it: Run) -> None:
    answer = run_it("--profile", name)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "Available: coding, research, supervised, test" in answer.stderr
    assert "[ERROR] agent-runner: " in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--executor", "x"),
        ("--executor-path", "x"),
        ("--executor-list",),
        ("--max-concurrency", "0"),
        ("--run-timeout", "-1"),
        ("-c", "nonsense"),
        ("--token-env", "NOT_SET"),
        ("--token-file", "/nowhere"),
        ("stray",),
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_is_a_usage_error(arguments: tuple[str, ...], run_it: Run) -> None:
    answer = run_it(*arguments)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    ("arguments", "instead"),
    [
        (("--executor", "x"), "use --profile NAME"),
        (("--executor=x",), "use --profile NAME"),
        (("--executor-path", "x"), "give --profile NAME"),
        (("--executor-list",), "use --profile-list"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_flag_that_is_no_more_is_told_with_what_replaces_it(
    arguments: tuple[str, ...], instead: str, run_it: Run
) -> None:
    answer = run_it("--profile", "test", *arguments)
    flag = arguments[0].partition("=")[0]
    assert (answer.returncode, answer.stdout) == (2, "")
    assert f"runner no longer has the option '{flag}'" in answer.stderr
    assert instead in answer.stderr


def test_what_replaces_a_flag_is_an_option_that_there_is() -> None:
    flags = {flag for option in RUNNER.options for flag in option.flags}
    named = {word for _, remedy in RUNNER.gone for word in remedy.split() if word.startswith("--")}
    assert named <= flags
    assert flags.isdisjoint(flag for flag, _ in RUNNER.gone)


def test_a_wrong_number_in_the_environment_is_one_too(run_agent_runner: Run) -> None:
    answer = run_agent_runner(POLL_TIMEOUT="soon")
    assert answer.returncode == 2
    assert answer.stderr.startswith("agent-runner: POLL_TIMEOUT is 'soon', expected a number from 1")


def test_the_program_has_its_own_help_and_version(run_agent_runner: Run) -> None:
    assert run_agent_runner("--help").stdout == command_parser(RUNNER, prog=PROGRAM).format_help()
    for flag in ("-V", "--version"):
        assert run_agent_runner(flag).stdout == f"agent-runner (harness-doctor) {__version__}\n"


def test_its_arguments_are_completed(run_agent_runner: Run, tmp_path: Path) -> None:
    line, answers = "agent-runner --profile re", tmp_path / "answers"
    completed = run_agent_runner(
        _ARGCOMPLETE="1",
        _ARGCOMPLETE_STDOUT_FILENAME=str(answers),
        COMP_LINE=line,
        COMP_POINT=str(len(line)),
        _ARGCOMPLETE_IFS="\n",
    )
    assert completed.returncode == 0
    assert answers.read_text().split() == ["research"]


def test_listing_imports_no_http_server_and_no_diagnosis(
    private_environment: Mapping[str, str], private_project: Path
) -> None:
    code = (
        "import sys; from doctor.cli.agent_runner import main; main(['-x', 'nope']); "
        "print(*sorted(m for m in sys.modules if m.startswith(('doctor.diagnosis', 'doctor.journal', 'asyncio',"
        " 'http.server', 'sqlite3', 'rich', 'yaml', 'logging', 'doctor.runner.working'))))"
    )
    completed = subprocess.run(
        [sys.executable, "-Ic", code],
        cwd=private_project,
        env=dict(private_environment),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert completed.stdout.split() == []
