"""``doctor check``."""

from argparse import Namespace
from collections.abc import Iterable
from dataclasses import replace

from doctor.cli.output import Target, deliver, plan, renderers, style_of
from doctor.cli.progress import Progress, progress_line
from doctor.cli.request import options_of
from doctor.cli.streams import say_notices, talking
from doctor.model.options import Options
from doctor.model.report import Report


def run(arguments: Namespace) -> int:
    """Diagnose, and write the report wherever it was asked for."""
    options = options_of(arguments)
    style = style_of(color=arguments.color, verbose=arguments.verbose, quiet=arguments.quiet, home=options.home)
    targets = plan(arguments.format, arguments.output or (), options.cwd)
    renders = renderers(targets, options, style)
    with progress_line(quiet=arguments.quiet, width=style.width) as progress, talking():
        report = _diagnosed(options, targets, progress)
    deliver(report, renders)
    say_notices(report.notices)
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
