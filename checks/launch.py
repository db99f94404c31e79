"""LCH: agents can be started. Looked at from inside of a terminal that is made as theirs are, only with --in-pane."""

from collections.abc import Iterable, Iterator, Sequence

import doctor
from checks.uses import agents, crowd, listed, reach, shortened

Bindings = tuple[doctor.Binding, ...]

IN_PLACE = (
    "agents themselves are given the environment of the doctor; what a person or a script opens beside them is not"
)
WHERE = {"pane": "in a pane", "server": "in the global environment of tmux"}


class LCH001(doctor.Check):
    """A terminal can be had, and this tool's own first process runs in it.

    Every agent is started by a process of this tool in a tmux pane. Where the socket cannot be used, or the
    interpreter of this tool is not there in the pane, nothing can be started at all.
    """

    reads = ("process",)
    timeout = 30.0

    def run(self, pane: doctor.PaneFact) -> Iterator[doctor.Finding]:
        """Fails when no pane can be made, nothing answers from it, or the agents' directory cannot be entered there."""
        if pane.problem is not None:
            yield self.finding(
                f"tmux socket {pane.socket}",
                f"no agent can be started: {pane.problem}",
                remedy=f"try it by hand: tmux -L {pane.socket} -f /dev/null new-session",
                affects=("*",),
            )
        elif pane.cwd_problem is not None:
            yield self.finding(
                f"directory {pane.cwd}",
                f"{pane.cwd} cannot be entered from a pane, and agents would start there: {pane.cwd_problem}",
                remedy="start agents in another directory with --cwd, or repair its permissions",
                affects=("*",),
            )


class LCH002(doctor.Check):
    """Terminals of agents have the environment that this diagnosis was made in.

    tmux gives new panes the environment that its server was started with, perhaps days ago and by somebody else.
    Agents are not touched by that, because they are given the doctor's own. But a shell that is opened beside one
    then finds other programs, another home or another way to the network than the agent does.
    """

    severity = doctor.Severity.WARNING
    requires = ("LCH001",)
    reads = ("process",)

    def run(self, pane: doctor.PaneFact) -> Iterator[doctor.Finding]:
        """Fails when PATH, HOME, SHELL, LANG or a proxy differ in a pane or in what tmux gives to new ones."""
        proxies = [each for each in pane.variables if each.name.lower().endswith("_proxy")]
        for each in pane.variables:
            if each not in proxies:
                yield self.finding(
                    f"variable {each.name}",
                    f"{each.name} is {_value(each.there)} {WHERE[each.where]} and {_value(each.here)} here; {IN_PLACE}",
                    remedy=_restart(pane),
                )
        if proxies:
            yield self.finding(
                "proxies",
                f"{listed((each.name for each in proxies), limit=8)} {'are' if len(proxies) > 1 else 'is'} not the "
                f"same {WHERE[proxies[0].where]} as here ({'; '.join(_proxies(proxies))}); {IN_PLACE}",
                remedy="export them in the shells that you open there: they are not given to tmux, whose environment "
                "everybody can read who can reach its socket",
            )


def _value(value: str | None) -> str:
    return "not set" if value is None else repr(shortened(value))


def _proxies(proxies: Sequence[doctor.VariableFact]) -> Iterable[str]:
    """How each differs, without its value: one may hold a password."""
    for each in proxies:
        if each.there is None:
            yield f"{each.name} is set here only"
        elif each.here is None:
            yield f"{each.name} is set there only"
        else:
            yield f"{each.name} differs"


def _restart(pane: doctor.PaneFact) -> str:
    return f"once no agent runs, end the server, so that the next start makes one: tmux -L {pane.socket} kill-server"


class LCH003(doctor.Check):
    """Every harness is the same program in a terminal as here.

    A terminal's server may live in another container, mount namespace or sandbox than the doctor. What was checked
    here is then not what would run.
    """

    requires = ("LCH001",)
    reads = ("process",)

    def run(self, pane: doctor.PaneFact, bindings: Bindings) -> Iterator[doctor.Finding]:
        """Fails when the program of a harness is missing, not executable or another one inside a pane."""
        everyone = crowd(bindings)
        for path, problem in pane.programs.items():
            group = [each for each in bindings if each.launch is not None and each.launch.argv[0] == path]
            if problem is not None and group:
                yield self.finding(
                    f"program {path}",
                    f"{agents(group)} would run {path}, which a pane cannot: {problem}",
                    remedy=f"end the server, so that the next start makes one here: tmux -L {pane.socket} kill-server",
                    pointer=doctor.pointer("agent_profiles", group[0].profile_index, "runner"),
                    affects=reach(group, everyone),
                )


@doctor.hookimpl
def doctor_register_checks() -> list[type[doctor.Check]]:
    """The checks of this family."""
    return [LCH001, LCH002, LCH003]
