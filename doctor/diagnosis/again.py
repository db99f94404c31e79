"""How to ask the same again."""

from doctor.model.options import Options


def again(options: Options) -> tuple[tuple[str, ...], ...]:
    """The command line's options that make a diagnosis look at the same things, see ``Report.again``."""
    valued = {
        "--policy": options.policy,
        "--profile": options.profile,
        "--runtime": options.runtime,
        "--stage": options.stage,
        "--fail-on": options.fail_on,
        "--baseline": options.baseline,
    }
    given = {
        "--online": options.online,
        "--in-pane": options.in_pane,
        "--locked": options.locked,
        "--disable-plugin-autoload": not options.autoload,
        "--allow-project-plugins": options.allow_project_plugins,
    }
    return (
        *((flag, str(value)) for flag, value in valued.items() if value is not None),
        *(("-p", module) for module in options.plugins),
        *((flag,) for flag, wanted in given.items() if wanted),
    )
