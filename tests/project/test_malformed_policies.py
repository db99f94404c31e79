"""Two hundred policies that cannot be understood."""

import copy
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doctor.cli import main

EXAMPLES = 200

GOOD: dict[str, Any] = {
    "version": 2,
    "workspace": {"default_strategy": "create", "branch_prefix": "task"},
    "docs": {"api": {"request_timeout_seconds": 3, "repo_endpoints": []}},
    "health": {"idle_seconds": 300},
    "git_pr": {"required_checks": ["tests"], "review_feedback": {"enabled": False}},
    "orchestrator": {"runtime_profile": {"default": "shell", "stages": {"execute": "shell"}}},
    "doctor": {"fail_on": "error", "ignore": {"SKL001": {"reason": "later"}}},
    "agent_profiles": [{"name": "p", "runner": "shell", "runner_options": {"command": "bash"}}],
    "agents": [{"name": "a", "profile": "p"}, {"name": "b", "profile": "p", "stage": "execute"}],
}


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of every value below ``value``, itself included."""
    found = [path]
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in entries:
        found += places(inner, (*path, step))
    return found


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    """The value at ``path``."""
    for step in path:
        value = value[step]
    return value


def replaced(path: tuple[str | int, ...], value: Any) -> Any:
    """A copy of the good policy with another value at ``path``."""
    if not path:
        return value
    policy = copy.deepcopy(GOOD)
    at(policy, path[:-1])[path[-1]] = value
    return policy


# Free maps take any key; an unknown name in them is another kind of mistake.
FREE = {("orchestrator", "runtime_profile", "stages"), ("doctor", "ignore")}
OBJECTS = [path for path in places(GOOD) if isinstance(at(GOOD, path), dict) and path not in FREE]
PLACES = places(GOOD)


def unknown_key(path: tuple[str | int, ...], name: str) -> bytes:
    """A key that no object of the policy has."""
    return json.dumps(replaced(path, {**at(GOOD, path), f"zz{name}": 1})).encode("utf-8", "surrogatepass")


def wrong_type(path: tuple[str | int, ...]) -> bytes:
    """A value of a type that stands nowhere in a policy."""
    return json.dumps(replaced(path, 1.5)).encode()


def cut(length: int) -> bytes:
    """The beginning of a policy."""
    text = json.dumps(GOOD)
    return text[: length % len(text)].encode()


def duplicate(name: str) -> bytes:
    """One key twice."""
    return f'{{"version": 2, "{name}": {{}}, "{name}": {{}}}}'.encode()


def not_text(start: int, junk: bytes) -> bytes:
    """Bytes that no UTF-8 text has, somewhere in a policy."""
    text = json.dumps(GOOD).encode()
    start %= len(text)
    return text[:start] + b"\xff" + junk + text[start:]


def nested(depth: int) -> bytes:
    """Lists in lists, where a list of agents belongs."""
    return f'{{"version": 2, "agents": {"[" * depth}{"]" * depth}}}'.encode()


MALFORMED = st.one_of(
    st.builds(unknown_key, st.sampled_from(OBJECTS), st.text(max_size=12)),
    st.builds(wrong_type, st.sampled_from(PLACES)),
    st.builds(cut, st.integers(min_value=0, max_value=10_000)),
    st.builds(duplicate, st.sampled_from([str(name) for name in GOOD if isinstance(GOOD[name], dict)])),
    st.builds(not_text, st.integers(min_value=0, max_value=10_000), st.binary(max_size=8)),
    st.builds(nested, st.integers(min_value=2, max_value=20_000)),
    st.builds(
        lambda name: json.dumps(replaced(("agents", 0, "profile"), name)).encode("utf-8", "surrogatepass"),
        st.text(min_size=2, max_size=20),
    ),
)


@pytest.fixture
def diagnose_policy(
    private_project: Path,
    private_environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[[bytes], tuple[int, dict[str, Any], str]]:
    """Run the command in this process on a policy: exit status, JSON document, stderr."""
    path = private_project / ".metawsm" / "policy.json"
    path.parent.mkdir()
    (private_project / ".git").mkdir()
    monkeypatch.chdir(private_project)
    for name in set(os.environ) - set(private_environment):
        monkeypatch.delenv(name)
    for name, value in private_environment.items():
        monkeypatch.setenv(name, value)

    def diagnose(content: bytes) -> tuple[int, dict[str, Any], str]:
        path.write_bytes(content)
        status = main(["check", "--format", "json"])
        out, err = capsys.readouterr()
        return status, json.loads(out), err

    return diagnose


@given(content=MALFORMED)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_malformed_policy_is_exit_2_with_a_location_and_never_a_traceback(
    diagnose_policy: Callable[[bytes], tuple[int, dict[str, Any], str]], content: bytes
) -> None:
    status, document, err = diagnose_policy(content)
    assert (status, document["exit_code"]) == (2, 2)
    errors = [finding for finding in document["findings"] if finding["severity"] == "error"]
    located = [finding["location"] for finding in errors if finding["location"] is not None]
    assert any(place["path"].endswith("policy.json") for place in located)
    assert any(place["line"] is not None for place in located) or b"\xff" in content
    assert "Traceback" not in err + json.dumps(document)


def test_the_policy_that_is_malformed_here_is_good_as_it_stands(
    diagnose_policy: Callable[[bytes], tuple[int, dict[str, Any], str]],
) -> None:
    status, document, _ = diagnose_policy(json.dumps(GOOD).encode())
    assert status in {0, 1}, document["findings"]
