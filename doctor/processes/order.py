"""What someone wants launched."""

from doctor.model.options import Options
from doctor.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Which agents of the policy to launch, and what to tell them."""

    options: Options
    """Where to look; ``interactive``, ``agent_cwd``, ``stage`` and ``runtime`` count here."""

    agents: tuple[str, ...] = ()
    """Names; empty: all of the policy (at ``options.stage``, where one is given)."""

    ticket: str | None = None
    """The ticket they work on; part of the prompt and of the spec."""

    prompt: str | None = None
    """A task that follows the base prompt."""

    executor: str = "tmux"
