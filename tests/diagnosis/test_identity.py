from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.diagnosis.identity import Keys, identifier, said
from doctor.model.finding import Finding, Severity

DATA: dict[str, Any] = {
    "agent_profiles": [
        {"name": "codex", "skills": ["diary", "docmgr", "diary"], "runner_options": {"extra_args": ["--a", "--b"]}},
        {"name": "codex"},
        {"name": ""},
        {"runner": "claude"},
        "no profile",
    ],
    "git_pr": {"test_commands": ["make"]},
}


def known_as(subject: str, *, key: str | None = None, data: Any = DATA) -> str:
    identify = identifier(data, root=Path("/srv/project"), home=Path("/home/me"))
    return identify(Finding(code="ABC001", severity=Severity.ERROR, subject=subject, message="m", key=key))


@pytest.mark.parametrize(
    ("subject", "known"),
    [
        ("agent_profiles[0].skills[1]", "agent_profiles[codex].skills[docmgr]"),
        ("agent_profiles[0].skills[2]", "agent_profiles[codex].skills[diary#2]"),
        ("agent_profiles[1].base_prompt", "agent_profiles[codex#2].base_prompt"),
        ("agent_profiles[2].name", "agent_profiles[2].name"),
        ("agent_profiles[3].runner", "agent_profiles[3].runner"),
        ("agent_profiles[4]", "agent_profiles[4]"),
        ("agent_profiles[9].runner", "agent_profiles[9].runner"),
        ('agent_profiles[0].runner_options["a b"]', 'agent_profiles[codex].runner_options["a b"]'),
        ("git_pr.test_commands[0]", "git_pr.test_commands[0]"),
        ("tmux", "tmux"),
        ("agents a, b and 3 more [0]", "agents a, b and 3 more [0]"),
    ],
)
def test_a_place_in_the_policy_is_known_by_names_where_there_are_any(subject: str, known: str) -> None:
    assert known_as(subject) == known


def test_an_argument_is_known_by_its_number_because_a_hash_of_a_secret_would_give_it_away() -> None:
    assert known_as("agent_profiles[0].runner_options.extra_args[1]") == (
        "agent_profiles[codex].runner_options.extra_args[1]"
    )


def test_a_key_of_the_check_s_own_wins() -> None:
    assert known_as("agent_profiles[0].skills[1]", key="codex docmgr") == "codex docmgr"


def test_the_project_and_the_home_directory_are_no_part_of_it() -> None:
    assert known_as("/srv/project/.metawsm/policy.json") == ".metawsm/policy.json"
    assert known_as("/home/me/.config/x.toml") == "~/.config/x.toml"
    assert known_as("x", key="program /home/me/bin/x") == "program ~/bin/x"


def test_without_a_policy_a_subject_is_known_as_it_is() -> None:
    assert known_as("agent_profiles[0].skills[1]", data=None) == "agent_profiles[0].skills[1]"


names = st.lists(st.sampled_from(["a", "a#2", "a#3", "b", "0", "1", "'1'", None]), min_size=1, max_size=8)


@given(names)
def test_no_two_items_are_known_by_the_same(every: list[str | None]) -> None:
    data = {"agents": [{"name": name} for name in every]}
    identify = identifier(data, root=Path("/p"), home=Path("/h"))
    findings = [
        Finding(code="ABC001", severity=Severity.ERROR, subject=f"agents[{index}].profile", message="m")
        for index in range(len(every))
    ]
    assert len({identify(finding) for finding in findings}) == len(every)


def test_two_findings_of_one_check_that_are_known_by_the_same_are_numbered() -> None:
    keys = Keys(said)
    finding = Finding(code="ABC001", severity=Severity.ERROR, subject="s", message="m")
    every = [keys.key_of(each) for each in (finding, finding, replace(finding, key="k"), finding)]
    assert every == [None, "s #2", "k", "s #3"]
