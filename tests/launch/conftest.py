"""Bindings, skills and programs to make launch specs of."""

import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from doctor.harness.base import Harness, LaunchRequest
from doctor.harness.registry import Registry, builtin_harnesses
from doctor.launch.specs import compile_spec
from doctor.model.binding import Binding, Choice
from doctor.model.harness import HarnessFact, ProgramFact, SkillFact, SkillSource
from doctor.model.policy import AgentProfile, RunnerOptions
from doctor.model.spec import LaunchSpec
from doctor.model.stage import Stage

MakeSpec = Callable[..., LaunchSpec]
MakeSkill = Callable[..., SkillFact]

ECHO = """#!{python} -IS
import json, os, sys
read = "" if sys.stdin.isatty() else sys.stdin.buffer.read().hex()
argv = [os.fsencode(each).hex() for each in sys.argv]
record = {{"argv": argv, "stdin": read, "cwd": os.getcwd(), "env": dict(os.environ)}}
with open(sys.argv[0] + ".record", "w") as file:
    json.dump(record, file)
"""


@pytest.fixture
def registry() -> Registry:
    return Registry(builtin_harnesses())


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project's root."""
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def echo(tmp_path: Path) -> Path:
    """A program that records what it was given in a file beside it."""
    path = tmp_path / "bin" / "echo-harness"
    path.parent.mkdir()
    path.write_text(ECHO.format(python=sys.executable))
    path.chmod(0o755)
    return path


@pytest.fixture
def heard(echo: Path) -> Callable[[], dict[str, Any]]:
    """What ``echo`` was given."""

    def read() -> dict[str, Any]:
        record = json.loads(Path(f"{echo}.record").read_text())
        argv = [bytes.fromhex(each).decode() for each in record["argv"]]
        return {**record, "argv": argv, "stdin": bytes.fromhex(record["stdin"])}

    return read


@pytest.fixture
def skill(tmp_path: Path) -> MakeSkill:
    """A skill that is there: ``skill(name, content)``."""

    def make(name: str, content: str = "what to do\n", **changes: Any) -> SkillFact:
        path = tmp_path / "skills" / name / "SKILL.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode())
        fact = SkillFact(
            name=name,
            runtime_id="codex",
            path=str(path),
            source=SkillSource.HOME,
            sha256=hashlib.sha256(content.encode()).hexdigest(),
            description=f"how {name} works",
        )
        return replace(fact, **changes)

    return make


@pytest.fixture
def make_spec(registry: Registry, project: Path, echo: Path) -> MakeSpec:
    """A spec of any harness, with ``echo`` in the place of its program."""

    def make(runtime_id: str = "codex", *, base: str = "do it all", **given: Any) -> LaunchSpec:
        harness = registry.get(runtime_id)
        assert harness is not None
        interactive = given.get("interactive", False)
        request = given.pop("request", {})
        launch = launched(harness, echo, interactive=interactive, **request)
        binding = Binding(
            agent="worker",
            agent_index=0,
            profile="basic",
            profile_index=0,
            stage=Stage.EXECUTE,
            runtime=Choice(value=runtime_id, source="agent"),
            model=Choice(),
            endpoint=Choice(),
            session="worker-project",
            launch=launch,
        )
        arguments = {
            "binding": replace(binding, **given.pop("binding", {})),
            "profile": AgentProfile(name="basic", runner=runtime_id, base_prompt=base),
            "harness": harness,
            "fact": HarnessFact(runtime_id=runtime_id, title="T", program=ProgramFact(path=str(echo), version="1.2.3")),
            "skills": (),
            "cwd": str(project),
            "directory": project / ".metawsm",
        }
        return compile_spec(**{**arguments, **given})

    return make


def launched(harness: Harness, program: Path, *, interactive: bool = False, **request: Any) -> Any:
    """What the adapter compiles for ``program``."""
    options = RunnerOptions(**request.pop("options", {}))
    return harness.compile(LaunchRequest(path=str(program), options=options, interactive=interactive, **request))
