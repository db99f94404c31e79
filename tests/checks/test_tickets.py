"""TKT: tools are asked for only where the policy needs them."""

from typing import Any

import pytest

import doctor
from checks import tickets as family
from doctor.model.policy import DocEndpoint, Docs, DocsApi, GitPr
from doctor.testing import CheckOutcome, run_check

ENDPOINT = DocEndpoint(name="d", base_url="http://localhost:1", repo="shop")
SKILLED = doctor.AgentProfile(name="p", runner="alpha", base_prompt="Work.", skills=("diary", "docmgr"))


def tools(*present: str) -> Any:
    return lambda name: doctor.ProgramFact(path=f"/bin/{name}" if name in present else None)


def asked(check: type[doctor.Check], policy_file: doctor.Loaded[doctor.Policy], *present: str) -> CheckOutcome:
    facts = {"policy": policy_file.value, "policy_file": policy_file, "tools": tools(*present)}
    if check is family.TKT002:
        del facts["policy"]
    return run_check(check, **facts)


NEEDS = [
    (family.TKT001, doctor.Policy(agent_profiles=(SKILLED,)), "version = 2", "docmgr", "/agent_profiles/0/skills/1"),
    (
        family.TKT001,
        doctor.Policy(docs=Docs(api=DocsApi(repo_endpoints=(ENDPOINT,)))),
        "version = 2",
        "docmgr",
        "/docs/api/repo_endpoints",
    ),
    (
        family.TKT001,
        doctor.Policy(),
        'docs.seed_mode = "copy_from_repo_on_start"',
        "docmgr",
        "/docs/seed_mode",
    ),
    (family.TKT002, doctor.Policy(), 'workspace.branch_prefix = "t"', "wsm", "/workspace"),
    (family.TKT003, doctor.Policy(), 'git_pr.mode = "assist"', "gh", "/git_pr"),
]


@pytest.mark.parametrize(("check", "policy", "text", "tool", "pointer"), NEEDS)
def test_a_tool_that_the_policy_needs_is_missed_where_it_says_so(
    check: type[doctor.Check],
    policy: doctor.Policy,
    text: str,
    tool: str,
    pointer: str,
    loaded: Any,
    told: Any,
    says: Any,
) -> None:
    policy_file = loaded(policy, f"{text}\n")
    outcome = asked(check, policy_file)
    assert told(outcome) == [("warning", tool, pointer, ())]
    assert says(outcome.findings[0], f"{tool} was not found on PATH", f"install {tool}")
    assert asked(check, policy_file, tool).status == "passed"


@pytest.mark.parametrize(
    ("check", "policy", "text"),
    [
        (family.TKT001, doctor.Policy(), 'docs.seed_mode = "none"'),
        (family.TKT002, doctor.Policy(), "version = 2"),
        (family.TKT003, doctor.Policy(git_pr=GitPr(mode="off")), 'git_pr.mode = "off"'),
        (family.TKT003, doctor.Policy(), "version = 2"),
    ],
)
def test_a_policy_that_asks_for_nothing_needs_no_tool(
    check: type[doctor.Check], policy: doctor.Policy, text: str, loaded: Any
) -> None:
    assert asked(check, loaded(policy, f"{text}\n")).status == "passed"


@pytest.mark.parametrize("check", [family.TKT001, family.TKT002, family.TKT003])
def test_the_embedded_default_needs_no_tool(check: type[doctor.Check]) -> None:
    assert asked(check, doctor.Loaded(value=doctor.Policy())).status == "passed"
