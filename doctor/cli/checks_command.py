"""``doctor checks``."""

from argparse import Namespace
from collections.abc import Iterator, Sequence

from doctor.cli.explanation import explanation
from doctor.cli.request import options_of
from doctor.cli.streams import put, talking
from doctor.diagnosis.check import Check
from doctor.diagnosis.run import prepare
from doctor.exit_codes import ExitCode


def run(arguments: Namespace) -> int:
    """List the checks that would run."""
    with talking():
        checks = prepare(options_of(arguments)).selected
    if arguments.format == "json":
        from doctor.report.json_format import SCHEMA_VERSION, dumps  # noqa: PLC0415 - one way of printing

        put(dumps({"schema_version": SCHEMA_VERSION, "checks": [explanation(check) for check in checks]}))
    else:
        put("".join(f"{line}\n" for line in _lines(checks, verbose=arguments.verbose)))
    return ExitCode.OK


def _lines(checks: Sequence[Check], *, verbose: bool) -> Iterator[str]:
    for check in checks:
        yield f"{check.code}  {check.severity.ljust(7)}  {check.title}"
        if verbose:
            requires = f", requires {', '.join(check.requires)}" if check.requires else ""
            yield f"{' ' * 17}reads {', '.join(check.reads) or 'nothing'}{requires}; plugin {check.plugin}"
