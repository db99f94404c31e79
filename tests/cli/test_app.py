"""From a command line to an exit code, whatever is wrong."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from doctor.__about__ import __version__
from doctor.cli import main
from doctor.cli.app import document_wanted
from doctor.errors import ProbeTimeout, RegistrationError, UsageError
from doctor.model.report import Report

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def diagnosis(project: Path, report: Report, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], list[Any]]:
    """Replaces the diagnosis by one that raises or returns what it is given, and returns the options it got."""

    def install(answer: Any) -> list[Any]:
        asked: list[Any] = []

        def diagnose(options: Any, *, progress: Callable[[str], None]) -> Report:
            asked.append(options)
            progress("working")
            if isinstance(answer, BaseException):
                raise answer
            return report

        monkeypatch.setattr("doctor.diagnosis.run.diagnose", diagnose)
        return asked

    return install


Install = Callable[[Any], list[Any]]

PLAIN = """\
policy   embedded default (no policy file found)
finding  error  ABC001  -  s: wrong
summary  1 error · no checks ran · exit 1
"""
BROKEN_FORMATS = """\
doctor: the report format 'bad' failed: ZeroDivisionError: division by zero
doctor: the report format 'number' returned int, expected text
"""


@pytest.mark.parametrize("argv", [["--version"], ["-V"], ["version"], ["check", "--version"], ["--version", "-C", "."]])
def test_the_version_is_one_line_on_stdout(argv: list[str], project: Path, capsys: Capture) -> None:
    assert main(argv) == 0
    assert capsys.readouterr() == (f"harness-doctor {__version__}\n", "")


@pytest.mark.parametrize("argv", [[], ["check"], ["--color", "never"], ["-C", ".", "check"]])
def test_without_a_command_it_is_check(argv: list[str], diagnosis: Install, capsys: Capture) -> None:
    diagnosis(None)
    assert main(argv) == 1
    assert capsys.readouterr() == (
        PLAIN,
        "doctor: plugin x observed badly\n",
    )


def test_the_options_reach_the_diagnosis(diagnosis: Install, project: Path) -> None:
    asked = diagnosis(None)
    selection = ["--select", "SKL,POL", "--select", "HRN", "--ignore", "SKL001", "-k", "x", "--stage", "reflect"]
    subject = ["--policy", "p.json", "--profile", "a", "--runtime", "claude", "--fail-on", "info"]
    limits = ["--online", "--jobs", "3", "--timeout", "1.5", "--no-cache"]
    plugins = ["-p", "m", "-p", "n", "--disable-plugin-autoload", "--allow-project-plugins"]
    main([*selection, *subject, *limits, *plugins])
    (options,) = asked
    assert (options.cwd, options.policy, options.profile, options.runtime, str(options.stage)) == (
        project,
        project / "p.json",
        "a",
        "claude",
        "reflect",
    )
    assert (options.select, options.ignore, options.keyword, str(options.fail_on)) == (
        ("SKL", "POL", "HRN"),
        ("SKL001",),
        "x",
        "info",
    )
    assert (options.online, options.jobs, options.timeout, options.cache) == (True, 3, 1.5, False)
    assert (options.plugins, options.autoload, options.allow_project_plugins) == (("m", "n"), False, True)


FAILURES = [
    (UsageError("wrong", remedy="right"), 2, "DOC001", "doctor: wrong\nright\n"),
    (RegistrationError("plugin x: bad"), 2, "DOC001", "doctor: plugin x: bad\n"),
    (ProbeTimeout("slow"), 2, "DOC001", "doctor: slow\n"),
    (KeyboardInterrupt(), 130, "DOC003", "doctor: interrupted\n"),
]


@pytest.mark.parametrize(("error", "code", "finding", "said"), FAILURES)
def test_a_failure_is_said_on_stderr_and_stdout_stays_empty(
    error: BaseException, code: int, finding: str, said: str, diagnosis: Install, capsys: Capture
) -> None:
    diagnosis(error)
    assert main([]) == code
    assert capsys.readouterr() == ("", said)


@pytest.mark.parametrize("argv", [["--format", "json"], ["--format=json"], ["--output", "json=-"], ["--output=json=-"]])
@pytest.mark.parametrize(("error", "code", "finding", "said"), FAILURES)
def test_a_failure_is_a_json_document_where_one_was_asked_for(
    error: BaseException, code: int, finding: str, said: str, argv: list[str], diagnosis: Install, capsys: Capture
) -> None:
    diagnosis(error)
    assert main(argv) == code
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert (document["ok"], document["exit_code"], [each["code"] for each in document["findings"]]) == (
        False,
        code,
        [finding],
    )
    assert err == said


def test_a_defect_is_one_line_and_exit_3(diagnosis: Install, capsys: Capture) -> None:
    diagnosis(ZeroDivisionError("by\nzero"))
    assert main([]) == 3
    out, err = capsys.readouterr()
    first, second = err.splitlines()
    assert out == ""
    assert first.startswith("doctor: internal error: ZeroDivisionError: by zero (test_app.py:")
    assert second == "run with --verbose for the traceback"


@pytest.mark.parametrize(("argv", "variable"), [(["-v"], ""), (["--verbose"], ""), ([], "1")])
def test_the_traceback_of_a_defect_is_shown_when_asked_for(
    argv: list[str], variable: str, diagnosis: Install, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCTOR_TRACEBACK", variable)
    diagnosis(ZeroDivisionError("sk-" + "abcdefghijklmnop0123"))
    assert main(argv) == 3
    err = capsys.readouterr().err
    assert "Traceback (most recent call last):" in err
    assert "abcdefghijklmnop" not in err


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--no-such-option"], "check has no option '--no-such-option'"),
        (["--fromat", "json"], "check has no option '--fromat'; did you mean --format?"),
        (["chekc"], "there is no command 'chekc'"),
        (["explain", "--jobs", "3", "SKL001"], "explain has no option '--jobs'"),
        (["--jobs", "0"], "argument --jobs: expected a number from 1 to 9999999, found '0'"),
        (["--timeout", "nan"], "argument --timeout: expected seconds above zero, found 'nan'"),
        (["--output", "json"], "argument --output: expected FORMAT=FILE such as json=report.json, found 'json'"),
        (["--policy"], "argument --policy: expected one argument"),
        (["-C", "nowhere"], "--cwd 'nowhere' is no directory"),
        (["--output", "json=-", "--output", "plain=-"], "stdout takes one report, and json and plain were asked for"),
        (["--form\x1b[2Jat"], "check has no option '--form\\x1b[2Jat'; did you mean --format?"),
    ],
)
def test_a_wrong_command_line_names_what_is_wrong(argv: list[str], said: str, project: Path, capsys: Capture) -> None:
    assert main(argv) == 2
    assert capsys.readouterr().err.splitlines()[0] == f"doctor: {said}"


@pytest.mark.parametrize("argv", [["--no-such"], ["nonsense"], ["-C", "nowhere"], ["--jobs", "x"], ["-p", "no.such"]])
def test_a_wrong_command_line_still_gives_one_json_document(argv: list[str], project: Path, capsys: Capture) -> None:
    assert main(["--format", "json", *argv]) == 2
    assert json.loads(capsys.readouterr().out)["findings"][0]["code"] == "DOC001"


def test_no_arguments_at_all_are_no_request_for_json() -> None:
    assert document_wanted([]) is None


@pytest.mark.parametrize("argv", [["--help"], ["-h"], ["check", "--help"], ["--format", "json", "-h"], ["trust", "-h"]])
def test_help_is_data_and_exit_0(argv: list[str], project: Path, capsys: Capture) -> None:
    assert main(argv) == 0
    out, err = capsys.readouterr()
    assert out.startswith("usage: doctor")
    assert "examples:" in out
    assert err == ""


def test_a_broken_third_party_format_is_no_internal_error(
    project: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = project / "badformat.py"
    module.write_text(
        "import doctor\n"
        "@doctor.hookimpl\n"
        "def doctor_register_formats():\n"
        "    return {'bad': lambda report: 1 / 0, 'number': lambda report: 3, 'good': lambda report: 'fine\\n'}\n"
    )
    monkeypatch.syspath_prepend(str(project))
    assert main(["-p", "badformat", "--format", "bad"]) == 2
    assert main(["-p", "badformat", "--format", "number"]) == 2
    assert capsys.readouterr() == ("", BROKEN_FORMATS)
    assert main(["-p", "badformat", "--format", "good"]) == 0
    assert capsys.readouterr().out == "fine\n"


@pytest.mark.parametrize(
    ("name", "beginning"),
    [
        ("junit", "<?xml"),
        ("sarif", "{"),
        ("github", "::error title=DOC001 The command line can be understood.::command line:%0Awrong%0A-> right\n"),
        ("markdown", "<!-- harness-doctor -->\n### ❌ "),
        ("html", "<!DOCTYPE html>"),
        ("agent", "harness-doctor "),
        ("tap", "TAP version 14\n1..1\nnot ok 1 - DOC001 "),
    ],
)
def test_a_failure_is_said_on_stdout_too_in_a_format_for_programs(
    name: str, beginning: str, diagnosis: Install, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = UsageError("wrong", remedy="right")
    diagnosis(error)
    monkeypatch.setattr("doctor.diagnosis.run.examine", lambda *_, **__: (_ for _ in ()).throw(error))
    assert main(["--format", name]) == 2
    out, err = capsys.readouterr()
    assert out.startswith(beginning)
    assert "DOC001" in out
    assert err == "doctor: wrong\nright\n"


def test_a_command_that_has_no_such_document_prints_none_when_it_fails(project: Path, capsys: Capture) -> None:
    assert main(["ps", "--format", "sarif"]) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("typed", "meant"), [("sarrif", "sarif"), ("markdwn", "markdown"), ("xunit", "junit")])
def test_a_mistyped_format_names_the_nearest(typed: str, meant: str, project: Path, capsys: Capture) -> None:
    assert main(["--format", typed]) == 2
    assert capsys.readouterr().err.endswith(f"did you mean {meant!r}?\n")


def test_an_unknown_format_names_the_known_ones(project: Path, capsys: Capture) -> None:
    assert main(["--format", "jsn"]) == 2
    assert capsys.readouterr().err == "doctor: no report format is called 'jsn'\ndid you mean 'json'?\n"


@pytest.mark.parametrize("missing", ["stderr", "stdin"])
def test_a_missing_stream_is_no_crash(missing: str, diagnosis: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosis(None)
    monkeypatch.setattr(sys, missing, None)
    assert main([]) == 1
    assert main(["--nope"]) == 2
    assert main(["--version"]) == 0


def test_a_report_that_goes_nowhere_is_exit_2(
    diagnosis: Install, project: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    diagnosis(None)
    monkeypatch.setattr(sys, "stdout", None)
    assert [main([]), main(["--version"])] == [2, 2]
    assert capsys.readouterr().err.count("doctor: the report cannot be written to stdout: it is closed\n") == 2
    assert main(["--output", "json=report.json"]) == 1
    assert (project / "report.json").exists()


def test_what_keeps_a_document_from_stdout_is_said_once(
    diagnosis: Install, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    diagnosis(None)
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["--format", "tap"]) == 2
    assert capsys.readouterr().err == (
        "doctor: the report cannot be written to stdout: it is closed\nopen it, or send it to /dev/null\n"
    )


def test_what_a_plugin_prints_is_no_part_of_the_report(
    project: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = project / "chatty.py"
    module.write_text(
        "import doctor\n"
        "print('at import')\n"
        "def talk(report):\n"
        "    print('rendering')\n"
        "    return 'fine\\n'\n"
        "@doctor.hookimpl\n"
        "def doctor_register_formats():\n"
        "    return {'talk': talk}\n"
    )
    monkeypatch.syspath_prepend(str(project))
    assert main(["-p", "chatty", "--format", "json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["ok"]
    assert err == "at import\n"
    assert main(["-p", "chatty", "--format", "talk"]) == 0
    assert capsys.readouterr() == ("fine\n", "rendering\n")


def test_a_format_that_ends_the_process_is_an_error(
    project: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "leaving.py").write_text(
        "import sys\n"
        "import doctor\n"
        "@doctor.hookimpl\n"
        "def doctor_register_formats():\n"
        "    return {'leave': lambda report: sys.exit(0)}\n"
    )
    monkeypatch.syspath_prepend(str(project))
    assert main(["-p", "leaving", "--format", "leave"]) == 2
    assert capsys.readouterr() == ("", "doctor: the report format 'leave' failed: SystemExit: 0\n")


def test_a_stdout_that_takes_nothing_is_exit_2(
    diagnosis: Install, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        encoding = "utf-8"

        def isatty(self) -> bool:
            return False

        def write(self, text: str) -> NoReturn:
            raise OSError(28, "No space left on device")

        def fileno(self) -> NoReturn:
            raise OSError

    diagnosis(None)
    monkeypatch.setattr(sys, "stdout", Full())
    assert main([]) == 2
    assert "doctor: the report cannot be written to stdout: [Errno 28]" in capsys.readouterr().err
