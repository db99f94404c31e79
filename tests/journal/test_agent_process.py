"""One process through its life."""

from collections.abc import Callable

import pytest

from doctor.journal.agent_process import AgentProcess
from doctor.journal.errors import IllegalTransition, JournalError
from doctor.journal.journal import Journal
from doctor.model.event import Spawn, Verb
from doctor.model.process import Outcome, OutcomeKind, State

MakeSpawn = Callable[..., Spawn]


@pytest.fixture
def process(journal: Journal, make_spawn: MakeSpawn) -> AgentProcess:
    made = AgentProcess(journal, "p-1")
    made.spawn(make_spawn(), at=1)
    return made


def test_a_process_runs_waits_goes_on_and_completes(process: AgentProcess) -> None:
    states = [process.state]
    process.pause(reason="asked", at=2)
    states.append(process.state)
    process.resume(reason="asked", at=3)
    states.append(process.state)
    process.complete(reason="exit 0", at=4, outcome=Outcome(kind=OutcomeKind.EXITED, code=0))
    states.append(process.state)
    assert states == ["running", "paused", "running", "completed"]


def test_replaying_its_events_tells_the_same_state(process: AgentProcess) -> None:
    process.pause(reason="asked", at=2)
    assert process.replay() is State.PAUSED
    process.fail(reason="exit 7", at=3)
    assert process.replay() is process.state is State.FAILED


def test_a_failed_process_is_told_from_a_cancelled_one(journal: Journal, make_spawn: MakeSpawn) -> None:
    failed, cancelled = AgentProcess(journal, "p-1"), AgentProcess(journal, "p-2")
    failed.spawn(make_spawn("p-1"), at=1)
    cancelled.spawn(make_spawn("p-2"), at=1)
    failed.fail(reason="exit 7", at=2)
    cancelled.cancel(reason="stopped", at=2)
    ends = [each.events()[-1].payload for each in (journal,)] + [journal.events("p-1")[-1].payload]
    assert [(end["directive"], end["extra"]["lifecycle_status"]) for end in ends] == [
        ("cancel", "cancelled"),
        ("cancel", "failed"),
    ]


@pytest.mark.parametrize("end", [Verb.CANCEL, Verb.COMPLETE, Verb.FAIL])
@pytest.mark.parametrize("verb", [verb for verb in Verb if verb is not Verb.SPAWN])
def test_nothing_follows_an_end(process: AgentProcess, end: Verb, verb: Verb) -> None:
    getattr(process, end)(reason="it ended", at=2)
    with pytest.raises(
        IllegalTransition, match=rf"^process 'p-1' is {end.leads_to}, so `{verb}` is not possible: "
    ) as seen:
        getattr(process, verb)(reason="asked", at=3)
    assert (seen.value.process_id, seen.value.verb, seen.value.state) == ("p-1", verb, end.leads_to)


def test_a_second_spawn_names_the_state_of_the_first(process: AgentProcess, make_spawn: MakeSpawn) -> None:
    with pytest.raises(IllegalTransition) as seen:
        process.spawn(make_spawn(), at=2)
    assert seen.value.message == (
        "process 'p-1' is running, so `spawn` is not possible: expected an id that was never used"
    )


def test_a_process_that_was_never_spawned_can_do_nothing(journal: Journal) -> None:
    nobody = AgentProcess(journal, "p-9")
    assert (nobody.state, nobody.replay()) == (None, None)
    with pytest.raises(JournalError) as seen:
        nobody.pause(reason="asked", at=1)
    assert seen.value.message == (
        "process 'p-9' is not in the journal, so `pause` is not possible: expected one that is running"
    )


def test_a_repeated_delivery_is_no_error(process: AgentProcess) -> None:
    assert process.pause(reason="asked", at=2, idempotency_key="k")
    assert not process.pause(reason="asked", at=2, idempotency_key="k")
    with pytest.raises(IllegalTransition):
        process.pause(reason="asked", at=2, idempotency_key="other")


def test_two_that_hold_the_same_process_agree(process: AgentProcess, journal: Journal) -> None:
    with Journal(journal.path) as elsewhere:
        other = AgentProcess(elsewhere, "p-1")
        other.complete(reason="exit 0", at=2)
        with pytest.raises(IllegalTransition):
            process.cancel(reason="stopped", at=3)
        assert process.state is other.state is State.COMPLETED


def test_a_spawn_of_another_process_is_refused(journal: Journal, make_spawn: MakeSpawn) -> None:
    with pytest.raises(ValueError, match=r"^a spawn of p-2, expected one of p-1$"):
        AgentProcess(journal, "p-1").spawn(make_spawn("p-2"), at=1)
