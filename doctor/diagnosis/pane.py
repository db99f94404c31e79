"""Looking from inside of an agent's terminal, and comparing what is seen with the doctor's own environment."""

from collections.abc import Iterable, Iterator, Mapping

from doctor.config.project import DIRECTORY, Project
from doctor.executor.base import Place
from doctor.executor.in_pane import HIDDEN, PROXIES, told
from doctor.executor.tmux_executor import TmuxExecutor
from doctor.model.binding import Binding
from doctor.model.options import Options
from doctor.model.pane import PaneFact, VariableFact

DECISIVE = ("PATH", "HOME", *PROXIES)
"""Variables that decide what a program finds, set or not."""

PREFERENCES = ("SHELL", "LANG")
"""Variables that a terminal's server may fill in where they are not set here."""


def look(options: Options, *, project: Project, socket: str, bindings: Iterable[Binding]) -> PaneFact:
    """Start a process in a pane exactly as agents' first processes are started, and end it again."""
    cwd = str(options.agent_cwd or project.root)
    place = Place(directory=project.root / DIRECTORY, socket=socket, environment=options.environment)
    programs = dict.fromkeys(binding.launch.argv[0] for binding in bindings if binding.launch is not None)
    probe = TmuxExecutor(place).probe(programs=tuple(programs), cwd=cwd)
    if not probe.reachable:
        return PaneFact(socket=socket, cwd=cwd, problem=probe.problem or "it gave no answer")
    return PaneFact(
        socket=socket,
        cwd=cwd,
        cwd_problem=probe.cwd_problem,
        variables=tuple(differences(options.environment, pane=probe.environment or {}, server=probe.beside or {})),
        programs=probe.programs,
    )


def differences(
    environment: Mapping[str, str], *, pane: Mapping[str, str], server: Mapping[str, str]
) -> Iterator[VariableFact]:
    """The variables that differ from ``environment``, each once: in the pane, or else in the server's own."""
    here = told(environment)
    for name in (*DECISIVE, *(name for name in PREFERENCES if name in here)):
        for where, there in (("pane", pane), ("server", server)):
            if here.get(name) != there.get(name):
                yield VariableFact(name=name, where=where, here=_shown(here.get(name)), there=_shown(there.get(name)))
                break


def _shown(value: str | None) -> str | None:
    return "[hidden]" if value is not None and value.startswith(HIDDEN) else value
