"""Who runs where with what."""

from doctor.model.harness import CompiledArgv
from doctor.model.stage import Stage
from doctor.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A value, where it came from, and what it hides."""

    value: str | None = None
    source: str = "none"
    """``flag``, ``stage``, ``default``, ``env:NAME``, ``config``, ``agent``, ``profile:NAME``,
    ``policy``, ``machine`` or ``none``."""

    shadowed: tuple[str, ...] = ()
    """What weaker sources say, each as ``source=value``; only those that differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """The resolved answer for one agent at one stage."""

    agent: str
    agent_index: int
    profile: str
    profile_index: int
    stage: Stage
    runtime: Choice
    """The harness: a runtime id, or ``None`` where ``auto`` found nothing to choose by."""

    model: Choice
    endpoint: Choice
    skills: tuple[str, ...] = ()
    session: str = ""
    """Rendered tmux session name."""

    prompt_sha256: str = ""
    launch: CompiledArgv | None = None
    """What would be started; ``None`` when the harness is unknown or absent."""

    dropped_options: tuple[str, ...] = ()
    """``runner_options`` that belong to the profile's own runner and not to the harness chosen."""

    unused_models: tuple[str, ...] = ()
    """Model specs that were configured for this stage but belong to another harness, as ``source=spec``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageBinding:
    """The resolved harness of one stage."""

    stage: Stage
    runtime: Choice
    model: Choice
    endpoint: Choice
    profile_index: int = 0
    """The agent profile that the row was resolved with: that of the first agent at the stage, else of all."""

    unused_models: tuple[str, ...] = ()
    """As for a binding."""
