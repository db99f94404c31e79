"""``doctor launch`` and ``doctor exec``: what they ask for, and how they say what became of it."""

import io
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from doctor.cli import main
from doctor.errors import UsageError
from doctor.executor.base import Submitted
from doctor.exit_codes import ExitCode
from doctor.model.binding import Binding, Choice
from doctor.model.failure import FailureKind
from doctor.model.process import ProcessView
from doctor.model.report import Report
from doctor.model.spec import Delivery, LaunchSpec, Mode, ProgramIdentity, PromptRef
from doctor.model.stage import Stage
from doctor.processes.order import Order
from doctor.processes.plan import Plan
from doctor.processes.start import Launched

Capture = pytest.CaptureFixture[str]

SPEC = LaunchSpec(
    id="3" * 64,
    agent="bob",
    profile="builder",
    stage=Stage.EXECUTE,
    runtime_id="codex",
    harness_version="0.169.0",
    path="/opt/codex",
    program=ProgramIdentity(real_path="/opt/codex", size=1, mtime_ns=1),
    argv=("/opt/codex", "exec"),
    cwd="/p",
    session="bob-p",
    mode=Mode.HEADLESS,
    prompt=PromptRef(sha256="d" * 64, path="/p/prompt.md", text="Do it.", delivery=Delivery.STDIN),
)
BINDING = Binding(
    agent="bob",
    agent_index=0,
    profile="builder",
    profile_index=0,
    stage=Stage.EXECUTE,
    runtime=Choice(value="codex", source="agent"),
    model=Choice(),
    endpoint=Choice(),
)


class Room:
    """Stands for the room of processes: notes what it is asked, and answers what it was told to."""

    def __init__(self, plan: Plan, launched: Launched) -> None:
        self.planned = plan
        self.launched: Launched | BaseException = launched
        self.orders: list[Order] = []
        self.waits: list[bool] = []
        self.specs: list[tuple[Path, str, bool]] = []

    def plan(self, order: Order, *, progress: Callable[[str], None]) -> Plan:
        progress("looking")
        self.orders.append(order)
        return self.planned

    def launch(
        self, order: Order, plan: Plan, *, wait: bool, progress: Callable[[str], None], unrecorded: object
    ) -> Launched:
        assert (order, plan) == (self.orders[-1], self.planned)
        self.waits.append(wait)
        return self._answer()

    def execute(
        self,
        path: Path,
        options: Any,
        *,
        executor: str,
        wait: bool,
        progress: Callable[[str], None],
        unrecorded: object,
    ) -> Launched:
        self.specs.append((path, executor, wait))
        return self._answer()

    def _answer(self) -> Launched:
        sys.stdout.write("a plugin talks\n")
        if isinstance(self.launched, BaseException):
            raise self.launched
        return self.launched


@pytest.fixture
def room(project: Path, report: Report, view: ProcessView, monkeypatch: pytest.MonkeyPatch) -> Room:
    """A room in which everything goes well."""
    clean = replace(report, exit_code=ExitCode.OK, findings=(), notices=())
    room = Room(
        Plan(report=clean, specs=(SPEC,), refused=(), place=None),
        Launched(processes=(view,)),
    )
    monkeypatch.setattr("doctor.processes.plan.plan", room.plan)
    monkeypatch.setattr("doctor.processes.start.launch", room.launch)
    monkeypatch.setattr("doctor.processes.start.execute", room.execute)
    return room


def refuse(room: Room, report: Report, exit_code: ExitCode = ExitCode.FINDINGS) -> None:
    """Let the diagnosis find something against what was ordered."""
    room.planned = Plan(report=replace(report, exit_code=exit_code), specs=(), refused=(BINDING,), place=None)


def test_everything_that_was_ordered_reaches_the_plan(room: Room, project: Path) -> None:
    (project / "sub").mkdir()
    whom = ["--agent", "bob", "--agent", "eve", "--stage", "reflect", "--ticket", "SHOP-1", "--prompt", "Do it."]
    how = ["--interactive", "--executor", "process", "--cwd", "sub", "--profile", "a", "--runtime", "claude"]
    assert main(["launch", *whom, *how, "--policy", "p.json", "--jobs", "3", "--timeout", "2", "--no-cache"]) == 0
    [order] = room.orders
    assert (order.agents, order.ticket, order.prompt, order.executor) == (
        ("bob", "eve"),
        "SHOP-1",
        "Do it.",
        "process",
    )
    options = order.options
    assert (options.stage, options.interactive, options.agent_cwd) == (Stage.REFLECT, True, project / "sub")
    assert (options.policy, options.profile, options.runtime) == (project / "p.json", "a", "claude")
    assert (options.jobs, options.timeout, options.cache) == (3, 2.0, False)


def test_without_options_it_is_every_agent_headless_in_tmux_in_the_project(room: Room) -> None:
    assert main(["launch"]) == 0
    [order] = room.orders
    assert (order.agents, order.ticket, order.prompt, order.executor) == ((), None, None, "tmux")
    assert (order.options.interactive, order.options.agent_cwd, room.waits) == (False, None, [False])


def test_the_directory_to_look_from_is_another_than_that_of_the_agents(room: Room, project: Path) -> None:
    (project / "a" / "b").mkdir(parents=True)
    assert main(["launch", "-C", "a", "--cwd", "b", "--wait"]) == 0
    assert (room.orders[0].options.cwd, room.orders[0].options.agent_cwd) == (project / "a", project / "a" / "b")
    assert room.waits == [True]


@pytest.mark.parametrize("content", ["two\r\nlines ü\n", "  padded  "])
def test_a_prompt_s_file_is_taken_as_it_is(room: Room, project: Path, content: str) -> None:
    (project / "task.md").write_bytes(content.encode())
    assert main(["launch", "--prompt-file", "task.md"]) == 0
    assert room.orders[0].prompt == content


def test_a_prompt_can_come_from_stdin(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"Tu es.\n")))
    assert main(["launch", "--prompt-file", "-"]) == 0
    assert room.orders[0].prompt == "Tu es.\n"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--prompt", "a", "--prompt-file", "b"], "--prompt and --prompt-file exclude each other"),
        (["--prompt", " \n"], "--prompt is blank, expected a task"),
        (["--prompt", "a\0b"], "--prompt has a NUL character in it, which no harness takes"),
        (["--prompt-file", "gone"], "--prompt-file gone cannot be read: "),
        (["--prompt-file", "/dev/zero"], "--prompt-file /dev/zero has more than 16,777,216 bytes"),
        (["--prompt-file", "a\0b"], "--prompt-file a\\x00b cannot be read: "),
        (["--prompt-file", "latin1"], "--prompt-file latin1 is no UTF-8: "),
        (["--prompt-file", "empty"], "--prompt-file empty is blank, expected a task"),
        (["--cwd", "gone"], "--cwd 'gone' is no directory, and agents cannot start in it"),
        (["-C", "gone"], "--cwd 'gone' is no directory"),
        (["--stage", "deploy"], "argument --stage: invalid choice: 'deploy'"),
        (["--format", "yaml"], "argument --format: invalid choice: 'yaml'"),
        (["bob"], "launch takes no argument 'bob'"),
        (["--force"], "launch has no option '--force'"),
    ],
)
def test_a_wrong_command_line_starts_nothing(
    room: Room, project: Path, capsys: Capture, argv: list[str], said: str
) -> None:
    (project / "latin1").write_bytes(b"\xe4")
    (project / "empty").touch()
    assert main(["launch", *argv]) == 2
    assert capsys.readouterr().err.splitlines()[0].startswith(f"doctor: {said}")
    assert room.orders == []


def test_a_closed_stdin_is_no_crash(room: Room, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert main(["launch", "--prompt-file", "-"]) == 2
    assert capsys.readouterr().err.startswith("doctor: --prompt-file - cannot be read: ")


def test_a_dry_run_shows_the_specs_and_starts_nothing(room: Room, capsys: Capture) -> None:
    assert main(["launch", "--dry-run"]) == 0
    assert capsys.readouterr().out == (
        "cwd  /p\n\nagent  stage    harness        mode      session  prompt\n"
        "bob    execute  codex 0.169.0  headless  bob-p    stdin, 6 B\n"
    )
    assert main(["launch", "--dry-run", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert ([spec["id"] for spec in document["specs"]], document["findings"], document["ok"]) == (["3" * 64], [], True)
    assert room.waits == []


def test_what_was_started_is_shown_and_everyone_else_s_output_is_talk(room: Room, capsys: Capture) -> None:
    assert main(["launch"]) == 0
    out, err = capsys.readouterr()
    assert out == ("process  stage    harness  state      health\nbob-3-1  execute  codex    > running  ✓ healthy\n")
    assert err == "a plugin talks\n"


def test_started_processes_as_json(room: Room, capsys: Capture) -> None:
    assert main(["launch", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert list(document) == ["schema_version", "processes", "refusals", "findings", "ok", "exit_code", "error"]
    assert [process["process_id"] for process in document["processes"]] == ["bob-3-1"]


def test_what_did_not_start_is_exit_1_beside_what_did(room: Room, view: ProcessView, capsys: Capture) -> None:
    refusal = Submitted(process_id="eve-4-1", problem=FailureKind.CLI_MISSING, detail="no claude")
    room.launched = Launched(processes=(view,), refusals=(refusal,), exit_code=ExitCode.FINDINGS)
    assert main(["launch"]) == 1
    assert "bob-3-1  execute" in (out := capsys.readouterr().out)
    assert "eve-4-1\n  ✗ failed  not started: cli-missing: no claude\n" in out
    assert main(["launch", "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert (document["ok"], document["refusals"][0]["process_id"]) == (False, "eve-4-1")


@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_findings_against_what_was_ordered_are_exit_1_and_shown(
    room: Room, report: Report, capsys: Capture, more: list[str]
) -> None:
    refuse(room, report)
    assert main(["launch", *more]) == 1
    out, err = capsys.readouterr()
    assert out == "s\n  ✗ ABC001  wrong\n\n1 error · no checks ran · exit 1\n"
    assert err.splitlines() == ["doctor: plugin x observed badly", *([] if more else ["doctor: nothing was started"])]
    assert room.waits == []


@pytest.mark.parametrize("more", [[], ["--dry-run"]])
@pytest.mark.parametrize(
    ("exit_code", "said"),
    [
        (ExitCode.FINDINGS, None),
        (ExitCode.USAGE, "the configuration cannot be read, so nothing can be started"),
        (ExitCode.INCOMPLETE, "a check did not end, so nobody knows what may be started"),
    ],
)
def test_findings_are_one_document(
    room: Room, report: Report, capsys: Capture, more: list[str], exit_code: ExitCode, said: str | None
) -> None:
    refuse(room, report, exit_code)
    assert main(["launch", "--format", "json", *more]) == exit_code
    document = json.loads(capsys.readouterr().out)
    assert [finding["code"] for finding in document["findings"]] == ["ABC001"]
    assert document["specs" if more else "processes"] == []
    assert (document["ok"], document["exit_code"]) == (False, exit_code)
    assert (document["error"] or {}).get("message") == said


@pytest.mark.parametrize(
    ("argv", "keys"),
    [
        (["launch"], ("processes", "refusals", "findings")),
        (["launch", "--dry-run"], ("specs", "findings")),
        (["exec", "spec.json"], ("processes", "refusals")),
    ],
)
def test_a_failure_is_one_document_of_the_command(
    project: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, argv: Sequence[str], keys: tuple[str, ...]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise UsageError("no", remedy="yes")

    monkeypatch.setattr("doctor.processes.plan.plan", fail)
    monkeypatch.setattr("doctor.processes.start.execute", fail)
    assert main([*argv, "--format", "json"]) == 2
    out, err = capsys.readouterr()
    assert json.loads(out) == {
        "schema_version": 1,
        **{key: [] for key in keys},
        "ok": False,
        "exit_code": 2,
        "error": {"message": "no", "remedy": "yes"},
    }
    assert err == "doctor: no\nyes\n"


def test_a_wrong_option_is_one_document_too(project: Path, capsys: Capture) -> None:
    assert main(["launch", "--format=json", "--jobs", "0"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert document["error"]["message"] == "argument --jobs: expected a number from 1 to 9999999, found '0'"


def test_an_interrupt_while_waiting_is_130(room: Room, capsys: Capture) -> None:
    room.launched = KeyboardInterrupt()
    assert main(["launch", "--wait", "--format", "json"]) == 130
    assert json.loads(capsys.readouterr().out)["error"] == {"message": "interrupted", "remedy": None}


def test_a_secret_of_the_environment_is_not_shown(
    room: Room, view: ProcessView, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "hunter2-hunter2")
    room.launched = Launched(processes=(replace(view, evidence=("hunter2-hunter2",), blocked="login"),))
    for form in ("table", "json"):
        assert main(["launch", "--format", form]) == 0
        out = capsys.readouterr().out
        assert ("[redacted]" in out, "hunter2" in out) == (True, False)


def test_a_spec_is_executed_from_its_file(room: Room, project: Path, capsys: Capture) -> None:
    assert main(["exec", "spec.json"]) == 0
    assert main(["exec", "spec.json", "--executor", "process", "--wait", "--format", "json"]) == 0
    assert room.specs == [(project / "spec.json", "tmux", False), (project / "spec.json", "process", True)]
    assert '"processes"' in capsys.readouterr().out


def test_exec_needs_a_spec(project: Path, capsys: Capture) -> None:
    assert main(["exec"]) == 2
    assert capsys.readouterr().err.startswith("doctor: the following arguments are required: SPEC")
