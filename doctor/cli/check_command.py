"""``doctor check``."""

import os
from argparse import Namespace

from doctor.cli.output import deliver, plan, renderers, style_of
from doctor.cli.progress import Progress, stream_for_progress
from doctor.cli.request import options_of
from doctor.cli.streams import say, talking


def run(arguments: Namespace) -> int:
    """Diagnose, and write the report wherever it was asked for."""
    options = options_of(arguments)
    style = style_of(color=arguments.color, verbose=arguments.verbose, quiet=arguments.quiet, home=options.home)
    targets = plan(arguments.format, arguments.output or (), options.cwd)
    renders = renderers(targets, options, style)
    from doctor.diagnosis.run import diagnose  # noqa: PLC0415 - not for a wrong command line

    stream = stream_for_progress(quiet=arguments.quiet, dumb=os.environ.get("TERM") == "dumb")
    with Progress(stream, width=style.width) as progress, talking():
        report = diagnose(options, progress=progress)
    deliver(report, renders)
    for notice in report.notices:
        say(f"doctor: {notice}")
    return int(report.exit_code)
