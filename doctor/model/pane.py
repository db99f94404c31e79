"""What an agent's terminal is like from inside. Plain tuples: every start imports them and few use them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class VariableFact(NamedTuple):
    """A variable that is not the same in a terminal as here. Values are ``None`` where it is not set."""

    name: str
    where: str
    """``pane`` where agents' terminals themselves differ, ``server`` where only what is opened beside them does."""

    here: str | None
    """Value in the doctor's own environment; ``[hidden]`` where it holds a password."""

    there: str | None


class PaneFact(NamedTuple):
    """A terminal made as an agent's is, as a process in it sees it."""

    socket: str
    """Name of the tmux socket that it was asked of."""

    cwd: str
    """Directory that agents would start in."""

    problem: str | None = None
    """Why no process of this tool runs there; everything else is empty then."""

    cwd_problem: str | None = None
    """Why no process there can enter ``cwd``."""

    variables: tuple[VariableFact, ...] = ()
    """The variables that differ, of those that decide what a program finds: PATH, HOME, SHELL, LANG and proxies."""

    programs: Mapping[str, str | None] = MappingProxyType({})
    """Path of each program that agents would be, to why it cannot be run there; ``None`` where it can."""
