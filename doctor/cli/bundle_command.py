"""``doctor report``."""

from argparse import Namespace

from doctor.cli.progress import progress_line
from doctor.cli.request import options_of
from doctor.cli.streams import put, say, talking, width_of_terminal
from doctor.exit_codes import ExitCode
from doctor.report.visible import visible


def run(arguments: Namespace) -> int:
    """Write the file, and print where it is."""
    options = options_of(arguments)
    from datetime import UTC, datetime  # noqa: PLC0415 - not for a wrong command line

    from doctor.gate.bundle import bundle  # noqa: PLC0415 - see above
    from doctor.gate.bundle_file import ENDS, Format, bundle_text, check_place, write_bundle  # noqa: PLC0415 - see above

    form: Format = "json" if arguments.format == "json" else "markdown"
    path = options.cwd / (arguments.file or f"doctor-report-{options.today.isoformat()}.{ENDS[form]}")
    check_place(path)
    with progress_line(quiet=arguments.quiet, width=width_of_terminal()) as progress, talking():
        document = bundle(options, now=datetime.now(UTC), progress=progress)
    write_bundle(path, bundle_text(document, form))
    if form == "json":
        from doctor.report.json_format import answer, dumps  # noqa: PLC0415 - not for a line of text

        put(dumps(answer({"path": str(path)})))
    else:
        put(f"{visible(str(path))}\n")
    say("look through it before you send it; nothing was sent")
    return ExitCode.OK
