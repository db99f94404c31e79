"""The real programs, as far as they are installed: on PATH, or in the directory DOCTOR_TEST_HARNESS_BIN names."""

import os
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from doctor.harness.base import Harness, HarnessContext, LaunchRequest
from doctor.harness.discovery import search_path
from doctor.harness.flags import unknown_flags
from doctor.harness.probe import Prober
from doctor.harness.process import run
from doctor.harness.registry import Registry, builtin_harnesses
from doctor.harness.versions import release
from doctor.model.harness import PROMPT, Auth, CompiledArgv
from doctor.model.machine import Machine
from doctor.model.policy import RunnerOptions

pytestmark = pytest.mark.harness

MakeContext = Callable[..., HarnessContext]
INSTALL = "npm install -g @openai/codex @anthropic-ai/claude-code opencode-ai"
REGISTRY = Registry(builtin_harnesses())
PROGRAMS = tuple(harness for harness in REGISTRY.harnesses if not harness.builtin)
MEASURED = {
    "codex": ("0.169.0", "codex-cli 0.169.0", Auth.NO),
    "claude_code": ("2.1.197", "2.1.197 (Claude Code)", Auth.NO),
    "opencode": ("1.18.33", "1.18.33", Auth.UNKNOWN),
}
"""What these versions answer in an empty home directory."""


@pytest.fixture
def real(machine: MakeContext) -> HarnessContext:
    folders = (os.environ.get("DOCTOR_TEST_HARNESS_BIN"), os.environ.get("PATH"))
    return machine(PATH=os.pathsep.join(filter(None, folders)))


def installed(harness: Harness, context: HarnessContext) -> None:
    if not any(search_path(name, context) for name in harness.binaries):
        pytest.skip(f"{harness.id} is not on PATH: {harness.install if harness.id not in MEASURED else INSTALL}")


def prober(context: HarnessContext, *harnesses: Harness) -> Prober:
    return Prober(registry=Registry(harnesses), context=context, machine=Machine(), timeout=120.0)


@pytest.mark.parametrize("harness", PROGRAMS, ids=lambda harness: harness.id)
def test_it_is_found_and_its_version_is_read(real: HarnessContext, harness: Harness) -> None:
    installed(harness, real)

    program = prober(real, harness).harnesses()[harness.id].program

    assert program.problem is None, program.problem_detail
    assert len(release(program.version or "")) > 1
    assert Path(program.path or "").name in harness.binaries


@pytest.mark.parametrize("runtime_id", MEASURED)
def test_a_measured_version_answers_as_measured(real: HarnessContext, runtime_id: str) -> None:
    harness = REGISTRY.get(runtime_id)
    assert harness is not None
    installed(harness, real)
    version, text, auth = MEASURED[runtime_id]

    fact = prober(real, harness).harnesses()[runtime_id]

    if fact.program.version != version:
        pytest.skip(f"{runtime_id} is {fact.program.version}, measured was {version}")
    assert (fact.program.version_text, fact.auth) == (text, auth)


@pytest.mark.parametrize("harness", PROGRAMS, ids=lambda harness: harness.id)
def test_it_knows_every_flag_it_would_be_started_with(real: HarnessContext, harness: Harness) -> None:
    installed(harness, real)
    asking = prober(real, harness)
    fact = asking.harnesses()[harness.id]

    unknown = {
        start.argv: answer
        for start in starts(harness, fact.program.path or "", fact.program.version)
        if (answer := unknown_flags(harness, fact, start.argv, asking))
    }

    assert unknown == {}
    assert asking.help(harness.id) is not None or not harness.help_args


@pytest.mark.parametrize("runtime_id", ["codex", "claude_code"])
def test_its_own_parser_takes_every_start(real: HarnessContext, runtime_id: str) -> None:
    harness = REGISTRY.get(runtime_id)
    assert harness is not None
    installed(harness, real)
    program = prober(real, harness).harnesses()[runtime_id].program

    for start in starts(harness, program.path or "", program.version):
        argv = [argument.replace(PROMPT, "prompt") for argument in start.argv]
        answer = run([*argv, "--help"], timeout=60, env=real.environment)
        assert (answer.returncode, argv) == (0, argv), answer.stderr


@pytest.mark.parametrize("runtime_id", MEASURED)
def test_a_flag_that_never_was_is_unknown_to_it(real: HarnessContext, runtime_id: str) -> None:
    harness = REGISTRY.get(runtime_id)
    assert harness is not None
    installed(harness, real)
    asking = prober(real, harness)
    fact = asking.harnesses()[runtime_id]
    options = RunnerOptions(extra_args=("--no-such-flag-ever",))
    start = harness.compile(LaunchRequest(path=fact.program.path or "", options=options))

    assert [flag for flag, _ in unknown_flags(harness, fact, start.argv, asking)] == ["--no-such-flag-ever"]


def starts(harness: Harness, path: str, version: str | None) -> list[CompiledArgv]:
    """Every combination of what ``compile`` takes from a policy."""
    modes: tuple[str | None, ...] = (None, *harness.choices.get("permission_mode", ()))
    switches = [name for name in ("full_auto", "trust_workspace") if name in harness.options]
    return [
        harness.compile(
            LaunchRequest(
                path=path,
                version=version,
                options=RunnerOptions(permission_mode=mode, **dict.fromkeys(switches, switch)),  # type: ignore[arg-type]
                model="provider/model",
                endpoint_url=url,
                interactive=interactive,
                cwd="/srv/project",
            )
        )
        for mode, switch, url, interactive in product(modes, (None, True), (None, "http://h/v1"), (False, True))
    ]
