"""Where the values of the resolved table stand."""

import json
from pathlib import Path

import pytest

from doctor.config.machine import load_machine, load_named_profile
from doctor.config.origins import FileOrigins
from doctor.config.policy import load_policy
from doctor.harness.registry import Registry, builtin_harnesses
from doctor.model.binding import Choice
from doctor.model.location import Location
from doctor.model.stage import Stage

SPECS = Registry(builtin_harnesses()).specs()
POLICY = {
    "version": 2,
    "agent_profiles": [
        {"name": "a", "runner": "codex", "base_prompt": "Work."},
        {"name": "b", "runner": "claude", "base_prompt": "Work.", "runner_options": {"model": "opus"}},
    ],
    "agents": [{"name": "a", "profile": "a"}, {"name": "b", "profile": "b"}],
    "orchestrator": {
        "runtime_profile": {"default": "codex", "stages": {"reflect": "codex"}},
        "runtime_backend": "codex",
    },
}
PROFILE = """\
[agent]
model = "nex:m"
[models.evaluator]
model = "claude:haiku"
endpoint = "box"
[models.default]
endpoint = "attic"
[[llm_endpoints.endpoints]]
name = "own"
url = "http://h"
"""
MACHINE = '[endpoints.box]\nurl = "http://h"\n\n[endpoints.attic]\nurl = "http://h"\n'


@pytest.fixture
def origins(tmp_path: Path) -> FileOrigins:
    files = {"policy.json": json.dumps(POLICY, indent=1), "x.toml": PROFILE, "machine.toml": MACHINE}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    policy = load_policy(tmp_path / "policy.json", runners=SPECS)
    machine = load_machine(tmp_path / "machine.toml", runners=SPECS)
    named = load_named_profile(tmp_path / "x.toml", runners=SPECS)
    assert (policy.problems, machine.problems, named.problems) == ((), (), ())
    return FileOrigins(policy=policy.document, machine=machine.document, named=named.document, profile=named.value)


def line(location: Location | None) -> tuple[str, int | None, str | None] | None:
    return (Path(location.path).name, location.line, location.pointer) if location else None


@pytest.mark.parametrize(
    ("source", "pointer"),
    [
        ("stage", "/orchestrator/runtime_profile/stages/reflect"),
        ("default", "/orchestrator/runtime_profile/default"),
        ("config", "/orchestrator/runtime_backend"),
        ("agent", "/agent_profiles/1/runner"),
    ],
)
def test_a_harness_that_the_policy_names_stands_in_it(origins: FileOrigins, source: str, pointer: str) -> None:
    found = origins.runtime(source, Stage.REFLECT, 1)
    assert found is not None
    assert (Path(found.path).name, found.pointer) == ("policy.json", pointer)


@pytest.mark.parametrize("source", ["flag", "env:DOCTOR_RUNTIME", "none"])
def test_what_no_file_says_stands_nowhere(origins: FileOrigins, source: str) -> None:
    assert origins.runtime(source, Stage.EXECUTE, 0) is None
    assert origins.model(source, Stage.EXECUTE, 0) is None


def test_a_model_stands_where_its_source_says_it(origins: FileOrigins) -> None:
    assert line(origins.model("policy", Stage.EXECUTE, 1)) == (
        "policy.json",
        14,
        "/agent_profiles/1/runner_options/model",
    )
    assert line(origins.model("profile:x", Stage.EXECUTE, 0)) == ("x.toml", 2, "/agent/model")
    assert line(origins.model("profile:x", Stage.EVALUATE, 0)) == ("x.toml", 4, "/models/evaluator/model")


def test_an_endpoint_stands_where_it_is_chosen(origins: FileOrigins) -> None:
    by_role = Choice(value="box", source="profile:x")
    assert line(origins.endpoint(by_role, Stage.EVALUATE)) == ("x.toml", 5, "/models/evaluator/endpoint")
    by_default_role = Choice(value="attic", source="profile:x")
    assert line(origins.endpoint(by_default_role, Stage.EXECUTE)) == ("x.toml", 7, "/models/default/endpoint")
    brought = Choice(value="own", source="profile:x")
    assert line(origins.endpoint(brought, Stage.EXECUTE)) == ("x.toml", 8, "/llm_endpoints/endpoints/0")
    machine = Choice(value="attic", source="machine")
    assert line(origins.endpoint(machine, Stage.EXECUTE)) == ("machine.toml", 4, "/endpoints/attic")
    assert origins.endpoint(Choice(), Stage.EXECUTE) is None


def test_without_files_nothing_stands_anywhere() -> None:
    nothing = FileOrigins()
    assert nothing.model("policy", Stage.EXECUTE, 0) is None
    assert nothing.endpoint(Choice(value="box", source="machine"), Stage.EXECUTE) is None
