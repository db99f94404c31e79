"""``pytest --doctor``, run by pytest."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from importlib import metadata
from pathlib import Path

import pytest

INSTALLED = bool(metadata.entry_points(group="pytest11", name="harness_doctor"))
"""Whether pytest finds the plugin by itself, as where the distribution is installed."""

POLICY = {
    "version": 2,
    "agent_profiles": [
        {
            "name": "p",
            "runner": "shell",
            "base_prompt": "Work.",
            "skills": ["lost"],
            "runner_options": {"command": "sh"},
        },
        {"name": "idle", "runner": "shell", "runner_options": {"command": "sh"}},
    ],
    "agents": [{"name": "bob", "profile": "p"}],
}
FAILURE = """\
*doctor SKL001: Every skill that a profile names is found.*
.metawsm/policy.json:9:5: error: agent_profiles[[]0[]].skills[[]0[]]
  skill lost of profile p was not found; tried: *
  -> create *, or remove the skill from the profile

more: doctor explain SKL001"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project with a policy in which a skill is missing, on a machine without harnesses."""
    for name in ("CONFIG", "STATE", "CACHE"):
        monkeypatch.setenv(f"DOCTOR_{name}_DIR", str(pytester.path / name.lower()))
    monkeypatch.setenv("DOCTOR_DISABLE_PLUGIN_AUTOLOAD", "1")
    directory = pytester.mkdir(".metawsm")
    (directory / "policy.json").write_text(json.dumps(POLICY, indent=1), encoding="utf-8")
    (pytester.path / ".git").mkdir()
    return pytester


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run pytest in the project."""
    load = () if INSTALLED else ("-p", "doctor.pytest_plugin")
    return project.runpytest(*load, "-p", "no:cacheprovider", *arguments)


def test_without_the_option_there_are_no_checks(project: pytest.Pytester) -> None:
    project.makepyfile("def test_x(): pass")
    run(project).assert_outcomes(passed=1)


def test_checks_are_items_beside_the_tests(project: pytest.Pytester) -> None:
    project.makepyfile("def test_x(): pass")
    result = run(project, "--doctor", "--doctor-select", "SKL001,POL001", "-v")
    result.assert_outcomes(passed=2 + len(always()) - 1, failed=1)
    result.stdout.fnmatch_lines(["doctor: * checks", "doctor::POL001 PASSED*", "doctor::SKL001 FAILED*"])


def always() -> list[str]:
    """The checks that run whatever is selected."""
    from doctor.diagnosis.run import prepare
    from doctor.model.options import Options

    return [check.code for check in prepare(Options(autoload=False)).selected if check.always]


def test_a_failure_shows_the_place_and_the_remedy_and_no_traceback(project: pytest.Pytester) -> None:
    result = run(project, "--doctor", "-k", "SKL001")
    result.assert_outcomes(failed=1, deselected=len(known()) - 1)
    result.stdout.fnmatch_lines(FAILURE.splitlines())
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*pytest_plugin.py*")
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def known() -> list[str]:
    """Every built-in check."""
    from doctor.diagnosis.run import prepare
    from doctor.model.options import Options

    return [check.code for check in prepare(Options(autoload=False)).selected]


@pytest.mark.parametrize("arguments", [("-k", "doctor and SKL001"), ("-m", "doctor", "-k", "SKL001")])
def test_keywords_and_marks_choose_among_them(project: pytest.Pytester, arguments: tuple[str, ...]) -> None:
    project.makepyfile("def test_x(): pass")
    result = run(project, "--doctor", *arguments)
    result.assert_outcomes(failed=1, deselected=len(known()))
    result.stdout.fnmatch_lines([f"collected {len(known()) + 1} items / {len(known())} deselected / 1 selected"])


def test_a_skipped_check_says_why(project: pytest.Pytester) -> None:
    result = run(project, "--doctor", "-k", "END004", "-rs")
    result.assert_outcomes(skipped=1, deselected=len(known()) - 1)
    result.stdout.fnmatch_lines(["SKIPPED * needs --online"])


def test_what_is_below_the_threshold_does_not_fail_and_can_be_shown(project: pytest.Pytester) -> None:
    result = run(project, "--doctor", "-k", "AGP008", "-rP")
    result.assert_outcomes(passed=1, deselected=len(known()) - 1)
    result.stdout.fnmatch_lines([".metawsm/policy.json:*: info: agent_profiles[[]1[]]*"])


def test_the_threshold_can_be_chosen(project: pytest.Pytester) -> None:
    result = run(project, "--doctor", "-k", "AGP008", "--doctor-fail-on", "info")
    result.assert_outcomes(failed=1, deselected=len(known()) - 1)


def test_another_policy_can_be_named_from_where_pytest_is_run(project: pytest.Pytester) -> None:
    sound = {**POLICY, "agent_profiles": [{**POLICY["agent_profiles"][0], "skills": []}]}  # type: ignore[index]
    (project.path / "other.json").write_text(json.dumps(sound), encoding="utf-8")
    result = run(project, "--doctor", "--doctor-policy", "other.json", "-k", "SKL001")
    result.assert_outcomes(passed=1, deselected=len(known()) - 1)


def test_checks_can_be_left_out(project: pytest.Pytester) -> None:
    result = run(
        project, "--doctor", "--doctor-select", "SKL", "--doctor-ignore", "SKL001, SKL002", "--collect-only", "-q"
    )
    shown = [line for line in result.outlines if line.startswith("doctor::SKL")]
    assert shown == ["doctor::SKL003", "doctor::SKL004", "doctor::SKL005"]


def test_an_unreadable_policy_fails_the_check_about_it(project: pytest.Pytester) -> None:
    (project.path / ".metawsm" / "policy.json").write_text("{", encoding="utf-8")
    result = run(project, "--doctor", "-k", "POL001 or SKL001")
    result.assert_outcomes(failed=1, skipped=1, deselected=len(known()) - 2)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--doctor", "--doctor-select", "NIX"], "*--doctor: *NIX*"),
        (["--doctor", "--doctor-fail-on", "fatal"], "*--doctor-fail-on: expected info, warning, error, found 'fatal'"),
        (["--doctor-select", "SKL"], "*--doctor-select says nothing without --doctor"),
    ],
)
def test_a_wrong_option_is_a_usage_error(project: pytest.Pytester, arguments: list[str], said: str) -> None:
    result = run(project, *arguments)
    result.stderr.fnmatch_lines([f"ERROR: {said}"])
    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_the_results_are_in_pytest_s_own_junit_file(project: pytest.Pytester) -> None:
    run(project, "--doctor", "-k", "SKL001 or END004", "--junitxml=junit.xml")
    cases = {case.get("name", ""): case for case in ET.parse(project.path / "junit.xml").iter("testcase")}
    assert sorted(cases) == ["END004", "SKL001"]
    assert {case.get("classname") for case in cases.values()} == {"doctor"}
    assert [[each.tag for each in cases[name]] for name in sorted(cases)] == [["skipped"], ["failure"]]


def test_no_secret_of_the_policy_is_shown(project: pytest.Pytester) -> None:
    secret = "sk-" + "proj-abcDEF1234567890abcd"
    text = json.dumps(POLICY).replace("lost", secret)
    (project.path / ".metawsm" / "policy.json").write_text(text, encoding="utf-8")
    result = run(project, "--doctor", "-k", "SKL001", "-vv", "-rA", "--junitxml=junit.xml")
    everything = result.stdout.str() + result.stderr.str() + (project.path / "junit.xml").read_text(encoding="utf-8")
    assert secret not in everything
    assert "[redacted]" in everything


@pytest.mark.parametrize("dist", ["load", "loadgroup"])
def test_workers_agree_on_the_checks(project: pytest.Pytester, dist: str) -> None:
    pytest.importorskip("xdist", reason="needs pytest-xdist: pip install pytest-xdist")
    result = run(project, "--doctor", "--doctor-select", "SKL", "-n", "2", "--dist", dist)
    result.assert_outcomes(passed=4 + len(always()), failed=1)


def test_a_worker_is_not_started_for_a_wrong_option(project: pytest.Pytester) -> None:
    pytest.importorskip("xdist", reason="needs pytest-xdist: pip install pytest-xdist")
    result = run(project, "--doctor", "--doctor-select", "NIX", "-n", "2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_without_the_option_nothing_of_the_tool_is_imported(tmp_path: Path) -> None:
    code = (
        "import sys, pytest, doctor.pytest_plugin as plugin\n"
        "pytest.main(['-q', '-p', 'no:cacheprovider'], plugins=[] if %s else [plugin])\n"
        "print(*sorted(name for name in sys.modules if name.partition('.')[0] in ('doctor', 'checks')))\n"
    )
    completed = subprocess.run(
        [sys.executable, "-Ic", code % INSTALLED], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    assert completed.stdout.splitlines()[-1].split() == ["doctor", "doctor.pytest_plugin"]


@pytest.mark.skipif(not INSTALLED, reason="only the built wheel can show this: run `nox -s tests`")
def test_the_installed_plugin_is_found() -> None:
    [point] = metadata.entry_points(group="pytest11", name="harness_doctor")
    assert point.value == "doctor.pytest_plugin"
