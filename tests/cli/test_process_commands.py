"""The commands about processes that were launched: ps, attach, logs, stop, replay, journal."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from doctor.cli import main
from doctor.errors import UsageError
from doctor.journal.replay import Replay
from doctor.model.process import ProcessView, State

Capture = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch


def answering(answer: Any, asked: list[Any]) -> Callable[..., Any]:
    """A function that notes what it is asked and gives, or raises, this answer."""

    def function(options: Any, *arguments: Any, **named: Any) -> Any:
        named.pop("progress", None)
        named.pop("unrecorded", None)
        asked.append((*arguments, named))
        if isinstance(answer, BaseException):
            raise answer
        return answer

    return function


def test_ps_shows_what_it_sees(project: Path, view: ProcessView, capsys: Capture, monkeypatch: Patch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr("doctor.processes.look.look", answering((view,), asked))
    assert main(["ps", "bob", "eve", "--all"]) == 0
    assert asked == [({"names": ["bob", "eve"], "ended": True},)]
    out, err = capsys.readouterr()
    assert out.splitlines()[1].split() == ["bob-3-1", "execute", "codex", ">", "running", "✓", "healthy"]
    assert err == ""


@pytest.mark.parametrize(
    ("argv", "said"),
    [([], "nothing runs; doctor ps --all shows what has ended\n"), (["--all"], "nothing was launched here\n")],
)
def test_ps_of_nothing_is_no_failure(
    project: Path, capsys: Capture, monkeypatch: Patch, argv: list[str], said: str
) -> None:
    monkeypatch.setattr("doctor.processes.look.look", answering((), []))
    assert main(["ps", *argv]) == 0
    assert capsys.readouterr() == ("", said)
    assert main(["ps", *argv, "--format", "json"]) == 0
    out, err = capsys.readouterr()
    assert (json.loads(out), err) == (
        {"schema_version": 1, "processes": [], "ok": True, "exit_code": 0, "error": None},
        "",
    )


def test_ps_keeps_a_row_on_one_line_where_no_terminal_is(
    project: Path, view: ProcessView, capsys: Capture, monkeypatch: Patch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    long = replace(view, agent="a" * 150, process_id="p" * 150)
    monkeypatch.setattr("doctor.processes.look.look", answering((long,), []))
    assert main(["ps"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize(
    ("argv", "target", "keys"),
    [
        (["ps", "bbo"], "doctor.processes.look.look", {"processes": []}),
        (["stop", "bbo"], "doctor.processes.stop.stop", {"processes": []}),
        (["replay", "--run", "x"], "doctor.processes.history.replay", {"stages": {}, "processes": []}),
        (["journal", "rebuild"], "doctor.processes.history.rebuild", {}),
    ],
)
def test_a_failure_is_one_document_of_the_command(
    project: Path, capsys: Capture, monkeypatch: Patch, argv: list[str], target: str, keys: dict[str, Any]
) -> None:
    monkeypatch.setattr(target, answering(UsageError("no process is called 'bbo'", remedy="did you mean 'bob'?"), []))
    assert main([*argv, "--format", "json"]) == 2
    out, err = capsys.readouterr()
    assert json.loads(out) == {
        "schema_version": 1,
        **keys,
        "ok": False,
        "exit_code": 2,
        "error": {"message": "no process is called 'bbo'", "remedy": "did you mean 'bob'?"},
    }
    assert err == "doctor: no process is called 'bbo'\ndid you mean 'bob'?\n"


@pytest.mark.parametrize(
    ("argv", "asked"),
    [
        (["bob"], {"names": ["bob"], "everything": False, "patience": 5.0}),
        (["--all", "--patience", "0"], {"names": [], "everything": True, "patience": 0.0}),
        (["a", "b", "--patience", "2.5"], {"names": ["a", "b"], "everything": False, "patience": 2.5}),
    ],
)
def test_stop_ends_what_was_named(
    project: Path, view: ProcessView, capsys: Capture, monkeypatch: Patch, argv: list[str], asked: dict[str, Any]
) -> None:
    heard: list[Any] = []
    monkeypatch.setattr("doctor.processes.stop.stop", answering((replace(view, state=State.CANCELLED),), heard))
    assert main(["stop", *argv]) == 0
    assert heard == [(asked,)]
    assert capsys.readouterr().out.splitlines()[1].split() == ["bob-3-1", "execute", "codex", "-", "cancelled"]


@pytest.mark.parametrize("left", [{}, {"state": State.COMPLETED, "survivors": (17,)}])
def test_what_could_not_be_ended_is_exit_1(
    project: Path, view: ProcessView, capsys: Capture, monkeypatch: Patch, left: dict[str, Any]
) -> None:
    monkeypatch.setattr("doctor.processes.stop.stop", answering((replace(view, **left),), []))
    assert main(["stop", "bob"]) == 1
    assert capsys.readouterr().err == "doctor: bob-3-1 could not be ended\n"
    assert main(["stop", "bob", "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["exit_code"] == 1


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], "nothing was named to stop"),
        (["bob", "--all"], "--all and names exclude each other"),
        (["bob", "--patience", "-1"], "argument --patience: expected"),
    ],
)
def test_a_wrong_stop_ends_nothing(
    project: Path, capsys: Capture, monkeypatch: Patch, argv: list[str], said: str
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr("doctor.processes.stop.stop", answering((), asked))
    assert main(["stop", *argv]) == 2
    assert capsys.readouterr().err.startswith(f"doctor: {said}")
    assert asked == []


def test_stopping_everything_where_nothing_runs_is_no_failure(
    project: Path, capsys: Capture, monkeypatch: Patch
) -> None:
    monkeypatch.setattr("doctor.processes.stop.stop", answering((), []))
    assert main(["stop", "--all"]) == 0
    assert capsys.readouterr() == ("", "nothing runs\n")


ATTACH = ("tmux", "-L", "harness-doctor", "attach-session", "-t", "=bob p")


def test_attach_without_a_terminal_says_what_to_type(project: Path, capsys: Capture, monkeypatch: Patch) -> None:
    monkeypatch.setattr("doctor.processes.attach.attach_command", answering(ATTACH, []))
    assert main(["attach", "bob"]) == 2
    assert capsys.readouterr().err == (
        "doctor: attaching needs a terminal, and this is none\n"
        "in a terminal: tmux -L harness-doctor attach-session -t '=bob p'\n"
    )


def test_attach_becomes_the_terminal_s_program(project: Path, capsys: Capture, monkeypatch: Patch) -> None:
    became: list[Any] = []
    monkeypatch.setattr("doctor.processes.attach.attach_command", answering(ATTACH, became))
    monkeypatch.setattr("doctor.cli.attach_command.is_terminal", lambda _: True)

    def execvp(file: str, argv: tuple[str, ...]) -> None:
        became.append((file, argv))
        raise FileNotFoundError(2, "No such file or directory", file)

    monkeypatch.setattr("os.execvp", execvp)
    assert main(["attach", "bob"]) == 2
    assert became == [("bob", {}), ("tmux", ATTACH)]
    assert capsys.readouterr().err.startswith("doctor: tmux cannot be started: ")


@pytest.mark.parametrize(("argv", "lines"), [([], None), (["-n", "0"], 0), (["--lines", "20"], 20)])
def test_logs_are_printed_line_by_line_and_safe_to_print(
    project: Path, capsys: Capture, monkeypatch: Patch, argv: list[str], lines: int | None
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr("doctor.processes.logs.log_lines", answering(("one", "a\x1b[2J"), asked))
    assert main(["logs", "bob", *argv]) == 0
    assert asked == [("bob", {"lines": lines})]
    assert capsys.readouterr() == ("one\na\\x1b[2J\n", "")


def test_logs_of_a_silent_process_are_empty(project: Path, capsys: Capture, monkeypatch: Patch) -> None:
    monkeypatch.setattr("doctor.processes.logs.log_lines", answering((), []))
    assert main(["logs", "bob"]) == 0
    assert capsys.readouterr() == ("", "")


def growing(*, interrupted: bool) -> Iterator[str]:
    """A log that grows, and then ends or is left by its reader."""
    yield "one"
    yield "two"
    if interrupted:
        raise KeyboardInterrupt


@pytest.mark.parametrize(("interrupted", "code"), [(False, 0), (True, 130)])
def test_following_prints_until_the_end_or_an_interrupt_without_complaint(
    project: Path, capsys: Capture, monkeypatch: Patch, *, interrupted: bool, code: int
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr("doctor.processes.logs.follow", answering(growing(interrupted=interrupted), asked))
    assert main(["logs", "-f", "bob", "-n", "5"]) == code
    assert asked == [("bob", {"lines": 5})]
    assert capsys.readouterr() == ("one\ntwo\n", "")


def test_following_ends_when_nobody_reads_any_more(project: Path, monkeypatch: Patch) -> None:
    lines = iter(["one", "two", "three"])
    monkeypatch.setattr("doctor.processes.logs.follow", answering(lines, []))
    monkeypatch.setattr("doctor.cli.logs_command.put", lambda text: text != "two\n")
    assert main(["logs", "-f", "bob"]) == 0
    assert list(lines) == ["three"]


@pytest.mark.parametrize("argv", [["logs"], ["attach"], ["logs", "bob", "-n", "-1"], ["logs", "bob", "-n", "x"]])
def test_a_wrong_question_is_exit_2(project: Path, argv: list[str]) -> None:
    assert main(argv) == 2


def test_replay_tells_of_the_run_that_was_asked_for(project: Path, capsys: Capture, monkeypatch: Patch) -> None:
    asked: list[Any] = []
    told = Replay(stages={"execute": ("codex",)}, processes=())
    monkeypatch.setattr("doctor.processes.history.replay", answering(told, asked))
    assert main(["replay", "--run", "run-1", "--format", "json"]) == 0
    assert asked == [({"run_id": "run-1"},)]
    assert json.loads(capsys.readouterr().out)["stages"] == {"execute": ["codex"]}
    assert main(["replay"]) == 0
    assert capsys.readouterr() == ("", "the journal tells of no process\n")


@pytest.mark.parametrize(("number", "said"), [(1, "1 process"), (3, "3 processes")])
def test_rebuilding_says_how_much_was_made_again(
    project: Path, capsys: Capture, monkeypatch: Patch, number: int, said: str
) -> None:
    monkeypatch.setattr("doctor.processes.history.rebuild", answering(number, []))
    assert main(["journal", "rebuild"]) == 0
    assert capsys.readouterr().out == f"rebuilt {said} from the events\n"
    assert main(["journal", "rebuild", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "schema_version": 1,
        "rebuilt": number,
        "ok": True,
        "exit_code": 0,
        "error": None,
    }


def test_the_journal_can_only_be_rebuilt(project: Path, capsys: Capture) -> None:
    assert main(["journal", "erase"]) == 2
    assert "invalid choice: 'erase'" in capsys.readouterr().err
