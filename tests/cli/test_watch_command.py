"""``doctor watch``, as far as the command line is concerned."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from doctor.cli import main
from doctor.errors import UsageError
from doctor.exit_codes import ExitCode
from doctor.model.options import Options
from doctor.model.report import Report

Capture = pytest.CaptureFixture[str]
Install = Callable[[BaseException | ExitCode], list[dict[str, Any]]]


@pytest.fixture
def watching(project: Path, report: Report, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Replaces the watch by one that shows two reports and then ends, or is ended; returns how it was called."""

    def install(ending: BaseException | ExitCode) -> list[dict[str, Any]]:
        asked: list[dict[str, Any]] = []

        def watch(
            options: Options, *, on_report: Callable[[Report], None], once: bool, say: Callable[[str], None]
        ) -> ExitCode:
            asked.append({"runtime": options.runtime, "once": once} | _held_to(options))
            sys.stdout.write("noise of somebody's plugin\n")
            on_report(report)
            say("it looks again")
            on_report(report)
            if isinstance(ending, BaseException):
                raise ending
            return ending

        monkeypatch.setattr("doctor.watching.watch.watch", watch)
        return asked

    return install


def _held_to(options: Options) -> dict[str, Any]:
    """What it is held to, where it is."""
    return {"locked": True, "baseline": options.baseline} if options.locked else {}


def test_it_is_held_to_a_baseline_and_a_lock(watching: Install, project: Path) -> None:
    asked = watching(ExitCode.OK)
    assert main(["watch", "--once", "--locked", "--baseline", "known.json"]) == 0
    assert asked == [{"runtime": None, "once": True, "locked": True, "baseline": Path.cwd() / "known.json"}]


def test_every_check_s_report_is_printed_and_nothing_else(watching: Install, capsys: Capture) -> None:
    asked = watching(KeyboardInterrupt())
    assert main(["watch", "--runtime", "claude"]) == 130
    out, err = capsys.readouterr()
    assert out.count("finding  error  ABC001  -  s: wrong\n") == 2
    assert "noise" not in out
    assert err.splitlines() == [
        "noise of somebody's plugin",
        "doctor: plugin x observed badly",
        "doctor: it looks again",
        "doctor: plugin x observed badly",
    ]
    assert asked == [{"runtime": "claude", "once": False}]


def test_as_json_every_check_is_one_line(watching: Install, capsys: Capture) -> None:
    watching(KeyboardInterrupt())
    assert main(["watch", "--format", "json"]) == 130
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["findings"][0]["code"] for line in lines] == ["ABC001", "ABC001"]


def test_once_ends_with_the_exit_code_of_the_check(watching: Install, capsys: Capture) -> None:
    asked = watching(ExitCode.FINDINGS)
    assert main(["watch", "--once"]) == 1
    assert asked == [{"runtime": None, "once": True}]


@pytest.mark.parametrize(("argv", "redraws"), [([], 2), (["--once"], 0), (["--format", "json"], 0)])
def test_only_a_terminal_is_drawn_anew(
    argv: list[str], redraws: int, watching: Install, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    watching(ExitCode.OK)
    monkeypatch.setattr("doctor.cli.watch_command.is_terminal", lambda _: True)
    assert main(["watch", *argv]) == 0
    assert capsys.readouterr().out.count("\x1b[H\x1b[2J") == redraws


def test_it_ends_when_nobody_reads(watching: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = watching(AssertionError("it went on"))
    monkeypatch.setattr("doctor.cli.watch_command.put", lambda _: False)
    assert main(["watch"]) == 0
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--format", "jsn"], "doctor: no report format is called 'jsn'\ndid you mean 'json'?\n"),
        (["--onec"], "doctor: watch has no option '--onec'; did you mean --once?\n"),
    ],
)
def test_a_wrong_command_line_watches_nothing(argv: list[str], said: str, watching: Install, capsys: Capture) -> None:
    asked = watching(ExitCode.OK)
    assert main(["watch", *argv]) == 2
    assert capsys.readouterr().err.startswith(said)
    assert asked == []


def test_what_cannot_be_watched_is_said(watching: Install, capsys: Capture) -> None:
    watching(UsageError("there is no profile 'x'"))
    assert main(["watch"]) == 2
    assert capsys.readouterr().err.endswith("doctor: there is no profile 'x'\n")
