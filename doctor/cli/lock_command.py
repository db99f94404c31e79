"""``doctor lock``."""

from argparse import Namespace

from doctor.cli.request import options_of
from doctor.cli.showing import showing
from doctor.cli.streams import say, say_notices, talking
from doctor.exit_codes import ExitCode

_BEFORE = {"none": "there was no lock", "unreadable": "the lock that was there could not be read"}


def run(arguments: Namespace) -> int:
    """Write the lock, and say what that changes."""
    options = options_of(arguments)
    show = showing(arguments, options)
    from doctor.diagnosis.run import examine  # noqa: PLC0415 - not for a wrong command line
    from doctor.gate.locking import plan_lock, write_lock  # noqa: PLC0415 - see above
    from doctor.gate.showing import lock_json, lock_lines  # noqa: PLC0415 - see above

    with show.progress() as progress, talking():
        examined = examine(options, progress=progress)
    change = plan_lock(examined)
    refused = change.refusal is not None and not arguments.force
    written = False if refused or arguments.dry_run else write_lock(change)
    exit_code = examined.report.exit_code if refused else ExitCode.OK
    exit_code = ExitCode.FINDINGS if refused and exit_code is ExitCode.OK else exit_code
    secrets = (*show.secrets, *examined.report.secrets)
    if show.json:
        show.document(lock_json(change, secrets, exit_code, written=written))
    else:
        show.text(lock_lines(change, secrets))
    say_notices(examined.report.notices)
    if before := _BEFORE.get(change.before):
        say(before)
    if refused:
        say(f"doctor: nothing was locked: {change.refusal}")
        say("repair them (doctor says how), or lock it as it is: doctor lock --force")
    elif arguments.dry_run:
        say(f"{change.path} would be written")
    else:
        say(f"wrote {change.path}" if written else f"{change.path} says so already")
    return exit_code
