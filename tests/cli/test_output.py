"""Where reports go."""

import json
import os
import stat
from pathlib import Path

import pytest

from doctor.cli import main
from doctor.cli.app import wants_json
from doctor.cli.output import Target, plan
from doctor.errors import UsageError

Capture = pytest.CaptureFixture[str]


def test_by_default_the_table_goes_to_stdout(tmp_path: Path) -> None:
    assert plan(None, (), tmp_path) == [Target("table", None)]


def test_files_come_before_stdout(tmp_path: Path) -> None:
    outputs = [("json", "a.json"), ("plain", "/dev/null")]
    assert plan("table", outputs, tmp_path) == [
        Target("json", tmp_path / "a.json"),
        Target("plain", Path("/dev/null")),
        Target("table", None),
    ]


def test_a_dash_is_stdout_and_takes_the_place_of_the_default(tmp_path: Path) -> None:
    assert plan(None, [("json", "-")], tmp_path) == [Target("json", None)]
    assert plan("json", [("json", "-")], tmp_path) == [Target("json", None)]


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1"])
def test_the_device_that_is_stdout_is_a_dash(name: str, tmp_path: Path) -> None:
    assert plan("json", [("json", name)], tmp_path) == [Target("json", None)]
    assert wants_json(["--output", f"json={name}"])


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ([("json", "a"), ("plain", "a")], "--output names 'a' twice"),
        ([("json", "-")], "stdout takes one report"),
        ([("json", "missing/a")], "missing is no directory, so a cannot be written"),
        ([("json", ".")], "is a directory"),
        ([("json", "x" * 300)], "cannot be written: .*File name too long"),
        ([("json", "a\0b")], "cannot be written: .*null"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_runs(
    outputs: list[tuple[str, str]], message: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=message):
        plan("plain", outputs, tmp_path)


def test_reports_are_written_to_files_and_stdout_in_one_run(project: Path, capsys: Capture) -> None:
    target = project / "report.json"
    target.write_text("old")
    target.chmod(0o640)
    assert main(["--output", "json=report.json", "--output", "table=report.txt", "--format", "plain"]) == 0
    assert json.loads(target.read_text())["ok"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert (project / "report.txt").read_text().startswith("policy   embedded default")
    assert capsys.readouterr().out.startswith("policy   embedded default")
    assert sorted(path.name for path in project.iterdir()) == ["report.json", "report.txt"]


def test_a_symlink_stays_one_and_what_it_names_is_written(project: Path) -> None:
    (project / "real.json").write_text("old")
    (project / "link.json").symlink_to("real.json")
    assert main(["--output", "json=link.json", "-q"]) == 0
    assert (project / "link.json").is_symlink()
    assert json.loads((project / "real.json").read_text())["ok"]


def test_a_device_is_written_to_and_not_replaced(project: Path) -> None:
    assert main(["--output", "json=/dev/null", "-q"]) == 0
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)  # noqa: PTH116 - plain


def test_a_file_that_cannot_be_written_leaves_stdout_empty(
    project: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    (project / "a.json").write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    assert main(["--output", "json=a.json", "--no-cache"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"doctor: {project}/a.json cannot be written: [Errno 28] No space left on device\n"
    assert [(path.name, path.read_text()) for path in project.iterdir()] == [("a.json", "old")]
