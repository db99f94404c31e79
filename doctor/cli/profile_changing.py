"""The commands that switch, write and remove named profiles."""

import os
import subprocess
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from doctor.cli.request import options_of
from doctor.cli.showing import Showing, showing
from doctor.cli.streams import say, talking
from doctor.errors import UsageError
from doctor.exit_codes import ExitCode

if TYPE_CHECKING:
    from doctor.settings.results import Written


def use(arguments: Namespace) -> int:
    """Switch to another profile, or to none."""
    if arguments.clear and arguments.name is not None:
        raise UsageError("--clear and a name exclude each other", remedy="name the profile to use, or say --clear")
    if not arguments.clear and arguments.name is None:
        raise UsageError(
            "no profile was named to use",
            remedy="doctor profile list shows them; doctor profile use --clear goes back to none",
        )
    options = options_of(arguments)
    show = showing(arguments, options)
    from doctor.report import settings_json, settings_table  # noqa: PLC0415 - not for a wrong command line
    from doctor.settings import verbs  # noqa: PLC0415 - see above

    with talking():
        used = verbs.use(options, arguments.name, project=arguments.project, reload=not arguments.no_reload)
    if show.json:
        show.document(settings_json.used_json(used, show.secrets))
    else:
        show.text(settings_table.used_table(used, show.secrets, show.style))
    for line in settings_table.unmoved(used.daemons):
        say(f"doctor: {line}")
    return ExitCode.OK


def create(arguments: Namespace) -> int:
    """Make a profile."""
    options = options_of(arguments)
    show = showing(arguments, options)
    from doctor.settings import verbs  # noqa: PLC0415 - not for a wrong command line

    with talking():
        written = verbs.create(
            options,
            arguments.name,
            model=arguments.model,
            endpoint_url=arguments.endpoint,
            source=arguments.source,
            description=arguments.description,
            force=arguments.force,
        )
    show_written(written, show, "created")
    say(f"doctor profile use {written.name} switches to it")
    return ExitCode.OK


def edit(arguments: Namespace) -> int:
    """Have a profile edited."""
    options = options_of(arguments)
    show = showing(arguments, options)
    from doctor.settings import verbs  # noqa: PLC0415 - not for a wrong command line

    with talking():
        written = verbs.edit(options, arguments.name, run_editor)
    show_written(written, show, "changed" if written.changes else "as before")
    return ExitCode.OK


def run_editor(argv: Sequence[str]) -> int:
    """Run an editor in this terminal until it ends; where stdout is kept for data it writes to stderr.

    Returns:
        Its exit code.

    Raises:
        UsageError: It cannot be started.
    """
    try:
        return subprocess.run(argv, stdout=None if os.isatty(1) else 2, check=False).returncode
    except (OSError, ValueError) as error:
        raise UsageError(f"the editor {argv[0]!r} cannot be started: {error}", remedy="set EDITOR") from error


def delete(arguments: Namespace) -> int:
    """Delete a profile."""
    options = options_of(arguments)
    show = showing(arguments, options)
    from doctor.settings import verbs  # noqa: PLC0415 - not for a wrong command line

    with talking():
        written = verbs.delete(options, arguments.name, force=arguments.force)
    show_written(written, show, "deleted")
    if arguments.force and not any(entry.active for entry in verbs.profile_list(options)):
        say("no profile is active now")
    return ExitCode.OK


def rename(arguments: Namespace) -> int:
    """Give a profile another name."""
    options = options_of(arguments)
    show = showing(arguments, options)
    from doctor.settings import verbs  # noqa: PLC0415 - not for a wrong command line

    with talking():
        written = verbs.rename(options, arguments.name, arguments.new_name)
    show_written(written, show, "renamed")
    return ExitCode.OK


def set_model(arguments: Namespace) -> int:
    """Give a role of a profile another model."""
    options = options_of(arguments)
    show = showing(arguments, options)
    from doctor.settings import verbs  # noqa: PLC0415 - not for a wrong command line

    with talking():
        written = verbs.set_model(options, arguments.name, arguments.role, arguments.model)
    show_written(written, show, "changed" if written.changes else "as before")
    return ExitCode.OK


def init_starters(arguments: Namespace) -> int:
    """Write the starters that are not there yet."""
    options = options_of(arguments)
    show = showing(arguments, options)
    from doctor.report import settings_json, settings_table  # noqa: PLC0415 - not for a wrong command line
    from doctor.settings import verbs  # noqa: PLC0415 - see above

    with talking():
        written = verbs.init_starters(options)
    if show.json:
        show.document(settings_json.several_json(written, show.secrets))
        return ExitCode.OK
    show.text(settings_table.several_table(written, show.secrets, show.style))
    if not written:
        say("every starter is there already")
    return ExitCode.OK


def import_profiles(arguments: Namespace) -> int:
    """Take over what another tool is set to."""
    options = options_of(arguments)
    show = showing(arguments, options)
    from doctor.report import settings_json, settings_table  # noqa: PLC0415 - not for a wrong command line
    from doctor.settings.importing import import_tree  # noqa: PLC0415 - see above

    with talking():
        imports = import_tree(options, Path(arguments.path))
    exit_code = ExitCode.OK if imports.ok else ExitCode.FINDINGS
    if show.json:
        show.document(settings_json.imports_json(imports, show.secrets, exit_code=exit_code))
    else:
        show.text(settings_table.imports_table(imports, show.secrets, show.style))
    return exit_code


def show_written(written: "Written", show: Showing, done: str) -> None:
    """Print what was done to what, and say which running processes did not follow."""
    from doctor.report import settings_json, settings_table  # noqa: PLC0415 - not for a wrong command line

    if show.json:
        show.document(settings_json.written_json(written, show.secrets))
    else:
        show.text(settings_table.written_table(written, show.secrets, show.style, done=done))
    for line in settings_table.unmoved(written.daemons):
        say(f"doctor: {line}")
