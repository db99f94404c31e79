"""``doctor profile list``, ``show`` and ``diff``: looking changes nothing."""

from argparse import Namespace

from doctor.cli.request import options_of
from doctor.cli.showing import showing
from doctor.cli.streams import say, talking
from doctor.exit_codes import ExitCode
from doctor.report import settings_json as documents
from doctor.report import settings_table as tables


def list_profiles(arguments: Namespace) -> int:
    """Show the profiles, and which one is active."""
    options = options_of(arguments)
    showed = showing(arguments, options)
    from doctor.settings.verbs import profile_list  # noqa: PLC0415 - not for a wrong command line

    with talking():
        entries = profile_list(options)
    if showed.json:
        showed.document(documents.profiles_json(entries, showed.secrets))
        return ExitCode.OK
    showed.text(tables.profiles_table(entries, showed.secrets, showed.style))
    if not any(entry.active for entry in entries):
        say("no profile is active; doctor profile use NAME switches to one")
    return ExitCode.OK


def show(arguments: Namespace) -> int:
    """Show the values of a profile, or those in effect."""
    options = options_of(arguments)
    showed = showing(arguments, options)
    from doctor.settings import effective  # noqa: PLC0415 - not for a wrong command line

    with talking():
        shown = effective.show(options, arguments.name)
    if showed.json:
        showed.document(documents.shown_json(shown, showed.secrets))
        return ExitCode.OK
    showed.text(tables.shown_table(shown, showed.secrets, showed.style))
    if not shown.values:
        say("it sets nothing" if arguments.name else "nothing is set")
    return ExitCode.OK


def diff(arguments: Namespace) -> int:
    """Show how two profiles differ in what they mean."""
    options = options_of(arguments)
    showed = showing(arguments, options)
    from doctor.settings.difference import difference  # noqa: PLC0415 - not for a wrong command line

    with talking():
        found = difference(options, arguments.a, arguments.b)
    if showed.json:
        showed.document(documents.difference_json(found, showed.secrets))
        return ExitCode.OK
    showed.text(tables.difference_table(found, showed.secrets, showed.style))
    if not found.changes:
        say("they mean the same")
    return ExitCode.OK
