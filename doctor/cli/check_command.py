"""``doctor check``."""

import os
from argparse import Namespace
from collections.abc import Iterable
from dataclasses import replace

from doctor.cli.output import Target, deliver, plan, renderers, style_of
from doctor.cli.progress import Progress, stream_for_progress
from doctor.cli.request import options_of
from doctor.cli.streams import say, talking
from doctor.model.options import Options
from doctor.model.report import Report


def run(arguments: Namespace) -> int:
    """Diagnose, and write the report wherever it was asked for."""
    options = options_of(arguments)
    style = style_of(color=arguments.color, verbose=arguments.verbose, quiet=arguments.quiet, home=options.home)
    targets = plan(arguments.format, arguments.output or (), options.cwd)
    renders = renderers(targets, options, style)
    stream = stream_for_progress(quiet=arguments.quiet, dumb=os.environ.get("TERM") == "dumb")
    with Progress(stream, width=style.width) as progress, talking():
        report = _diagnosed(options, targets, progress)
    deliver(report, renders)
    for notice in report.notices:
        say(f"doctor: {notice}")
    return int(report.exit_code)


def _diagnosed(options: Options, targets: Iterable[Target], progress: Progress) -> Report:
    """The report, with what would repair its findings where a format tells that."""
    from doctor.diagnosis.run import diagnose, examine  # noqa: PLC0415 - not for a wrong command line
    from doctor.report.formats import TELLS_FIXES  # noqa: PLC0415 - see above

    if TELLS_FIXES.isdisjoint(target.format for target in targets):
        return diagnose(options, progress=progress)
    from doctor.diagnosis.fixes import plan_fixes  # noqa: PLC0415 - most formats do not tell

    examined = examine(options, progress=progress)
    return replace(examined.report, fixes=plan_fixes(examined))
