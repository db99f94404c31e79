from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from doctor.config.baseline import BaselineEntry
from doctor.diagnosis.baseline import Baseline, match, read_baseline, stale
from doctor.errors import UsageError
from doctor.model.binding import Binding, Choice
from doctor.model.finding import CheckResult, Finding, Severity, Status
from doctor.model.location import Location
from doctor.model.stage import Stage

FINDING = Finding(
    code="SKL001", severity=Severity.WARNING, subject="s", message="m", key="worker diary", affects=("agent:bob",)
)


def entry(finding: Finding = FINDING, **changes: object) -> BaselineEntry:
    made = BaselineEntry(
        code=finding.code,
        severity=str(finding.severity),
        fingerprint=finding.fingerprint,
        subject="worker's diary",
        affects=finding.affects,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def known(findings: Iterable[Finding], *entries: BaselineEntry, bindings: tuple[Binding, ...] = ()) -> list[int]:
    return sorted(match(Baseline(path="b.json", entries=entries), tuple(findings), bindings).known)


def binding(agent: str, runtime: str = "codex") -> Binding:
    return Binding(
        agent=agent,
        agent_index=0,
        profile="p",
        profile_index=0,
        stage=Stage.EXECUTE,
        runtime=Choice(value=runtime),
        model=Choice(),
        endpoint=Choice(),
    )


def test_a_finding_that_is_in_the_baseline_is_known() -> None:
    other = replace(FINDING, key="another")
    assert known([other, FINDING], entry()) == [1]


def test_a_reworded_or_moved_finding_is_known() -> None:
    moved = replace(FINDING, subject="t", message="n", location=Location(path="/p", line=9))
    assert known([moved], entry()) == [0]


def test_two_that_are_known_are_not_three() -> None:
    assert known([FINDING] * 3, entry(count=2)) == [0, 1]


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [("warning", "error", []), ("warning", "warning", [0]), ("error", "warning", [0]), ("info", "warning", [])],
)
def test_what_became_worse_is_new(was: str, now: str, expected: list[int]) -> None:
    assert known([replace(FINDING, severity=Severity(now))], entry(severity=was)) == expected


def test_what_concerns_another_agent_too_is_new() -> None:
    wider = replace(FINDING, affects=("agent:bob", "agent:eve"))
    assert known([wider], entry()) == []


def test_what_concerns_fewer_agents_is_known() -> None:
    assert known([replace(FINDING, affects=())], entry()) == [0]


def test_what_concerned_every_agent_of_a_harness_is_known_of_those_it_still_concerns() -> None:
    all_of_codex = entry(affects=("runtime:codex",))
    agents = (binding("bob"), binding("eve"), binding("ann", "shell"))
    assert known([FINDING], all_of_codex, bindings=agents) == [0]
    assert known([replace(FINDING, affects=("agent:ann",))], all_of_codex, bindings=agents) == []


def test_what_concerns_every_agent_of_a_harness_now_is_known_if_it_concerned_each_of_them() -> None:
    finding = replace(FINDING, affects=("runtime:codex",))
    assert known([finding], entry(affects=("agent:bob",)), bindings=(binding("bob"), binding("ann", "shell"))) == [0]
    assert known([finding], entry(affects=("agent:bob",)), bindings=(binding("bob"), binding("eve"))) == []


def test_of_several_entries_the_one_of_the_same_reach_is_used() -> None:
    narrow, wide = FINDING, replace(FINDING, affects=("agent:bob", "agent:eve"))
    assert known([narrow, wide], entry(wide), entry(narrow)) == [0, 1]
    assert known([wide, narrow], entry(wide), entry(narrow)) == [0, 1]


@pytest.mark.parametrize("code", ["POL001", "POL006", "POL013", "LCK003"])
def test_what_says_that_nothing_can_be_trusted_is_never_known(code: str) -> None:
    finding = replace(FINDING, code=code)
    assert known([finding], entry(finding)) == []


def stale_codes(
    entries: tuple[BaselineEntry, ...], findings: tuple[Finding, ...], status: Status, absent: tuple[str, ...] = ()
) -> list[str]:
    baseline = Baseline(path="b.json", entries=entries, locate=lambda place: Location(path="b.json", pointer=place))
    found = stale(
        baseline, match(baseline, findings), results=[CheckResult(code="SKL001", status=status)], absent=absent
    )
    return [each.location.pointer or "" for each in found if each.location]


@pytest.mark.parametrize("status", [Status.PASSED, Status.FAILED])
def test_an_entry_that_nothing_was_found_for_is_stale_and_its_place_is_named(status: Status) -> None:
    assert stale_codes((entry(), entry(replace(FINDING, key="gone"))), (FINDING,), status) == ["/findings/1"]


def test_an_entry_for_more_than_there_is_is_stale() -> None:
    assert stale_codes((entry(count=2),), (FINDING,), Status.FAILED) == ["/findings/0"]


@pytest.mark.parametrize("status", [Status.SKIPPED, Status.TIMEOUT, Status.CRASHED])
def test_an_entry_whose_check_did_not_run_to_its_end_is_not_stale(status: Status) -> None:
    assert stale_codes((entry(),), (), status) == []


def test_an_entry_of_a_check_that_was_not_selected_is_not_stale() -> None:
    other = replace(FINDING, code="TKT001")
    assert stale_codes((entry(other),), (), Status.PASSED) == []


def test_an_entry_about_a_harness_that_is_not_here_is_not_stale() -> None:
    assert stale_codes((entry(affects=("runtime:codex",)),), (), Status.PASSED, absent=("codex",)) == []
    assert stale_codes((entry(affects=("runtime:codex",)),), (), Status.PASSED, absent=("amp",)) == ["/findings/0"]


def test_a_baseline_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"b\.json: the file does not exist") as refused:
        read_baseline(tmp_path / "b.json")
    assert "doctor baseline write" in (refused.value.remedy or "")


def test_everything_that_is_wrong_with_a_baseline_is_said_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    path.write_text('{\n "baseline": 1,\n "findngs": [],\n "findings": [{"code": "x", "severity": "error"}]\n}')
    with pytest.raises(UsageError) as refused:
        read_baseline(path)
    said = refused.value.message.splitlines()[1:]
    assert [line.partition(": ")[0] for line in said] == [f"{path}:3:2", f"{path}:4:15", f"{path}:4:24"]
    assert "findings" in said[0] or "findings" in (refused.value.remedy or "")
    assert "fingerprint" in said[1]


def test_a_baseline_of_a_later_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    path.write_text('{"baseline": 2}')
    with pytest.raises(UsageError, match="version 2 is newer than 1"):
        read_baseline(path)
