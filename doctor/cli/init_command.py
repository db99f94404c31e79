"""``doctor init``."""

from argparse import Namespace

from doctor.cli.request import options_of
from doctor.cli.showing import showing
from doctor.cli.streams import say, talking
from doctor.exit_codes import ExitCode


def run(arguments: Namespace) -> int:
    """Show what a first setup writes, and write it."""
    options = options_of(arguments)
    show = showing(arguments, options)
    from doctor.report.settings_json import setup_json  # noqa: PLC0415 - not for a wrong command line
    from doctor.report.settings_table import setup_table  # noqa: PLC0415 - see above
    from doctor.settings.init import carry_out, plan_setup  # noqa: PLC0415 - see above

    with show.progress() as progress, talking():
        progress("looking at what is there")
        setup = plan_setup(options, arguments.route)
    if not show.json:
        show.text(setup_table(setup, show.secrets, show.style))
    if not arguments.dry_run:
        setup = carry_out(setup)
    if show.json:
        show.document(setup_json(setup, show.secrets))
    for step in setup.steps:
        say(step)
    if not arguments.dry_run:
        written = sum(file.written for file in setup.files)
        say(f"wrote {written} of {len(setup.files)} files" if written else "everything is there already")
    return ExitCode.OK
