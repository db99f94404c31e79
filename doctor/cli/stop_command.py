"""``doctor stop``."""

from argparse import Namespace

from doctor.cli.request import options_of
from doctor.cli.showing import showing
from doctor.cli.streams import say, talking
from doctor.errors import DoctorError, UsageError
from doctor.exit_codes import ExitCode


def run(arguments: Namespace) -> int:
    """End processes and what they started."""
    if arguments.names and arguments.all:
        raise UsageError("--all and names exclude each other", remedy="name what is to end, or say --all")
    if not arguments.names and not arguments.all:
        raise UsageError("nothing was named to stop", remedy="name a process, an agent or a session, or say --all")
    options = options_of(arguments)
    show = showing(arguments, options)
    from doctor.processes.stop import PATIENCE, stop  # noqa: PLC0415 - not for a wrong command line

    problems: list[DoctorError] = []
    with show.progress() as progress, talking():
        views = stop(
            options,
            names=arguments.names,
            everything=arguments.all,
            patience=PATIENCE if arguments.patience is None else arguments.patience,
            progress=progress,
            unrecorded=problems.append,
        )
    remaining = [view.process_id for view in views if not view.state.is_final or view.survivors]
    exit_code = ExitCode.USAGE if problems else ExitCode.FINDINGS if remaining else ExitCode.OK
    show.processes(views, exit_code=exit_code, problem=next(iter(problems), None))
    if not views and not show.json:
        say("nothing runs")
    for process_id in remaining:
        say(f"doctor: {process_id} could not be ended")
    return exit_code
