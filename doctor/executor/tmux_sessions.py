"""The sessions of processes: made many at once, found by what they are tagged with, closed with nothing left."""

import os
import sys
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import NamedTuple

from doctor.executor.base import Place
from doctor.executor.directories import ProcessDirectory, directory_of
from doctor.executor.starting import start_argv
from doctor.executor.tmux import (
    Command,
    NoAnswer,
    Session,
    SessionExists,
    Tmux,
    TmuxError,
    chunks,
    new_session,
    pane_target,
)
from doctor.os_processes import start_time

_SETTLED = 2.0
"""Seconds that the server may take to collect what was ended."""

_TICK = 0.02


class Wanted(NamedTuple):
    """A session to be made."""

    name: str
    directory: ProcessDirectory


class Refused(NamedTuple):
    """Why a session was not made."""

    detail: str
    remedy: str


def sessions_of(tmux: Tmux) -> dict[str, Session]:
    """The session of each process that has one, by process id; those of nobody are left out.

    Raises:
        TmuxError: There was no answer.
    """
    return {each.process_id: each for each in tmux.sessions().values() if each.process_id}


def make_sessions(tmux: Tmux, place: Place, wanted: Sequence[Wanted]) -> dict[ProcessDirectory, Refused]:
    """Start what each directory is for in a session of its own, in few clients.

    Returns:
        Why, for each that has no session in the end.
    """
    failed: dict[ProcessDirectory, Refused] = {}
    made: list[Wanted] = []
    for group in chunks(wanted, _commands):
        try:
            tmux.run(*(command for each in group for command in _commands(each)))
        except NoAnswer as error:
            hangs = Refused(f"no session was made: {error}", f"end that server: tmux -L {tmux.socket} kill-server")
            return failed | {each.directory: hangs for each in wanted if each not in made}
        except TmuxError:
            # One that failed kept those behind it from being made.
            for each in group:
                refused = _made_alone(tmux, place, each)
                if refused is not None:
                    failed[each.directory] = refused
        made += group
    return failed


def close_sessions(tmux: Tmux, process_ids: Collection[str], *, only_dead: bool = False) -> None:
    """Close what is left of the sessions of these processes, and have the server collect their first processes.

    Args:
        tmux: The server. One that cannot be asked is left alone.
        process_ids: Whose sessions.
        only_dead: Leave a session alone in which a process still runs, such as a window that a person opened.
    """
    with suppress(TmuxError):
        found = sessions_of(tmux)
        left = [session for process_id, session in found.items() if process_id in process_ids]
        for session in left:
            if not only_dead or is_over(session):
                tmux.kill(session.name)
        _collect(tmux, [pid for session in left for pid in session.pids])


def screens_of(tmux: Tmux, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """What these sessions show, without the blank lines at its end; one that is gone is left out."""
    mark = os.urandom(16).hex()

    def commands(name: str) -> tuple[Command, Command]:
        return ("display-message", "-p", mark), ("capture-pane", "-p", "-t", pane_target(name))

    found: dict[str, tuple[str, ...]] = {}
    for group in chunks(names, commands):
        try:
            _, *screens = tmux.run(*(command for name in group for command in commands(name))).split(f"{mark}\n")
        except TmuxError:
            if len(names) > 1:
                for name in group:
                    found |= screens_of(tmux, [name])
        else:
            found |= {name: _lines(screen) for name, screen in zip(group, screens, strict=True)}
    return found


def _lines(screen: str) -> tuple[str, ...]:
    return tuple(line.rstrip() for line in screen.rstrip().split("\n")) if screen.strip() else ()


def _commands(wanted: Wanted) -> tuple[Command, Command]:
    return new_session(wanted.name, wanted.directory.process_id, start_argv(sys.executable, wanted.directory))


def _made_alone(tmux: Tmux, place: Place, wanted: Wanted) -> Refused | None:
    """Make one session, unless it is there already; why not, when that fails."""
    for _ in range(2):
        try:
            tmux.run(*_commands(wanted))
        except SessionExists:
            holder = _holder(tmux, wanted.name)
            if holder is None:
                continue
            if holder.process_id == wanted.directory.process_id:
                return None
            if not (is_over(holder) and directory_of(place, holder.process_id).exit.exists()):
                return _taken(tmux, holder, ours=directory_of(place, holder.process_id).path.exists())
            close_sessions(tmux, {holder.process_id}, only_dead=True)
        except TmuxError as error:
            return Refused(f"no session was made: {error}", f"try it by hand: tmux -L {tmux.socket} new-session")
        else:
            return None
    return Refused(f"the session name {wanted.name} is taken again and again", "stop what makes sessions of this name")


def _holder(tmux: Tmux, name: str) -> Session | None:
    with suppress(TmuxError):
        return tmux.sessions().get(name)
    return None


def _taken(tmux: Tmux, holder: Session, *, ours: bool) -> Refused:
    if holder.process_id and not ours:
        return Refused(
            f"the session name {holder.name} is taken by {holder.process_id} of another project",
            "give this project a tmux.socket or a tmux.session_pattern of its own in the policy",
        )
    if holder.process_id:
        return Refused(
            f"the session name {holder.name} is taken by {holder.process_id}",
            f"stop it first: doctor stop {holder.process_id}",
        )
    return Refused(
        f"the session name {holder.name} is taken by a session that this tool did not start",
        f"close it: tmux -L {tmux.socket} kill-session -t '={holder.name}'",
    )


def is_over(session: Session) -> bool:
    """Whether nothing runs in it, even where the server missed that."""
    return session.dead or all(start_time(pid) is None for pid in session.pids)


def _collect(tmux: Tmux, pids: Sequence[int]) -> None:
    """Wait until none of these that have ended is left as a zombie of the server; a little."""
    deadline = time.monotonic() + _SETTLED
    while any(map(_is_zombie, pids)) and time.monotonic() < deadline:
        tmux.reap()
        time.sleep(_TICK)


def _is_zombie(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return start_time(pid) is None
