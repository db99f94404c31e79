"""``doctor trust``."""

from argparse import Namespace
from pathlib import Path
from typing import Any

from doctor.cli.request import options_of
from doctor.cli.streams import put, say
from doctor.config.paths import machine_paths
from doctor.config.project import find_project
from doctor.diagnosis.trust import TrustStore, read_plugins, trust_plugins, untrust
from doctor.errors import UsageError
from doctor.exit_codes import ExitCode
from doctor.report.visible import visible

Record = dict[str, Any]


def run(arguments: Namespace) -> int:
    """Record, show or forget which of the project's plugins are trusted."""
    if arguments.list and arguments.remove:
        raise UsageError("--list and --remove exclude each other")
    options = options_of(arguments)
    root = find_project(cwd=options.cwd, home=options.home, policy=options.policy).root
    state_dir = machine_paths(options.environment, options.home).state_dir
    act = _forget if arguments.remove else _show if arguments.list else _trust
    records = act(root, state_dir)
    if arguments.format == "json":
        from doctor.report.json_format import SCHEMA_VERSION, dumps  # noqa: PLC0415 - one way of printing

        put(dumps({"schema_version": SCHEMA_VERSION, "plugins": records}))
    elif records:
        put("".join(_line(record) for record in records))
    else:
        say("nothing was trusted" if arguments.remove else f"there are no plugins in {root}/.metawsm/checks")
    return ExitCode.OK


def _trust(root: Path, state_dir: Path) -> list[Record]:
    if not any(read_plugins(root)):
        return []
    try:
        files = trust_plugins(root, state_dir)
    except OSError as error:
        raise UsageError(f"the record in {state_dir} cannot be written: {error}") from error
    return [_record(str(file.path), file.sha256, "trusted") for file in files]


def _show(root: Path, state_dir: Path) -> list[Record]:
    files, refused = read_plugins(root)
    store = TrustStore(state_dir)
    records = [_record(str(file.path), file.sha256, store.verdict(file)) for file in files]
    return records + [_record(plugin.path, plugin.sha256, plugin.reason) for plugin in refused]


def _forget(root: Path, state_dir: Path) -> list[Record]:
    return [_record(path, None, "removed") for path in untrust(root, state_dir)]


def _record(path: str, sha256: str | None, state: str) -> Record:
    return {"path": path, "sha256": sha256, "state": state}


def _line(record: Record) -> str:
    return f"{record['state'].ljust(10)}  {record['sha256'] or '-'}  {visible(record['path'])}\n"
