"""``doctor version``."""

import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from doctor.__about__ import __version__
from doctor.cli.streams import put, talking
from doctor.exit_codes import ExitCode
from doctor.report.visible import visible

TOOL = "harness-doctor"


def run(arguments: Namespace) -> int:
    """Print the version, with ``--verbose`` also where everything is."""
    facts: dict[str, Any] = {"tool": {"name": TOOL, "version": __version__}}
    if arguments.verbose:
        facts |= _surroundings(arguments)
    if arguments.format == "json":
        from doctor.report.json_format import SCHEMA_VERSION, dumps  # noqa: PLC0415 - one way of printing

        put(dumps({"schema_version": SCHEMA_VERSION, **facts}))
    else:
        put("".join(f"{line}\n" for line in _lines(facts)))
    return ExitCode.OK


def _surroundings(arguments: Namespace) -> dict[str, Any]:
    from doctor.cli.request import options_of  # noqa: PLC0415 - only with --verbose
    from doctor.diagnosis.run import prepare  # noqa: PLC0415 - see above

    with talking():
        prepared = prepare(options_of(arguments))
    return {
        "python": {"version": sys.version.split()[0], "executable": sys.executable},
        "paths": {
            "package": str(Path(__file__).parent.parent),
            "config": str(prepared.paths.config_dir),
            "state": str(prepared.paths.state_dir),
            "cache": str(prepared.paths.cache_dir),
            "policy": str(prepared.project.policy_path) if prepared.project.policy_path else None,
        },
        "plugins": [plugin._asdict() for plugin in prepared.plugins.infos],
    }


def _lines(facts: dict[str, Any]) -> list[str]:
    lines = [f"{TOOL} {__version__}"]
    if "paths" in facts:
        python, paths = facts["python"], facts["paths"]
        lines.append(f"python   {python['version']} {visible(python['executable'])}")
        lines += [f"{name.ljust(7)}  {visible(path or 'none')}" for name, path in paths.items()]
        lines += [_plugin(plugin) for plugin in facts["plugins"]]
    return lines


def _plugin(plugin: dict[str, Any]) -> str:
    version = f" {plugin['version']}" if plugin["version"] else ""
    return f"plugin   {plugin['name']}{version} ({plugin['source']})"
