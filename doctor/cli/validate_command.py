"""``doctor validate``."""

from argparse import Namespace
from pathlib import Path

from doctor.cli.output import deliver, plan, renderers, style_of
from doctor.cli.request import options_of
from doctor.cli.streams import talking


def run(arguments: Namespace) -> int:
    """Check files by themselves, and write the report wherever it was asked for."""
    options = options_of(arguments)
    style = style_of(color=arguments.color, verbose=arguments.verbose, quiet=arguments.quiet, home=options.home)
    renders = renderers(plan(arguments.format, arguments.output or (), options.cwd), options, style)
    from doctor.gate.validating import validate  # noqa: PLC0415 - not for a wrong command line

    with talking():
        report = validate([Path(file) for file in arguments.files], options, kind=arguments.kind)
    deliver(report, renders)
    return int(report.exit_code)
