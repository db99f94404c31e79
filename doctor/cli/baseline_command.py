"""``doctor baseline``."""

from argparse import Namespace

from doctor.cli.request import options_of
from doctor.cli.showing import showing
from doctor.cli.streams import say, say_notices, talking
from doctor.cli.writing import refuse_unwritable
from doctor.exit_codes import ExitCode


def write(arguments: Namespace) -> int:
    """Write what is found down as known, and say what that changes."""
    options = options_of(arguments)
    show = showing(arguments, options)
    if arguments.file is not None and not arguments.dry_run:
        refuse_unwritable(options.cwd / arguments.file)
    from doctor.diagnosis.run import examine  # noqa: PLC0415 - not for a wrong command line
    from doctor.gate.baseline import FILE, plan_baseline, write_baseline  # noqa: PLC0415 - see above
    from doctor.gate.places import chosen_file  # noqa: PLC0415 - see above
    from doctor.gate.showing import baseline_json, baseline_lines  # noqa: PLC0415 - see above

    with show.progress() as progress, talking():
        examined = examine(options, progress=progress)
    report = examined.report
    change = plan_baseline(examined, chosen_file(options, arguments.file, examined.prepared.project.root, FILE))
    if not arguments.dry_run:
        write_baseline(change)
    exit_code = ExitCode.INCOMPLETE if change.incomplete else ExitCode.OK
    secrets = (*show.secrets, *report.secrets)
    if show.json:
        show.document(baseline_json(change, secrets, exit_code, written=not arguments.dry_run))
    else:
        show.text(baseline_lines(change, secrets))
    say_notices(report.notices)
    if change.incomplete:
        say("doctor: a check did not end, so there may be more to know; doctor says which")
    total = len(change.entries)
    done = "would be" if arguments.dry_run else "is" if total == 1 else "are"
    counted = f"{len(change.added)} added, {len(change.removed)} removed"
    say(f"{total} {'entry' if total == 1 else 'entries'} {done} in {change.path}: {counted}")
    if change.kept_unseen:
        say(f"{change.kept_unseen} of them stay because their checks did not run")
    return exit_code
