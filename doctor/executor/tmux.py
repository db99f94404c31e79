"""A small tmux client: one socket, exact targets, and answers that can be told apart.

``OSError`` is the base of its errors, because that is what "cannot look" is to whoever asks an executor::

    TmuxError (OSError)
    ├── NoServer       nothing listens on the socket: there are no sessions at all
    ├── NoSession      the server answers, and has no such session
    ├── SessionExists  the name is taken
    └── CannotLook     anything else, such as a socket of another user; it says nothing about any session
        └── NoAnswer   there is no tmux to ask, or it hangs; another question would end the same
"""

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from shutil import which
from typing import NamedTuple, TypeVar

from doctor.executor.scrubbing import scrubbed

T = TypeVar("T")

TAG = "@doctor_process"
"""User option of a session that holds the id of the process it was made for."""

COLUMNS, ROWS = 200, 50
"""Size of every session: what harnesses draw, and what is read from their screens, then never depends on a client."""

LIMIT = 20.0
"""Seconds for one question; tmux answers in milliseconds unless its server hangs."""

CHUNK = 12_000
"""Bytes of arguments given to one client. tmux refuses messages above 16 KiB, in which some bytes are its own."""

LONGEST_SESSION = 200
SESSION = re.compile(r"\w[\w-]*")
"""What tmux neither changes nor gives a meaning; formats, targets such as ``=name`` and flags all fail it."""

_TRIES = 6
_PAUSE = 0.01
"""Seconds before the second try; each further one waits twice as long."""

_NO_SERVER = re.compile(
    r"no server running on |error connecting to .*\((No such file or directory|Connection refused)\)"
)
_NO_SESSION = ("can't find session", "can't find window", "can't find pane", "no current target", "no sessions")
"""The last two are said where the last session of a server has just ended."""

_LOST = ("server exited", "lost server")
"""What a client says that came while the server's last session ended; nothing was done then."""


class TmuxError(OSError):
    """tmux did not do what it was asked."""


class NoServer(TmuxError):  # noqa: N818 - an answer about the socket
    """Nothing listens on the socket."""


class NoSession(TmuxError):  # noqa: N818 - an answer about a session
    """The server has no such session."""


class SessionExists(TmuxError):  # noqa: N818 - an answer about a session
    """The name of a new session is taken."""


class CannotLook(TmuxError):  # noqa: N818 - the absence of an answer
    """There was no answer that says anything about sessions."""


class NoAnswer(CannotLook):
    """tmux cannot be run, or does not come to an end."""


class Session(NamedTuple):
    """One session as the server lists it."""

    name: str
    process_id: str
    """What it was made for; empty where it is somebody else's."""

    pids: tuple[int, ...]
    """First process of each of its panes, the running and the dead."""

    dead: bool
    """Whether the first processes of all its panes have ended."""


Command = Sequence[str]
"""One tmux command with its arguments."""


def session_problem(name: str) -> str | None:
    """Why ``name`` cannot be a session, as the rest of "the session name ..."; ``None`` when it can."""
    if len(name) > LONGEST_SESSION:
        return f"has {len(name)} characters, expected {LONGEST_SESSION} at most"
    if SESSION.fullmatch(name) is None:
        return "holds something else than letters, digits, `_` and `-`, or starts with `-`"
    return None


def session_target(name: str) -> str:
    """The target that means this session and none whose name only begins like it."""
    return f"={name}"


def pane_target(name: str) -> str:
    """The target that means the current pane of exactly this session, whatever ``base-index`` is."""
    return f"={name}:"


def chunks(items: Iterable[T], commands_of: Callable[[T], Sequence[Command]], *, limit: int = CHUNK) -> list[list[T]]:
    """The items in their order, in groups whose commands fit into one client's message."""
    groups: list[list[T]] = []
    size = limit
    for item in items:
        needed = sum(len(os.fsencode(argument)) + 2 for command in commands_of(item) for argument in (*command, ";"))
        if size + needed > limit:
            groups.append([])
            size = 0
        groups[-1].append(item)
        size += needed
    return groups


def chained(commands: Iterable[Command]) -> list[str]:
    """Commands as the arguments of one client, which does them in order and stops at the first that fails."""
    arguments: list[str] = []
    for command in commands:
        if arguments:
            arguments.append(";")
        arguments += map(_escaped, command)
    return arguments


def _escaped(argument: str) -> str:
    # A client takes the semicolon at the end of any argument for the end of the command.
    return f"{argument[:-1]}\\;" if argument.endswith(";") else argument


class Tmux:
    """The tmux server of one socket.

    Args:
        socket: Name of the socket.
        environment: The caller's environment. Where tmux is found and what a client is given is taken from it;
            being inside of another tmux changes nothing.
    """

    def __init__(self, socket: str, environment: Mapping[str, str]) -> None:
        self.socket = socket
        self.environment = scrubbed(environment)

    @property
    def program(self) -> str | None:
        """Where tmux is; ``None`` when it is not on PATH."""
        return which("tmux", path=self.environment.get("PATH", os.defpath))

    def argv(self, *commands: Command) -> tuple[str, ...]:
        """The command line of a client that does all of ``commands``.

        Raises:
            NoAnswer: There is no tmux.
        """
        program = self.program
        if program is None:
            raise NoAnswer("tmux was not found on PATH")
        return (program, "-L", self.socket, "-f", "/dev/null", *chained(commands))

    def run(self, *commands: Command) -> str:
        """Do the commands in one client and return what they print. One that fails keeps the rest from being done.

        A server that ends at the same moment is met by trying again, a few times; the commands were not done then.

        Raises:
            NoServer, NoSession, SessionExists, CannotLook: See the module.
        """
        program, *arguments = self.argv(*commands)
        # -u: names of any script come back as they are, whatever the locale.
        argv = (program, "-u", *arguments)
        pause, said = _PAUSE, ""
        for attempt in range(_TRIES):
            if attempt:
                time.sleep(pause)
                pause *= 2
            code, printed, said = self._client(argv)
            if code == 0:
                return printed
            if not said.startswith(_LOST):
                break
        raise _error_of(said)

    def _client(self, argv: Sequence[str]) -> tuple[int, str, str]:
        try:
            done = subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                env=self.environment,
                cwd="/",  # becomes the directory of new sessions; `-c` would expand formats in a path
                process_group=0,
                timeout=LIMIT,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise NoAnswer(f"tmux gave no answer within {LIMIT:g} s on socket {self.socket}") from error
        except OSError as error:
            raise NoAnswer(f"{argv[0]} cannot be run: {error.strerror}") from error
        return done.returncode, done.stdout, done.stderr.strip()

    def sessions(self) -> dict[str, Session]:
        """Every session by name, with one question; none when there is no server.

        Raises:
            CannotLook: There was no answer.
        """
        fields = f"#{{pane_dead}} #{{pane_pid}} #{{{TAG}}} #{{session_name}}"
        try:
            printed = self.run(("list-panes", "-a", "-F", fields))
        except (NoServer, NoSession):  # tmux says of a server that is just ending that it has no current target
            return {}
        found: dict[str, Session] = {}
        for line in printed.splitlines():
            dead, pid, tag, name = _fields(line)
            before = found.get(name)
            pids = (*(before.pids if before else ()), pid)
            found[name] = Session(name, tag, pids, dead=dead == "1" and (before is None or before.dead))
        return found

    def global_environment(self) -> dict[str, str]:
        """What the server gives every new pane, besides what it knows of the client that asks for one.

        Raises:
            NoServer, CannotLook: There is none to ask, or no answer.
        """
        lines = self.run(("show-environment", "-g")).splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("-"))

    def kill(self, name: str) -> bool:
        """End exactly this session; whether it was there.

        Raises:
            CannotLook: There was no answer.
        """
        try:
            self.run(("kill-session", "-t", session_target(name)))
        except (NoServer, NoSession):
            return False
        return True

    def reap(self) -> None:
        """Make the server collect children whose end it missed, which old versions do until another child ends."""
        try:
            self.run(("run-shell", "true"))
        except NoServer:
            return


def new_session(name: str, process_id: str, argv: Sequence[str]) -> tuple[Command, Command]:
    """The commands that start ``argv`` in a session of its own, without a shell, and say what it is for.

    Raises:
        ValueError: The name is none that tmux keeps as it is.
    """
    if problem := session_problem(name):
        raise ValueError(f"the session name {name!r} {problem}")
    size = ("-x", str(COLUMNS), "-y", str(ROWS))
    return (
        ("new-session", "-d", "-s", name, *size, *argv),
        ("set-option", "-t", pane_target(name), TAG, process_id),
    )


def _fields(line: str) -> tuple[str, int, str, str]:
    """Dead or not, pid, tag and session name, of which only the last may hold blanks.

    Raises:
        CannotLook: It is something else, so it is not tmux that answers.
    """
    parts = line.split(" ", 3)
    if len(parts) != 4 or not parts[1].isdigit():  # noqa: PLR2004 - as many as were asked for
        raise CannotLook(f"it answered {line[:80]!r}, which tmux does not say")
    return parts[0], int(parts[1]), parts[2], parts[3]


def _error_of(said: str) -> TmuxError:
    """The error that tmux's own words mean."""
    if said.startswith("duplicate session:"):
        return SessionExists(said)
    if said.startswith(_NO_SESSION):
        return NoSession(said)
    if _NO_SERVER.match(said):
        return NoServer(said)
    return CannotLook(f"tmux failed: {said or 'it said nothing'}")
