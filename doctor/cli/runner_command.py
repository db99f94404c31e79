"""``doctor runner`` and ``agent-runner``."""

import os
from argparse import Namespace
from pathlib import Path

from doctor.cli.streams import put
from doctor.exit_codes import ExitCode
from doctor.runner.command import available, run_runner


def run(arguments: Namespace) -> int:
    """Serve a coordinator, or list what could be started for one."""
    given = vars(arguments)
    if arguments.profile_list:
        return _list(available(given, os.environ, _home()), as_json=arguments.format == "json")
    return run_runner(given, dict(os.environ), _home())


def _list(names: list[str], *, as_json: bool) -> int:
    if as_json:
        from doctor.report.json_format import answer, dumps  # noqa: PLC0415 - one way of printing

        put(dumps(answer({"profiles": names})))
    elif names:
        put("".join(f"{line}\n" for line in ("Available profiles:", *(f"  {name}" for name in names))))
    else:
        put("No profiles found in profiles/ directory\n")
    return ExitCode.OK


def _home() -> Path:
    """The home directory; none at all is one that says nothing, since services often have none."""
    try:
        return Path.home()
    except RuntimeError:
        return Path("/")
