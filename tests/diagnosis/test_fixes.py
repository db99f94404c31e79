"""Repairs as checks plan them: plugins' too."""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
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
        for name in ("none", "unavailable", "broken", "ended", "interrupted", "odd"):
            yield self.finding(name, "it is", fixable=True)

    def fix(self, finding: doctor.Finding) -> doctor.Fix | None:
        """Fails at it."""
        if finding.subject == "unavailable":
            raise doctor.Unavailable("not on this machine")
        if finding.subject == "broken":
            raise KeyError("oops")
        if finding.subject == "ended":
            raise SystemExit(9)
        if finding.subject == "interrupted":
            raise KeyboardInterrupt
        return self.repair(finding, "do nothing") if finding.subject == "odd" else None


class ACM003(doctor.Check):
    """Says that it repairs, and has no repair.

    As plugins may that were written before there were any.
    """

    def run(self) -> Iterator[doctor.Finding]:
        """Fails always."""
        yield self.finding("old", "it is", fixable=True)


@pytest.fixture
def examine_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Examined]:
    """A diagnosis by these checks alone, with these options."""

    def examine_with(*checks: type[doctor.Check], **changes: Any) -> Examined:
        plugin: Any = ModuleType("acme_fixes")

        @doctor.hookimpl
        def doctor_register_checks() -> list[type[doctor.Check]]:
            return list(checks)

        plugin.doctor_register_checks = doctor_register_checks
        monkeypatch.setitem(sys.modules, "acme_fixes", plugin)
        options = Options(
            cwd=tmp_path, home=tmp_path, environment={}, autoload=False, plugins=("acme_fixes",), select=("ACM",)
        )
        return examine(replace(options, **changes))

    return examine_with


@pytest.fixture
def examined(examine_with: Callable[..., Examined]) -> Examined:
    return examine_with(ACM001, ACM002, ACM003)


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
    assert reasons["interrupted"] == "planning it failed: KeyboardInterrupt"
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


@pytest.fixture
def go_on() -> Iterator[threading.Event]:
    """Ends what hangs; at the end in any case."""
    event = threading.Event()
    yield event
    event.set()


class Hanging(doctor.Check):
    """Hangs where it repairs.

    What it waits for is not coming.
    """

    go_on: threading.Event
    asked: list[str]

    def run(self) -> Iterator[doctor.Finding]:
        """Fails always."""
        for name in ("first", "second", "third"):
            yield self.finding(name, "it is", fixable=True)

    def fix(self, finding: doctor.Finding) -> doctor.Fix | None:
        """Hangs from the second finding on."""
        self.asked.append(finding.subject)
        if finding.subject != "first":
            self.go_on.wait()
        return self.repair(finding, "write it", doctor.FileFix(path=f"/x/{finding.subject}", sha256=None, content="x"))


def hanging(go_on: threading.Event, *, timeout: float) -> Any:
    told = {"go_on": go_on, "asked": [], "timeout": timeout, "__doc__": Hanging.__doc__}
    return type("ACM006", (Hanging,), told)


def test_a_repair_that_hangs_is_given_up_at_its_checks_limit(
    examine_with: Callable[..., Examined], go_on: threading.Event
) -> None:
    check = hanging(go_on, timeout=0.02)
    examined = examine_with(ACM001, check)
    subjects = {finding.fingerprint: finding.subject for finding in examined.report.findings}
    repairs = plan_repairs(examined)
    assert sorted(subjects[key] for key in repairs.fixes) == ["README", "first"]
    assert {subjects[key]: reason for key, reason in repairs.reasons.items()} == {
        "second": "planning it gave no answer within 0.02 s",
        "third": "not planned, because another repair of ACM006 gave no answer within 0.02 s",
    }
    assert check.asked == ["first", "second"]


def test_a_repair_is_had_as_soon_as_it_is_planned(examine_with: Callable[..., Examined]) -> None:
    class ACM008(ACM001):
        """May take longer than anybody waits.

        And takes a moment.
        """

        timeout = 3600.0

        def fix(self, finding: doctor.Finding, project: doctor.Project) -> doctor.Fix | None:
            """Makes it."""
            threading.Event().wait(0.1)
            return super().fix(finding, project)

    answers: list[int] = []
    examined = examine_with(ACM008)
    asking = threading.Thread(target=lambda: answers.append(len(plan_fixes(examined))), daemon=True)
    asking.start()
    asking.join(30)
    assert answers == [1]


def test_the_timeout_option_is_the_limit_of_a_repair_too(
    examine_with: Callable[..., Examined], go_on: threading.Event
) -> None:
    repairs = plan_repairs(examine_with(hanging(go_on, timeout=3600.0), timeout=0.02))
    assert "planning it gave no answer within 0.02 s" in repairs.reasons.values()


def test_what_a_repair_that_was_given_up_says_later_does_not_count(
    examine_with: Callable[..., Examined], go_on: threading.Event
) -> None:
    repairs = plan_repairs(examine_with(hanging(go_on, timeout=0.02)))
    before = dict(repairs.fixes)
    late = [thread for thread in threading.enumerate() if thread.name == "doctor-check"]
    go_on.set()
    for thread in late:
        thread.join(30)
    assert late
    assert dict(repairs.fixes) == before


def test_the_facts_of_a_repair_do_not_count_towards_its_limit(examine_with: Callable[..., Examined]) -> None:
    waited = threading.Event()

    class ACM007(ACM001):
        """Asks for a fact that takes longer than it may take itself.

        Facts have limits of their own.
        """

        timeout = 0.02

        def fix(self, finding: doctor.Finding, project: doctor.Project) -> doctor.Fix | None:
            """Makes it."""
            return super().fix(finding, project)

    examined = examine_with(ACM007)

    def fact(name: str) -> Any:
        waited.wait(0.1)
        return examined.fact(name)

    assert len(plan_fixes(replace(examined, fact=fact))) == 1


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
