"""``doctor fix``."""

from argparse import Namespace
from typing import TYPE_CHECKING

from doctor.cli.request import options_of
from doctor.cli.showing import Showing, showing
from doctor.cli.streams import say, talking
from doctor.config.paths import machine_paths
from doctor.config.project import find_project
from doctor.errors import UsageError
from doctor.exit_codes import ExitCode
from doctor.model.options import Options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from doctor.model.fixing import Repair, RepairPlan


def run(arguments: Namespace) -> int:
    """Show what would be repaired, repair it, or take it back."""
    if sum((arguments.apply, arguments.undo, arguments.list)) > 1:
        raise UsageError("--apply, --undo and --list exclude each other", remedy="give one of them")
    if arguments.id is not None and not arguments.undo:
        raise UsageError(f"{arguments.id!r} is of no use here", remedy="doctor fix --undo ID takes an application back")
    options = options_of(arguments)
    show = showing(arguments, options)
    if arguments.undo:
        return _undo(options, show, arguments.id)
    return _list(options, show) if arguments.list else _repair(options, show, apply=arguments.apply)


def _repair(options: Options, show: Showing, *, apply: bool) -> int:
    from doctor.gate.fixing.planning import plan  # noqa: PLC0415 - not for a wrong command line
    from doctor.gate.fixing.verifying import carry_out  # noqa: PLC0415 - see above

    identity = None
    with show.progress() as progress, talking():
        examined, planned = plan(options, progress=progress)
        repairs: Sequence[Repair] = planned.repairs
        if apply and planned.fixes:
            progress("writing")
            identity, repairs = carry_out(planned, examined, progress=progress)
    exit_code = _exit_code(repairs) if apply else ExitCode.OK
    _show(show, planned, repairs, identity=identity, apply=apply, exit_code=exit_code)
    return exit_code


def _exit_code(repairs: "Sequence[Repair]") -> ExitCode:
    return ExitCode.OK if all(repair.state == "fixed" for repair in repairs) else ExitCode.FINDINGS


def _show(
    show: Showing,
    planned: "RepairPlan",
    repairs: "Sequence[Repair]",
    *,
    identity: str | None,
    apply: bool,
    exit_code: ExitCode,
) -> None:
    if show.json:
        from doctor.report.fix_json import repairs_json  # noqa: PLC0415 - not for a table

        action = "apply" if apply else "plan"
        show.document(repairs_json(planned, repairs, action=action, identity=identity, exit_code=exit_code))
    else:
        from doctor.report.fix_table import repairs_text  # noqa: PLC0415 - not for JSON

        show.text(repairs_text(planned, repairs, show.style, with_diff=not apply and not show.quiet))
    if not repairs:
        others = f"; {planned.others} other finding{'s' * (planned.others != 1)} you have to look at: doctor check"
        say(f"there is nothing that can be repaired here{others if planned.others else ''}")
    elif identity is not None:
        say(f"doctor fix --undo takes it back ({identity})")
    elif planned.fixes and not apply:
        say("nothing was written; doctor fix --apply does it")


def _undo(options: Options, show: Showing, identity: str | None) -> int:
    from doctor.gate.fixing.undoing import undo  # noqa: PLC0415 - not for a wrong command line

    paths = machine_paths(options.environment, options.home)
    undone = undo(paths, _project(options), identity)
    exit_code = ExitCode.OK if undone.complete else ExitCode.FINDINGS
    if show.json:
        from doctor.report.fix_json import undone_json  # noqa: PLC0415 - not for a table

        show.document(undone_json(undone.id, undone.files, show.secrets, exit_code=exit_code))
    else:
        from doctor.report.fix_table import undone_text  # noqa: PLC0415 - not for JSON

        show.text(undone_text(undone.files, show.secrets, show.style))
    if not undone.complete:
        say(f"what was there before is kept: {paths.state_dir / 'fixes' / undone.id}")
    return exit_code


def _list(options: Options, show: Showing) -> int:
    from doctor.gate.fixing.undoing import applications  # noqa: PLC0415 - not for a wrong command line

    found = applications(machine_paths(options.environment, options.home), _project(options))
    if show.json:
        from doctor.report.fix_json import applications_json  # noqa: PLC0415 - not for a table

        show.document(applications_json(found, show.secrets))
    else:
        from doctor.report.fix_table import applications_text  # noqa: PLC0415 - not for JSON

        show.text(applications_text(found, show.secrets, show.style))
        if not found:
            say("nothing was applied to this project yet")
    return ExitCode.OK


def _project(options: Options) -> str:
    return str(find_project(cwd=options.cwd, home=options.home, policy=options.policy).root)
