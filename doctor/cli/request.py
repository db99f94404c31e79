"""From parsed arguments to the options of a diagnosis."""

import os
from argparse import Namespace
from pathlib import Path

from doctor.errors import UsageError
from doctor.model.finding import Severity
from doctor.model.options import Options
from doctor.model.stage import Stage


def options_of(arguments: Namespace) -> Options:
    """The options of a diagnosis; commands that have fewer leave the rest at their defaults.

    Raises:
        UsageError: ``--cwd`` or ``-C`` is no directory, or there is no current or home directory.
    """
    given = vars(arguments)
    cwd = working_directory(given.get("cwd"))
    policy, stage, fail_on = given.get("policy"), given.get("stage"), given.get("fail_on")
    baseline = given.get("baseline")
    return Options(
        cwd=cwd,
        policy=cwd / policy if policy is not None else None,
        profile=given.get("profile"),
        runtime=given.get("runtime"),
        stage=Stage(stage) if stage else None,
        interactive=given.get("interactive", False),
        agent_cwd=_agent_cwd(cwd, given.get("agent_cwd")),
        select=tuple(given.get("select") or ()),
        ignore=tuple(given.get("ignore") or ()),
        keyword=given.get("keyword"),
        fail_on=Severity(fail_on) if fail_on else None,
        baseline=cwd / baseline if baseline is not None else None,
        locked=given.get("locked", False),
        online=given.get("online", False),
        in_pane=given.get("in_pane", False),
        jobs=given.get("jobs"),
        timeout=given.get("timeout"),
        cache=not given.get("no_cache", False),
        plugins=tuple(given.get("plugins") or ()),
        autoload=not given.get("disable_plugin_autoload", False),
        allow_project_plugins=given.get("allow_project_plugins", False),
        home=_home(),
        environment=dict(os.environ),
    )


def working_directory(chosen: str | None) -> Path:
    """The directory that paths are relative to.

    Raises:
        UsageError: There is none.
    """
    try:
        here = Path.cwd()
    except OSError as error:
        raise UsageError("the current directory no longer exists", remedy="change to one that does") from error
    if chosen is None:
        return here
    directory = here / chosen
    if "\0" in chosen or not directory.is_dir():
        raise UsageError(f"--cwd {chosen!r} is no directory", remedy="name an existing directory")
    return directory


def _agent_cwd(cwd: Path, chosen: str | None) -> Path | None:
    if chosen is None:
        return None
    if "\0" in chosen or not (cwd / chosen).is_dir():
        raise UsageError(
            f"--cwd {chosen!r} is no directory, and agents cannot start in it", remedy=f"mkdir -p {chosen}"
        )
    return (cwd / chosen).resolve()


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError as error:
        raise UsageError("there is no home directory", remedy="set HOME") from error
