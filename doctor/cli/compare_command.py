"""``doctor compare``."""

from argparse import Namespace
from collections.abc import Callable

from doctor.cli.output import Target, plan, style_of
from doctor.cli.progress import progress_line
from doctor.cli.request import options_of
from doctor.cli.streams import put, say_notices, talking
from doctor.cli.writing import write_text
from doctor.errors import UsageError
from doctor.model.comparison import Comparison
from doctor.report.style import Style


def run(arguments: Namespace) -> int:
    """Compare, and write the answer wherever it was asked for."""
    options = options_of(arguments)
    style = style_of(color=arguments.color, verbose=arguments.verbose, quiet=arguments.quiet, home=options.home)
    targets = plan(arguments.format, arguments.output or (), options.cwd)
    renders = [(target, _renderer(target, style)) for target in targets]
    from doctor.gate.comparing.compare import Request, compare  # noqa: PLC0415 - not for a wrong command line

    request = Request(
        base=arguments.base,
        head=arguments.head,
        deny=tuple(arguments.deny or ()),
        approvals=arguments.approvals,
        accept_new_approvals=arguments.accept_new_approvals,
    )
    with progress_line(quiet=arguments.quiet, width=style.width) as progress, talking():
        comparison = compare(options, request, progress=progress)
    for target, render in renders:
        text = render(comparison)
        if target.file is not None:
            write_text(target.file, text)
        else:
            put(text)
    say_notices(comparison.notices)
    return int(comparison.exit_code)


def _renderer(target: Target, style: Style) -> Callable[[Comparison], str]:
    """What makes a target's text.

    Raises:
        UsageError: There is no such format.
    """
    if target.format == "json":
        from doctor.report.compare_json import render as json  # noqa: PLC0415 - an answer needs one format

        return json
    if target.format == "markdown":
        from doctor.report.compare_markdown import render as markdown  # noqa: PLC0415 - see above

        return markdown
    if target.format != "table":
        raise UsageError(f"no format of a comparison is called {target.format!r}", remedy="table, markdown or json")
    from doctor.report.compare_table import render as table  # noqa: PLC0415 - see above

    own = style if target.file is None else Style()
    return lambda comparison: table(comparison, own)
