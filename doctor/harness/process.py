"""Running a program to ask it something: no input, its own process group, a limit, and nothing left behind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """What a program answered."""

    returncode: int | None
    """``None`` when it could not be started or was ended at the limit."""

    stdout: str = ""
    stderr: str = ""
    timed_out: bool = False
    error: str | None = None
    """Why it could not be started."""

    duration_ms: float = 0.0


def run(argv: Sequence[str], *, timeout: float, env: Mapping[str, str], cwd: str | None = None) -> Completed:
    """Run ``argv`` to its end or to ``timeout`` seconds and return what it printed."""
    raise NotImplementedError
