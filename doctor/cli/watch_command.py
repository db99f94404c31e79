"""``doctor watch``."""

import json
import sys
from argparse import Namespace
from collections.abc import Callable
from contextlib import redirect_stdout

from doctor.cli.output import Render, plan, renderers, style_of
from doctor.cli.request import options_of
from doctor.cli.streams import is_terminal, put, say, say_notices, talking
from doctor.exit_codes import ExitCode
from doctor.model.options import Options
from doctor.model.report import Report

REDRAW = "\x1b[H\x1b[2J"
"""Empties a terminal and goes to its top."""


class Unread(Exception):  # noqa: N818 - nothing is wrong
    """Nobody reads stdout any more."""


def run(arguments: Namespace) -> int:
    """Check, and check again when something changes, until interrupted."""
    options = options_of(arguments)
    render = _renderer(arguments, options)
    render()  # a format that does not exist is told before anything is done
    from doctor.watching.watch import watch  # noqa: PLC0415 - not for a wrong command line

    show = _shower(render, redraw=not arguments.once and arguments.format != "json" and is_terminal(sys.stdout))
    try:
        with talking():
            return int(watch(options, on_report=show, once=arguments.once, say=lambda text: say(f"doctor: {text}")))
    except Unread:
        return ExitCode.OK
    except KeyboardInterrupt:  # how watching is ended, and nothing to complain about
        return ExitCode.INTERRUPTED


def _renderer(arguments: Namespace, options: Options) -> Callable[[], Render]:
    """Gives the function that makes a report's text, for the terminal as wide as it is now."""

    def renderer() -> Render:
        if arguments.format == "json":
            return _one_line
        style = style_of(color=arguments.color, verbose=arguments.verbose, quiet=arguments.quiet, home=options.home)
        [(_, render)] = renderers(plan(arguments.format, (), options.cwd), options, style)
        return render

    return renderer


def _shower(renderer: Callable[[], Render], *, redraw: bool) -> Callable[[Report], None]:
    stdout = sys.stdout

    def show(report: Report) -> None:
        with redirect_stdout(stdout):
            text = "".join(renderer()(report))
            is_read = put(REDRAW + text if redraw else text)
        if not is_read:
            raise Unread
        say_notices(report.notices)

    return show


def _one_line(report: Report) -> str:
    from doctor.report.json_format import to_dict  # noqa: PLC0415 - not for a table

    return json.dumps(to_dict(report), ensure_ascii=True, allow_nan=False) + "\n"
