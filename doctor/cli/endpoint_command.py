"""``doctor endpoint``."""

from argparse import Namespace

from doctor.cli.profile_changing import show_written
from doctor.cli.request import options_of
from doctor.cli.showing import showing
from doctor.cli.streams import say, talking
from doctor.exit_codes import ExitCode
from doctor.report import settings_json as documents
from doctor.report import settings_table as tables

NONE = "there are no endpoints; doctor endpoint set NAME URL adds one"


def list_endpoints(arguments: Namespace) -> int:
    """Show the endpoints."""
    options = options_of(arguments)
    show = showing(arguments, options)
    from doctor.settings.endpoints import endpoint_list  # noqa: PLC0415 - not for a wrong command line

    with talking():
        entries = endpoint_list(options)
    if show.json:
        show.document(documents.endpoints_json(entries, show.secrets))
        return ExitCode.OK
    show.text(tables.endpoints_table(entries, show.secrets, show.style))
    if not entries:
        say(NONE)
    return ExitCode.OK


def set_endpoint(arguments: Namespace) -> int:
    """Add or change an endpoint."""
    options = options_of(arguments)
    show = showing(arguments, options)
    from doctor.settings.endpoints import endpoint_set  # noqa: PLC0415 - not for a wrong command line

    with talking():
        written = endpoint_set(
            options,
            arguments.name,
            arguments.url,
            kind=arguments.kind,
            key_env=arguments.key_env,
            default=arguments.default,
        )
    show_written(written, show, "set" if written.changes else "as before")
    return ExitCode.OK


def unset_endpoint(arguments: Namespace) -> int:
    """Remove an endpoint."""
    options = options_of(arguments)
    show = showing(arguments, options)
    from doctor.settings.endpoints import endpoint_unset  # noqa: PLC0415 - not for a wrong command line

    with talking():
        written = endpoint_unset(options, arguments.name)
    show_written(written, show, "removed")
    return ExitCode.OK


def ask_endpoints(arguments: Namespace) -> int:
    """Ask endpoints whether they answer."""
    options = options_of(arguments)
    show = showing(arguments, options)
    from doctor.settings.endpoint_test import endpoint_test  # noqa: PLC0415 - not for a wrong command line

    with show.progress() as progress, talking():
        progress("asking endpoints")
        verdicts = endpoint_test(options, arguments.name, deep=arguments.deep)
    exit_code = ExitCode.OK if all(map(tables.answers, verdicts)) else ExitCode.FINDINGS
    if show.json:
        show.document(documents.verdicts_json(verdicts, show.secrets, exit_code=exit_code))
        return exit_code
    show.text(tables.verdicts_table(verdicts, show.secrets, show.style))
    if not verdicts:
        say(NONE)
    return exit_code
