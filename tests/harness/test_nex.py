import sys
from collections.abc import Callable

import pytest

from doctor.harness.base import HarnessContext, LaunchRequest
from doctor.harness.nex import Nex
from doctor.model.harness import PROMPT

MakeContext = Callable[..., HarnessContext]


def test_it_runs_in_this_python_once_its_module_is_there(machine: MakeContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object() if name == "doctor.nex" else None)

    assert Nex().builtin_program(machine()).path == sys.executable


def test_it_is_absent_as_long_as_this_version_does_not_carry_it(machine: MakeContext) -> None:
    program = Nex().builtin_program(machine())

    assert not program.found
    assert [candidate.problem for candidate in program.candidates] == ["has no module doctor.nex"]


def test_model_and_endpoint_are_passed_and_no_key() -> None:
    start = Nex().compile(LaunchRequest(path="python", model="glm-5", endpoint_url="http://h/v1"))

    assert start.argv == ("python", "-m", "doctor.nex", "--model", "glm-5", "--base-url", "http://h/v1", PROMPT)
    assert dict(start.env) == {}
