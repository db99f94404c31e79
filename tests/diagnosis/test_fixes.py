"""Repairs as checks plan them: plugins' too."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import doctor
from doctor.diagnosis import fixes
from doctor.diagnosis.collect import check_problems, fix_parameters, verify
from doctor.diagnosis.facts_graph import FactGraph
from doctor.diagnosis.fixes import plan_fixes, plan_repairs
from doctor.diagnosis.run import Examined, examine
from doctor.errors import RegistrationError
from doctor.model.options import Options


class ACM001(doctor.Check):
    """The project has a README.

    People look for it.
    """

    def run(self, project: doctor.Project) -> Iterator[doctor.Finding]:
        """Fails when it is missing."""
        yield self.finding("README", "there is none", fixable=True)
        yield self.finding("LICENCE", "there is none")

    def fix(self, finding: doctor.Finding, project: doctor.Project) -> doctor.Fix | None:
        """Makes it."""
        file = doctor.FileFix(path=str(project.root / "README"), sha256=None, content="# here\n")
        return self.repair(finding, "write a README", file)


class ACM002(doctor.Check):
    """Says that it repairs, and does not.

    In several ways.
    """

    def run(self) -> Iterator[doctor.Finding]:
        """Fails always."""
        for name in ("none", "unavailable", "broken", "ended", "odd"):
            yield self.finding(name, "it is", fixable=True)

    def fix(self, finding: doctor.Finding) -> doctor.Fix | None:
        """Fails at it."""
        if finding.subject == "unavailable":
            raise doctor.Unavailable("not on this machine")
        if finding.subject == "broken":
            raise KeyError("oops")
        if finding.subject == "ended":
            raise SystemExit(9)
        return self.repair(finding, "do nothing") if finding.subject == "odd" else None


class ACM003(doctor.Check):
    """Says that it repairs, and has no repair.

    As plugins may that were written before there were any.
    """

    def run(self) -> Iterator[doctor.Finding]:
        """Fails always."""
        yield self.finding("old", "it is", fixable=True)


@pytest.fixture
def examined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Examined:
    plugin: Any = ModuleType("acme_fixes")

    @doctor.hookimpl
    def doctor_register_checks() -> list[type[doctor.Check]]:
        return [ACM001, ACM002, ACM003]

    plugin.doctor_register_checks = doctor_register_checks
    monkeypatch.setitem(sys.modules, "acme_fixes", plugin)
    options = Options(
        cwd=tmp_path, home=tmp_path, environment={}, autoload=False, plugins=("acme_fixes",), select=("ACM",)
    )
    return examine(options)


def test_a_check_plans_the_repair_of_its_own_findings(examined: Examined) -> None:
    planned = {fix.title: fix for fix in plan_fixes(examined).values()}
    assert list(planned) == ["write a README"]
    fix = planned["write a README"]
    assert (fix.code, fix.files[0].content, fix.files[0].is_new) == ("ACM001", "# here\n", True)
    assert list(plan_fixes(examined)) == [fix.fingerprint]


def test_only_the_findings_that_are_asked_for_are_planned(examined: Examined) -> None:
    assert plan_fixes(examined, ()) == {}


def test_why_there_is_no_repair_is_told(examined: Examined) -> None:
    subjects = {finding.fingerprint: finding.subject for finding in examined.report.findings}
    reasons = {subjects[key]: reason for key, reason in plan_repairs(examined).reasons.items()}
    assert reasons["none"] == "its check has no repair for it"
    assert reasons["unavailable"] == "not on this machine"
    assert reasons["broken"].startswith("planning it failed: KeyError")
    assert reasons["ended"] == "planning it failed: SystemExit: 9"
    assert reasons["odd"] == "planning it failed: the repair changes no file"
    assert reasons["old"] == "its check has no repair"


def test_there_is_a_limit_to_how_many_are_planned_at_once(examined: Examined, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixes, "MOST_FIXES", 0)
    repairs = plan_repairs(examined)
    assert repairs.fixes == {}
    assert "0 others come first; run it again" in repairs.reasons.values()


def test_the_facts_of_a_repair_are_its_parameters_after_the_finding() -> None:
    assert fix_parameters(ACM001()) == ("project",)
    assert fix_parameters(ACM003()) == ()


class ACM004(ACM001):
    """Asks for what nobody has.

    On purpose.
    """

    def fix(self, finding: doctor.Finding, projct: Any) -> doctor.Fix | None:
        """Never."""
        return None


def test_a_fact_that_nobody_registers_is_refused_at_registration() -> None:
    with pytest.raises(RegistrationError, match="projct"):
        verify([ACM004()], FactGraph((), {"project": None}))


def without_finding(self: Any, project: Any) -> None:
    """Takes something else."""


async def late(self: Any, finding: Any) -> None:
    """Takes its time."""


@pytest.mark.parametrize(
    ("fix", "problem"),
    [
        (7, "fix is a int, expected a method"),
        (without_finding, "fix takes self and then finding, and facts after those"),
        (late, "fix is asynchronous, expected a plain method"),
        (lambda self, finding, *facts: None, "fix takes"),
    ],
)
def test_a_malformed_repair_is_refused(fix: Any, problem: str) -> None:
    made = type("ACM005", (ACM001,), {"fix": fix, "__doc__": ACM001.__doc__})
    [told] = check_problems(made)
    assert told.startswith(f"check ACM005: {problem}")


def test_the_report_says_which_findings_can_be_repaired(examined: Examined) -> None:
    from doctor.report.json_format import render

    findings = json.loads(render(examined.report))["findings"]
    assert {each["subject"]: each["fixable"] for each in findings}["README"] is True
