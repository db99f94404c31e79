"""A third party's plugin adds a check, a fact, a harness and a format, and the command shows all of them."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from doctor.diagnosis.plugins import load_plugins
from doctor.model.options import Options
from doctor.testing import run_check

SAMPLE = Path(__file__).parent / "sample"
MODULE = "doctor_sample_plugin"

RunDoctor = Callable[..., subprocess.CompletedProcess[str]]

needs_installation = pytest.mark.skipif(
    importlib.util.find_spec(MODULE) is None, reason="the sample plugin is not installed: run `nox -s plugin`"
)


@pytest.fixture
def sample(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The plugin's module, installed or not."""
    monkeypatch.syspath_prepend(str(SAMPLE))
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    return importlib.import_module(MODULE)


def test_the_plugin_s_offers_are_well_formed(sample: ModuleType) -> None:
    plugins = load_plugins(Options(plugins=(MODULE,), autoload=False), builtins=())

    assert [check.code for check in plugins.checks] == ["ACM001"]
    assert [fact.name for fact in plugins.facts] == ["oncall"]
    assert [harness.id for harness in plugins.harnesses] == ["acme"]
    assert list(plugins.formats) == ["sample"]


def test_the_plugin_s_check_is_tested_in_one_line(sample: ModuleType, tmp_path: Path) -> None:
    path = sample.oncall(SimpleNamespace(root=tmp_path))

    assert run_check(sample.ACM001, oncall=path).status == "failed"
    path.touch()
    assert run_check(sample.ACM001, oncall=path).status == "passed"


@needs_installation
def test_the_plugin_s_check_is_listed_with_the_built_in_ones(run_doctor: RunDoctor) -> None:
    answer = run_doctor("checks", "--format", "json")

    assert "ACM001" in answer.stdout, answer.stderr
    json.loads(answer.stdout)


@needs_installation
def test_the_plugin_s_check_and_harness_are_in_the_report(
    run_doctor: RunDoctor, install_program: Callable[[str, str], Path]
) -> None:
    path = install_program("acme", "echo acme 1.2.3")

    answer = run_doctor("--format", "json")
    report = json.loads(answer.stdout)
    harness = {harness["runtime_id"]: harness for harness in report["harnesses"]}["acme"]

    assert (harness["found"], harness["path"], harness["version"]) == (True, str(path), "1.2.3")
    assert {"ACM001": "failed"}.items() <= {check["code"]: check["status"] for check in report["checks"]}.items()
    assert "ACM001" in {finding["code"] for finding in report["findings"]}


@needs_installation
def test_the_plugin_s_harness_can_be_chosen_by_its_alias(
    run_doctor: RunDoctor, install_program: Callable[[str, str], Path]
) -> None:
    install_program("acme", "echo acme 1.2.3")

    report = json.loads(run_doctor("--format", "json", "--runtime", "acme_cli").stdout)

    assert {row["runtime_id"] for row in report["stages"]} == {"acme"}


@needs_installation
def test_the_plugin_s_format_renders_the_report(run_doctor: RunDoctor, private_project: Path) -> None:
    answer = run_doctor("--format", "sample")

    assert f"ACM001: {private_project / 'ONCALL.md'} is missing\n" in answer.stdout, answer.stderr


@needs_installation
def test_the_plugin_can_be_left_out(run_doctor: RunDoctor) -> None:
    answer = run_doctor("checks", "--format", "json", "--disable-plugin-autoload")

    assert answer.returncode == 0, answer.stderr
    assert "ACM001" not in answer.stdout
