"""What a caller asks of a diagnosis."""

import os
from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime
from pathlib import Path

from doctor.model.finding import Severity
from doctor.model.stage import Stage
from doctor.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Everything that steers one diagnosis; the command line's options are these."""

    cwd: Path = field(default_factory=Path.cwd)
    policy: Path | None = None
    """Policy file; ``None`` looks for one from ``cwd`` up to the repository root."""

    profile: str | None = None
    """Named profile for this run only."""

    runtime: str | None = None
    """Harness for every stage, any spelling."""

    stage: Stage | None = None
    """Only this stage."""

    interactive: bool = False
    """Resolve starts that a person can talk to, instead of ones that run through and end."""

    agent_cwd: Path | None = None
    """Directory that agents start in; ``None``: the project's root."""

    select: tuple[str, ...] = ()
    """Codes or family prefixes to run; empty: all."""

    ignore: tuple[str, ...] = ()
    """Codes or family prefixes to leave out."""

    keyword: str | None = None
    """Expression over codes, families and titles, such as ``skill and not home``."""

    fail_on: Severity | None = None
    """Least severity that makes exit 1; ``None``: the policy's, else error."""

    baseline: Path | None = None
    """File of known findings, which do not count."""

    locked: bool = False
    """Compare what is resolved with the project's lock."""

    online: bool = False
    """Allow checks that use the network."""

    in_pane: bool = False
    """Allow checks that look from inside of a terminal made as an agent's is."""

    jobs: int | None = None
    """Checks and probes at once; ``None`` chooses."""

    timeout: float | None = None
    """Limit in seconds for each probe and check, instead of their own."""

    cache: bool = True
    """Use cached probe answers."""

    plugins: tuple[str, ...] = ()
    """Modules to load as plugins."""

    autoload: bool = True
    """Load plugins from entry points."""

    allow_project_plugins: bool = False
    """Load ``.metawsm/checks/*.py`` even where their content is not trusted."""

    home: Path = field(default_factory=Path.home)
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    today: date = field(default_factory=lambda: datetime.now().astimezone().date())
    """The day that dates in the policy are compared with."""
