"""Where reports go."""

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from doctor.cli import main
from doctor.cli.app import document_wanted
from doctor.cli.options import BUILT_IN
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


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_the_device_that_is_stdout_is_a_dash(name: str, tmp_path: Path) -> None:
    assert plan("json", [("json", name)], tmp_path) == [Target("json", None)]
    assert document_wanted(["--output", f"json={name}"]) == "json"


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


@pytest.mark.parametrize("other", ["./a", "deep/../a", "link"])
def test_two_names_of_one_file_are_refused(other: str, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "link").symlink_to("a")
    with pytest.raises(UsageError, match=f"--output names '{re.escape(other)}' twice"):
        plan(None, [("json", "a"), ("plain", other)], tmp_path)


def test_a_file_that_stdout_goes_to_is_refused_for_another_report(project: Path) -> None:
    with (project / "both").open("wb") as stdout:
        done = subprocess.run(
            [sys.executable, "-m", "doctor", "--format", "json", "--output", "tap=both"],
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        2,
        "doctor: stdout goes to 'both', which --output names too",
    )
    assert json.loads((project / "both").read_text())["findings"][0]["code"] == "DOC001"


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


def test_every_format_at_once_with_one_on_stdout(project: Path, capsys: Capture) -> None:
    files = [part for name in BUILT_IN for part in ("--output", f"{name}={name}.out")]
    assert main([*files, "--format", "tap"]) == 0
    beginnings = {name: (project / f"{name}.out").read_text(encoding="utf-8")[:9] for name in BUILT_IN}
    assert beginnings == {
        "table": "policy   ",
        "plain": "policy   ",
        "json": '{\n "schem',
        "junit": "<?xml ver",
        "sarif": '{\n "$sche',
        "github": "::warning",
        "markdown": "<!-- harn",
        "html": "<!DOCTYPE",
        "agent": "harness-d",
        "tap": "TAP versi",
    }
    assert capsys.readouterr().out == (project / "tap.out").read_text(encoding="utf-8")


def test_a_format_that_tells_repairs_gets_them_planned(project: Path, capsys: Capture) -> None:
    (project / ".metawsm").mkdir()
    policy = project / ".metawsm" / "policy.json"
    policy.write_text(
        '{"version": 2, "agents": [{"name": "a", "profile": "p"}],'
        ' "agent_profiles": [{"name": "p", "runner": "shell", "skils": []}]}'
    )
    assert main(["--select", "POL003", "--format", "agent", "--output", "sarif=report.sarif"]) == 2
    assert "   fix does: " in capsys.readouterr().out
    (run,) = json.loads((project / "report.sarif").read_text())["runs"]
    (result,) = (each for each in run["results"] if each["ruleId"] == "POL003")
    (replacement,) = result["fixes"][0]["artifactChanges"][0]["replacements"]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert replacement == {"deletedRegion": region, "insertedContent": {"text": '"skills"'}}


PIECES = """
import doctor

def pieces(report):
    print("rendering")
    yield "one "
    print("still")
    yield "two\\n"

def breaking(report):
    yield "one "
    raise OSError("not the file's fault")

def numbers(report):
    yield 1

def none(report):
    yield "one "
    yield None
    yield "two\\n"

def leaving(report):
    yield "one "
    raise GeneratorExit

class Lines:
    def __iter__(self):
        return iter(["one ", "two\\n"])

@doctor.hookimpl
def doctor_register_formats():
    return {
        "pieces": pieces, "breaking": breaking, "numbers": numbers,
        "none": none, "leaving": leaving, "lines": lambda report: Lines(),
        "list": lambda report: ["one ", "two\\n"], "bytes": lambda report: b"x", "dict": lambda report: {"a": 1},
    }
"""


@pytest.fixture
def in_pieces(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a plugin whose formats come in pieces."""
    (project / "inpieces.py").write_text(PIECES)
    monkeypatch.syspath_prepend(str(project))
    return project


@pytest.mark.parametrize(("name", "said"), [("pieces", "rendering\nstill\n"), ("list", ""), ("lines", "")])
def test_a_plugin_s_format_may_come_in_pieces(name: str, said: str, in_pieces: Path, capsys: Capture) -> None:
    assert main(["-p", "inpieces", "--format", name, "--output", f"{name}=file"]) == 0
    assert capsys.readouterr() == ("one two\n", said * 2)
    assert (in_pieces / "file").read_text() == "one two\n"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("breaking", "failed: OSError: not the file's fault"),
        ("numbers", "gave int, expected text"),
        ("none", "gave NoneType, expected text"),
        ("leaving", "failed: GeneratorExit:"),
        ("bytes", "returned bytes, expected text"),
        ("dict", "returned dict, expected text"),
    ],
)
def test_a_format_that_fails_among_its_pieces_leaves_the_file_as_it_was(
    name: str, message: str, in_pieces: Path, capsys: Capture
) -> None:
    (in_pieces / "file").write_text("old")
    before = sorted(in_pieces.iterdir())
    assert main(["-p", "inpieces", "--output", f"{name}=file", "-q"]) == 2
    assert capsys.readouterr() == ("", f"doctor: the report format {name!r} {message}\n")
    assert (in_pieces / "file").read_text() == "old"
    assert [path for path in sorted(in_pieces.iterdir()) if path.name != "__pycache__"] == before


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
