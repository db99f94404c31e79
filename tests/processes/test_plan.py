from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from doctor.errors import UsageError
from doctor.exit_codes import ExitCode
from doctor.model.options import Options
from doctor.model.spec import Mode
from doctor.model.stage import Stage
from doctor.processes.order import Order
from doctor.processes.plan import plan

WritePolicy = Callable[..., Path]


def test_every_agent_of_the_policy_gets_a_spec_in_its_order(options: Options, write_policy: WritePolicy) -> None:
    write_policy(b="true", a="true")

    planned = plan(Order(options=options))

    assert [spec.agent for spec in planned.specs] == ["b", "a"]
    assert planned.exit_code is ExitCode.OK


def test_the_same_order_makes_the_same_spec(options: Options, write_policy: WritePolicy) -> None:
    write_policy(a="true")

    assert plan(Order(options=options)).specs == plan(Order(options=options)).specs


def test_only_the_named_agents_are_planned(options: Options, write_policy: WritePolicy) -> None:
    write_policy(a="true", b="true", c="true")

    assert [spec.agent for spec in plan(Order(options=options, agents=("c", "a"))).specs] == ["a", "c"]


def test_an_agent_that_the_policy_does_not_have_is_refused_with_the_nearest(
    options: Options, write_policy: WritePolicy
) -> None:
    write_policy(reviewer="true")

    with pytest.raises(UsageError) as refused:
        plan(Order(options=options, agents=("reviewr",)))

    assert (refused.value.message, refused.value.remedy) == (
        "the policy has no agent 'reviewr'",
        "did you mean 'reviewer'?",
    )


def test_an_agent_of_another_stage_is_refused(options: Options, write_policy: WritePolicy) -> None:
    write_policy(a="true")

    with pytest.raises(UsageError, match="does not work at stage reflect"):
        plan(Order(options=replace(options, stage=Stage.REFLECT), agents=("a",)))


@pytest.mark.parametrize("ticket", ["", "../up", "a/b", "x\n"])
def test_a_ticket_that_could_be_no_name_is_refused(options: Options, write_policy: WritePolicy, ticket: str) -> None:
    write_policy(a="true")

    with pytest.raises(UsageError, match="--ticket"):
        plan(Order(options=options, ticket=ticket))


def test_a_binding_with_an_error_finding_becomes_no_spec(options: Options, write_policy: WritePolicy) -> None:
    broken = {"name": "of-a", "runner": "codex", "base_prompt": "work"}
    write_policy(more={"agent_profiles": [broken], "agents": [{"name": "a", "profile": "of-a"}]})

    planned = plan(Order(options=options))

    assert (planned.specs, [each.agent for each in planned.refused]) == ((), ["a"])
    assert planned.exit_code is ExitCode.FINDINGS
    assert any("codex" in finding.message for finding in planned.report.findings)


def test_a_policy_that_cannot_be_read_plans_nothing(options: Options, write_policy: WritePolicy) -> None:
    write_policy(a="true").write_text("{", encoding="utf-8")

    planned = plan(Order(options=options))

    assert (planned.specs, planned.exit_code) == ((), ExitCode.USAGE)


def test_agents_start_where_they_are_told_to(options: Options, write_policy: WritePolicy, tmp_path: Path) -> None:
    write_policy(a="true")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    [spec] = plan(Order(options=replace(options, agent_cwd=elsewhere, interactive=True))).specs

    assert (spec.cwd, spec.session, spec.mode) == (str(elsewhere), "a-elsewhere", Mode.INTERACTIVE)
