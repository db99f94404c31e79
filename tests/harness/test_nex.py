import sys
from collections.abc import Callable

import pytest

from doctor.harness.base import HarnessContext, LaunchRequest
from doctor.harness.nex import Nex
from doctor.model.harness import PROMPT

MakeContext = Callable[..., HarnessContext]


def test_it_runs_in_this_python_once_the_extra_is_there(machine: MakeContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object() if name == "openai" else None)

    assert Nex().builtin_program(machine()).path == sys.executable


def test_without_the_extra_it_is_absent_and_says_why(machine: MakeContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    program = Nex().builtin_program(machine())

    assert not program.found
    assert [candidate.problem for candidate in program.candidates] == ["lacks the package openai"]
    assert Nex.install == "pip install 'harness-doctor[nex]'"


def test_model_and_endpoint_are_passed_and_no_key() -> None:
    start = Nex().compile(LaunchRequest(path="python", model="glm-5", endpoint_url="http://h/v1"))

    assert start.argv == ("python", "-m", "doctor.nex", "--model", "glm-5", "--base-url", "http://h/v1", PROMPT)
    assert dict(start.env) == {}
