"""How a coordinator of the tests behaves: which of the two dialects, how fast, and whom it lets in."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self

Dialect = Literal["seed", "current"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The real coordinator's settings with its defaults; all times are seconds."""

    dialect: Dialect = "seed"
    """``seed``: runs carry a prompt, stops name runs. ``current``: runs carry parameters, stops name sessions."""

    poll_timeout: float = 30
    """A poll that finds nothing is answered 204 after so long."""

    tick: float = 0.5
    """An open poll looks for runs this often; a stop wakes it at once."""

    heartbeat_interval: int = 60
    """Only told to runners."""

    stale_after: float = 120
    """Without a heartbeat for so long a runner is stale: it may register again, and still gets runs."""

    removed_after: float = 600
    """Without a heartbeat for so long a runner is unknown."""

    lifecycle_interval: float = 30
    """How often the two above, and the next, are looked at."""

    no_match_timeout: float = 300
    """A pending run with demands fails after so long."""

    recovered_after: float = 300
    """A run that was claimed or started so long ago is taken for lost when the coordinator is started again."""

    cost: float = 0
    """Processor time that a poll and a report cost beside what they cost here, where nothing is kept: the real
    coordinator, which writes each to its database, hands out 160 runs a second at most."""

    token: str | None = None
    """The one bearer token that is let in; ``None`` lets everybody in."""

    tenant: str | None = None
    """Signing key of a ``Tenant`` whose tokens are let in as well."""

    def as_json(self) -> dict[str, Any]:
        """For a process's command line."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """The opposite of ``as_json``."""
        known = {field.name for field in fields(cls)}
        if unknown := set(document) - known:
            raise ValueError(f"unknown settings {sorted(unknown)}; expected {sorted(known)}")
        return cls(**document)
