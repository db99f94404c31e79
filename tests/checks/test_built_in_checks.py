"""What holds for every built-in check."""

import ast
import importlib
import inspect
from pathlib import Path

import pytest

import checks
import doctor
from doctor.diagnosis.facts import BUILTIN_FACTS
from doctor.diagnosis.facts_graph import fact_parameters

ALL = [each for module in checks.MODULES for each in importlib.import_module(module).doctor_register_checks()]
GIVEN = {
    "options", "environment", "home", "project", "paths", "registry", "policy_file", "untrusted_plugins",
}  # fmt: skip
FAMILIES = {"POL", "ENV", "HRN", "AGP", "SKL", "STG", "NPR", "END", "EXP", "SEC", "TKT", "LCH", "LCK", "RUN"}


def test_codes_are_unique_and_every_family_is_there() -> None:
    codes = [each.__name__ for each in ALL]
    assert sorted(set(codes)) == sorted(codes)
    assert {code[:3] for code in codes} == FAMILIES


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.__name__)
def test_every_check_says_what_holds_why_it_matters_and_when_it_fails(check: type[doctor.Check]) -> None:
    instance = check()
    assert instance.title.endswith(".")
    assert len(instance.title) <= 80
    assert instance.why.endswith(".")
    assert instance.fails.split()[0] in {"Fails", "Reports"}


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.__name__)
def test_every_check_asks_for_facts_that_exist(check: type[doctor.Check]) -> None:
    assert set(fact_parameters(check.run)[1:]) <= GIVEN | set(BUILTIN_FACTS)


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.__name__)
def test_info_is_the_severity_of_exactly_those_that_report(check: type[doctor.Check]) -> None:
    reports = check().fails.startswith("Reports")
    assert reports == (check.severity is doctor.Severity.INFO)


def test_every_required_check_exists() -> None:
    codes = {each.__name__ for each in ALL}
    assert {need for each in ALL for need in each.requires} <= codes


def test_only_the_checks_of_reading_cannot_be_deselected() -> None:
    always = [each.__name__ for each in ALL if each.always]
    assert always == [f"POL00{digit}" for digit in range(1, 8)] + ["NPR001"]


def test_every_module_with_checks_is_listed() -> None:
    folder = Path(inspect.getfile(checks)).parent
    registering = {path.stem for path in folder.glob("*.py") if "def doctor_register_checks" in path.read_text()}
    assert {f"checks.{name}" for name in registering} == set(checks.MODULES)


@pytest.mark.parametrize(
    "module", sorted(Path(inspect.getfile(checks)).parent.glob("*.py")), ids=lambda path: path.stem
)
def test_checks_import_the_public_api_and_each_other_only(module: Path) -> None:
    tree = ast.parse(module.read_text())
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert not [name for name in modules if name and name.startswith("doctor.")]
