"""Directives, verbs and the payload of their events."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.model.event import ControlDirective, Directive, Verb, utc_text
from doctor.model.process import State

LEAST: dict[str, Any] = {
    "target_type": "agent_process",
    "target_id": "p-1",
    "emitted_by": "agent_process",
    "directive": Directive.CONTINUE,
    "reason": "execute: launched",
}
OPTIONAL_TEXTS = (
    "phase",
    "context_snapshot_id",
    "session_id",
    "execution_id",
    "lineage_id",
    "parent_directive_id",
    "idempotency_key",
)


def test_the_directives_are_closed_and_two_of_them_end_their_target() -> None:
    assert {str(each): each.is_terminal for each in Directive} == {
        "continue": False,
        "evaluate": False,
        "evolve": False,
        "unstuck": False,
        "retry": False,
        "compact": False,
        "wait": False,
        "cancel": True,
        "converge": True,
    }


@pytest.mark.parametrize(
    ("verb", "directive", "before", "after"),
    [
        ("spawn", "continue", set(), "running"),
        ("pause", "wait", {"running"}, "paused"),
        ("resume", "continue", {"paused"}, "running"),
        ("cancel", "cancel", {"running", "paused"}, "cancelled"),
        ("complete", "converge", {"running", "paused"}, "completed"),
        ("fail", "cancel", {"running", "paused"}, "failed"),
    ],
)
def test_each_verb_has_its_directive_and_its_states(verb: str, directive: str, before: set[str], after: str) -> None:
    asked = Verb(verb)
    assert (str(asked.directive), set(map(str, asked.starts_from)), str(asked.leads_to)) == (directive, before, after)


def test_no_verb_leads_out_of_a_final_state() -> None:
    assert not any(state.is_final for verb in Verb for state in verb.starts_from)
    assert {state for state in State if state.is_final} == {
        verb.leads_to for verb in Verb if verb.directive.is_terminal
    }


def test_the_least_payload_has_exactly_the_fields_that_are_always_there() -> None:
    assert ControlDirective(**LEAST).to_payload() == {
        "schema_version": 1,
        "target_type": "agent_process",
        "target_id": "p-1",
        "emitted_by": "agent_process",
        "directive": "continue",
        "is_terminal": False,
        "reason": "execute: launched",
    }


def test_the_fullest_payload_has_every_optional_field() -> None:
    optional: dict[str, Any] = {name: f"some {name}" for name in OPTIONAL_TEXTS}
    directive = ControlDirective(**LEAST, **optional, generation_number=3, extra={"stage": "execute"})
    payload = directive.to_payload()
    assert payload == ControlDirective(**LEAST).to_payload() | optional | {
        "generation_number": 3,
        "extra": {"stage": "execute"},
    }
    assert ControlDirective.from_payload(payload) == directive


@pytest.mark.parametrize("name", ["target_type", "target_id", "emitted_by", "reason", *OPTIONAL_TEXTS])
def test_texts_are_trimmed_and_never_blank(name: str) -> None:
    assert ControlDirective(**LEAST | {name: "  x \n"}).to_payload()[name] == "x"
    for blank in ("", " \t\n"):
        with pytest.raises(ValueError, match=rf"^{name} must not be blank$"):
            ControlDirective(**LEAST | {name: blank})
    with pytest.raises(TypeError, match=rf"^{name} must be a text, found int$"):
        ControlDirective(**LEAST | {name: 7})


@pytest.mark.parametrize("generation", [0, -1])
def test_generations_count_from_one(generation: int) -> None:
    with pytest.raises(ValueError, match=rf"^generation_number must be at least 1, found {generation}$"):
        ControlDirective(**LEAST, generation_number=generation)


@pytest.mark.parametrize("generation", [True, "1", 1.0])
def test_a_generation_is_a_whole_number(generation: Any) -> None:
    with pytest.raises(TypeError, match=r"^generation_number must be a whole number, found "):
        ControlDirective(**LEAST, generation_number=generation)


@pytest.mark.parametrize("extra", [None, [], "text", (("a", 1),)])
def test_extra_is_a_dict(extra: Any) -> None:
    with pytest.raises(TypeError, match=r"^extra must be a dict, found "):
        ControlDirective(**LEAST, extra=extra)


def test_a_directive_outside_the_closed_set_is_refused() -> None:
    with pytest.raises(ValueError, match="stop"):
        ControlDirective(**LEAST | {"directive": "stop"})


def test_nobody_supplies_whether_a_directive_is_terminal() -> None:
    with pytest.raises(TypeError, match="is_terminal"):
        ControlDirective(**LEAST | {"is_terminal": True})
    payload = ControlDirective(**LEAST).to_payload() | {"is_terminal": True}
    assert ControlDirective.from_payload(payload).is_terminal is False


def test_fields_of_a_later_release_are_passed_over() -> None:
    directive = ControlDirective(**LEAST)
    assert ControlDirective.from_payload(directive.to_payload() | {"urgency": 9}) == directive


def test_a_payload_without_what_is_needed_is_refused_naming_it() -> None:
    with pytest.raises(ValueError, match=r"^a directive without reason, directive$"):
        ControlDirective.from_payload({"target_type": "a", "target_id": "b", "emitted_by": "c"})


def test_only_a_directive_with_a_key_can_be_told_from_its_repetition() -> None:
    assert ControlDirective(**LEAST).decision is None
    assert ControlDirective(**LEAST, idempotency_key="k").decision == ("agent_process", "p-1", "continue", "k")


@given(
    directive=st.sampled_from(Directive),
    reason=st.text().filter(str.strip),
    extra=st.dictionaries(st.text(), st.text()),
)
def test_a_payload_reads_back_as_what_it_was_made_from(
    directive: Directive, reason: str, extra: dict[str, str]
) -> None:
    made = ControlDirective(**LEAST | {"directive": directive, "reason": reason, "extra": extra})
    assert ControlDirective.from_payload(made.to_payload()) == made
    assert made.to_payload()["is_terminal"] is directive.is_terminal


def test_times_are_in_utc_and_sort_as_they_passed() -> None:
    assert utc_text(0) == "1970-01-01T00:00:00.000000+00:00"
    texts = [utc_text(each) for each in (0.5, 1, 1.25, 59.999999, 3600, 2_000_000_000)]
    assert all(earlier < later for earlier, later in pairwise(texts))
    assert datetime.fromisoformat(texts[-1]) == datetime(2033, 5, 18, 3, 33, 20, tzinfo=UTC)
