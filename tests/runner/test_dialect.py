import json
from typing import Any

import pytest

from doctor.runner.answers import Answer
from doctor.runner.dialect import Dialect, Malformed, Run, Said, read_poll, read_run

SEED = {"run_id": "run_1", "type": "start_session", "session_id": "ses_1", "prompt": "hi", "agent_name": None}
CURRENT = {"run_id": "run_1", "type": "resume_session", "session_id": "ses_1", "parameters": {"prompt": "hi", "n": 1}}


def polled(document: Any, status: int = 200) -> Said:
    return read_poll(Answer(status=status, content_type=None, body=json.dumps(document).encode()))


def test_a_run_of_the_seeds_dialect() -> None:
    assert polled({"run": SEED}).run == Run(
        run_id="run_1",
        session_id="ses_1",
        mode="start",
        dialect=Dialect.SEED,
        prompt="hi",
        parameters={"prompt": "hi"},
    )


def test_a_run_of_the_current_dialect() -> None:
    given = {**CURRENT, "agent_name": "it", "project_dir": "/p", "resolved_agent_blueprint": {"a": 1}, "scope": {}}
    assert polled({"run": given}).run == Run(
        run_id="run_1",
        session_id="ses_1",
        mode="resume",
        dialect=Dialect.CURRENT,
        prompt="hi",
        parameters={"prompt": "hi", "n": 1},
        agent_name="it",
        project_dir="/p",
        blueprint={"a": 1},
    )


def test_parameters_count_where_both_are_given() -> None:
    run = read_run({**SEED, **CURRENT, "prompt": "other"})
    assert isinstance(run, Run)
    assert (run.dialect, run.prompt) == (Dialect.CURRENT, "hi")


def test_stops_of_both_dialects() -> None:
    assert polled({"stop_runs": ["a", 5], "stop_sessions": ["b"]}) == Said(stop_runs=("a",), stop_sessions=("b",))


def test_the_end_of_a_registration() -> None:
    assert polled({"deregistered": True}) == Said(deregistered=True)


@pytest.mark.parametrize("document", [{"sync_scripts": ["a"]}, {"stop_runs": "x"}, {"deregistered": "yes"}])
def test_what_is_not_known_is_passed_over(document: Any) -> None:
    assert polled(document) == Said()


def test_nothing_is_nothing() -> None:
    assert read_poll(Answer(status=204, content_type=None, body=b"")) == Said()


@pytest.mark.parametrize("document", [[], None, 5, "text", {}])
def test_what_is_no_object_is_a_problem(document: Any) -> None:
    said = polled(document)
    assert said.problem is not None
    assert said.problem.startswith("the answer to a poll is no JSON object")


@pytest.mark.parametrize("run", [[], 5, "x", {}, {"run_id": ""}, {"run_id": 5}])
def test_a_run_without_an_id_is_a_problem(run: Any) -> None:
    assert polled({"run": run}) == Said(problem="a run without a run_id was claimed")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"type": "dance"}, "Unknown agent run type: 'dance'"),
        ({"type": ["start_session"]}, "Unknown agent run type: ['start_session']"),
        ({"session_id": ""}, "the run's session_id is ''"),
        ({"session_id": "a/b"}, "the run's session_id is 'a/b'"),
        ({"session_id": ".."}, "the run's session_id is '..'"),
        ({"session_id": "a\0b"}, "the run's session_id is 'a\\x00b'"),
        ({"session_id": "x" * 257}, "the run's session_id is 'xxx"),
        ({"prompt": None}, "the run has neither a prompt nor parameters"),
        ({"parameters": []}, None),
        ({"agent_name": 5, "project_dir": []}, "the run has a value of the wrong type: agent_name, project_dir"),
        ({"resolved_agent_blueprint": "x"}, "the run has a value of the wrong type: resolved_agent_blueprint"),
    ],
    ids=str,
)
def test_a_malformed_run_says_why(changes: dict[str, Any], problem: str | None) -> None:
    run = read_run({**SEED, **changes})
    if problem is None:
        assert isinstance(run, Run)
    else:
        assert isinstance(run, Malformed)
        assert run.problem.startswith(problem)
