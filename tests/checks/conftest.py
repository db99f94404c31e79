"""A machine made of values: four harnesses of our own, and short ways to say who uses them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import doctor
from doctor.config.documents import read_document
from doctor.testing import CheckOutcome

Maker = Callable[..., Any]


class Alpha(doctor.Harness):
    """An agent CLI like most."""

    id = "alpha"
    title = "Alpha"
    aliases = ("alpha_cli",)
    binaries = ("alpha", "alpha-agent")
    install = "pip install alpha-agent"
    login = "alpha login"
    options = ("model", "extra_args", "env")
    endpoint_kinds = ("openai",)
    model_patterns = (r"a-.*",)
    auth_variables = ("ALPHA_KEY",)
    flags = (doctor.Flag(name="--old", until="2.0", instead="--new"), doctor.Flag(name="--new", since="2.0"))

    def skill_roots(self, context: doctor.HarnessContext) -> tuple[Path, ...]:
        return (context.home / ".alpha" / "skills", context.project / ".alpha" / "skills")

    def root_refusal(self, context: doctor.HarnessContext, launch: doctor.CompiledArgv) -> str | None:
        return "it asks nobody" if "--yolo" in launch.argv else None

    def dialogs(
        self, context: doctor.HarnessContext, launch: doctor.CompiledArgv, auth: doctor.Auth
    ) -> Iterator[doctor.Dialog]:
        def dialog(kind: str, *, headless: bool) -> doctor.Dialog:
            return doctor.Dialog(
                runtime_id="alpha",
                kind=kind,
                detail=f"no {kind} in state.json",
                remedy=f"allow {kind}",
                headless=headless,
            )

        if "--untrusted" in launch.argv:
            yield dialog("trust", headless=True)
        if "--screen" in launch.argv:
            yield dialog("onboarding", headless=False)
        if auth is doctor.Auth.NO:
            yield dialog("login", headless=True)


class Beta(doctor.Harness):
    """A shell."""

    id = "beta"
    title = "Beta"
    builtin = True
    options = ("command", "env")
    needs_prompt = False


class Gamma(doctor.Harness):
    """Talks to endpoints only."""

    id = "gamma"
    title = "Gamma"
    builtin = True
    install = "pip install gamma"
    endpoint_kinds = ("openai",)
    needs_endpoint = True


class Delta(doctor.Harness):
    """A gateway that Gamma carries."""

    id = "delta"
    title = "Delta"
    binaries = ("delta",)
    install = "pip install delta"
    endpoint_kinds = ("openai",)
    needs_endpoint = True
    carrier = "gamma"
    stage_refusal = "it only passes requests on"


@pytest.fixture(scope="session")
def registry() -> doctor.Registry:
    """All four."""
    return doctor.Registry((Alpha(), Beta(), Gamma(), Delta()))


@pytest.fixture
def context(tmp_path: Path) -> doctor.HarnessContext:
    """A home and a project that are empty, and no variables."""
    return doctor.HarnessContext(home=tmp_path / "home", project=tmp_path / "project", environment={})


@pytest.fixture
def paths(tmp_path: Path) -> doctor.Paths:
    """Directories that are not there yet."""
    return doctor.Paths(config_dir=tmp_path / "config", state_dir=tmp_path / "state", cache_dir=tmp_path / "cache")


@pytest.fixture(scope="session")
def fact() -> Maker:
    """``fact("alpha")`` is installed; ``fact("alpha", path=None)`` is not."""

    def make(runtime: str, *, auth: doctor.Auth = doctor.Auth.YES, **program: Any) -> dict[str, doctor.HarnessFact]:
        found = {"path": f"/bin/{runtime}", "path_source": "PATH", "version": "2.1.0"} | program
        return {
            runtime: doctor.HarnessFact(
                runtime_id=runtime,
                title=runtime,
                program=doctor.ProgramFact(**found),
                auth=auth,
                auth_detail="so it says",
            )
        }

    return make


@pytest.fixture(scope="session")
def binding() -> Maker:
    """``binding("a", "alpha", "--flag")`` is agent a with profile ``p`` on alpha."""

    def make(agent: str, runtime: str | None, *args: str, source: str = "agent", **changes: Any) -> doctor.Binding:
        launch = None if runtime is None else doctor.CompiledArgv(argv=(f"/bin/{runtime}", *args, doctor.PROMPT))
        values: dict[str, Any] = {
            "agent": agent,
            "agent_index": ord(agent[0]) - ord("a"),
            "profile": "p",
            "profile_index": 0,
            "stage": doctor.Stage.EXECUTE,
            "runtime": doctor.Choice(value=runtime, source=source),
            "model": doctor.Choice(),
            "endpoint": doctor.Choice(),
            "session": agent,
            "launch": launch,
        }
        return doctor.Binding(**(values | changes))

    return make


@pytest.fixture(scope="session")
def row() -> Maker:
    """``row("reflect", "alpha")`` is a stage that the stage map gives to alpha."""

    def make(
        stage: str, runtime: str, *, source: str = "stage", endpoint: str | None = None, shadowed: tuple[str, ...] = ()
    ) -> doctor.StageBinding:
        return doctor.StageBinding(
            stage=doctor.Stage(stage),
            runtime=doctor.Choice(value=runtime, source=source, shadowed=shadowed),
            model=doctor.Choice(),
            endpoint=doctor.Choice(value=endpoint),
        )

    return make


@pytest.fixture(scope="session")
def profile() -> Maker:
    """``profile(full_auto=True)`` is the profile ``p`` with these runner options."""

    def make(name: str = "p", *, runner: str = "alpha", prompt: str = "Work.", **options: Any) -> doctor.AgentProfile:
        return doctor.AgentProfile(
            name=name, runner=runner, base_prompt=prompt, runner_options=doctor.RunnerOptions(**options)
        )

    return make


@pytest.fixture(scope="session")
def policy_of() -> Maker:
    """``policy_of(profile())`` is a policy with these profiles and one agent for each."""

    def make(*profiles: doctor.AgentProfile, **changes: Any) -> doctor.Policy:
        agents = tuple(doctor.Agent(name=f"agent-{each.name}", profile=each.name) for each in profiles)
        return doctor.Policy(**({"agent_profiles": profiles, "agents": agents} | changes))

    return make


@pytest.fixture
def loaded(tmp_path: Path) -> Maker:
    """``loaded(value, text)`` is a value that was read from a TOML file with that text."""

    def make(value: Any, text: str) -> doctor.Loaded[Any]:
        path = tmp_path / "settings.toml"
        path.write_text(text)
        document, problems = read_document(path, "toml")
        assert not problems
        return doctor.Loaded(value=value, document=document)

    return make


@pytest.fixture(scope="session")
def told() -> Callable[[CheckOutcome], list[tuple[Any, ...]]]:
    """What can be compared of each finding: severity, subject, pointer, ``affects``."""

    def make(outcome: CheckOutcome) -> list[tuple[Any, ...]]:
        return [
            (each.severity.value, each.subject, each.location.pointer if each.location else None, each.affects)
            for each in outcome.findings
        ]

    return make


@pytest.fixture(scope="session")
def says() -> Callable[..., bool]:
    """Whether a finding's message and remedy together hold every one of these words."""

    def make(finding: doctor.Finding, *words: str) -> bool:
        text = f"{finding.message}\n{finding.remedy}"
        missing = [word for word in words if word not in text]
        assert not missing, f"{missing} not in {text!r}"
        return True

    return make
