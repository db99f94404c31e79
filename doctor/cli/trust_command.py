"""``doctor trust``."""

from argparse import Namespace
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
    if arguments.remove:
        records = [_record(path, None, "removed") for path in untrust(root, state_dir)]
    elif arguments.list:
        files, refused = read_plugins(root)
        store = TrustStore(state_dir)
        records = [_record(str(file.path), file.sha256, store.verdict(file)) for file in files]
        records += [_record(plugin.path, plugin.sha256, plugin.reason) for plugin in refused]
    else:
        records = _trusted(arguments, root, state_dir)
    _print(records, as_json=arguments.format == "json", nothing=f"{root}/.metawsm/checks holds no plugins")
    return ExitCode.OK
