"""How the bash tool is kept inside the working directory on this machine."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from doctor.nex import landlock

DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty")
"""What every program may write."""

SECRETS = (
    ".ssh",
    ".gnupg",
    ".aws",
    ".azure",
    ".kube",
    ".netrc",
    ".git-credentials",
    ".pypirc",
    ".password-store",
    ".docker/config.json",
    ".config/gcloud",
    ".config/gh",
    ".config/harness-doctor",
    "Library/Application Support/harness-doctor",
    ".local/share/keyrings",
    ".claude/.credentials.json",
    ".codex/auth.json",
    ".gemini/oauth_creds.json",
    ".local/share/opencode/auth.json",
)
"""Places below the home directory where keys lie; a command has no need to read them."""

TERMINALS = "/dev/pts"
"""Whoever reads a terminal takes away what its user types."""

PROBE_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Where a command may write."""

    directory: Path
    """Where it starts; resolved."""

    scratch: Path
    """Its private temporary directory; resolved."""


class Confinement(Protocol):
    """One way to start a command."""

    words: str
    """What it does, for people."""

    def argv(self, command: Sequence[str], space: Workspace) -> tuple[str, ...]:
        """``command``, which has an absolute program, wrapped so that it may write only in ``space``."""


class Landlock:
    """The kernel's own rules (Linux 6.2 or later)."""

    words = "confined by Landlock"

    def argv(self, command: Sequence[str], space: Workspace) -> tuple[str, ...]:
        """Through the small program that takes the rules upon itself."""
        order = {
            "write": [str(space.directory), str(space.scratch)],
            "devices": DEVICES,
            "hidden": [*map(str, hidden_places(Path.home())), TERMINALS],
            "parent": os.getpid(),
        }
        return _launched(order, command)


class Bubblewrap:
    """Namespaces of its own, made by ``bwrap``.

    Args:
        program: The path of ``bwrap``.
    """

    words = "confined by bubblewrap"

    def __init__(self, program: str) -> None:
        self._program = program

    def argv(self, command: Sequence[str], space: Workspace) -> tuple[str, ...]:
        """In namespaces where all but the workspace is there to be read only."""
        kept = [word for path in (space.directory, space.scratch) for word in ("--bind", str(path), str(path))]
        return (
            self._program,
            *("--die-with-parent", "--new-session", "--unshare-pid", "--unshare-ipc"),
            *("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"),
            *_masks(tuple(hidden_places(Path.home()))),
            *kept,
            *("--chdir", str(space.directory), "--", *_launched({}, command)),
        )


class Unconfined:
    """Nothing is held back."""

    words = "unconfined"

    def argv(self, command: Sequence[str], space: Workspace) -> tuple[str, ...]:
        """``command`` as it is."""
        del space
        return tuple(command)


def find_confinement(search_path: str | None = None) -> tuple[Confinement | None, str]:
    """The best way this machine has, or ``None`` with what is missing, in words.

    Args:
        search_path: Where ``bwrap`` is looked for instead of PATH.
    """
    version = landlock.abi()
    if version >= landlock.LOWEST_ABI:
        return Landlock(), ""
    kernel = "this kernel has no Landlock" if version == 0 else f"this kernel's Landlock is too old (ABI {version})"
    program = shutil.which("bwrap", path=search_path)
    if program is None:
        return None, f"{kernel} (Linux 6.2 or later has what is needed) and bwrap is not installed"
    problem = _bubblewrap_problem(program)
    return (Bubblewrap(program), "") if problem is None else (None, f"{kernel} and {program} does not work: {problem}")


def hidden_places(home: Path) -> Iterator[Path]:
    """Those of the places with keys that are there; the doctor's own settings may lie elsewhere."""
    moved = os.environ.get("XDG_CONFIG_HOME", "")
    places = [home / name for name in SECRETS] + ([Path(moved) / "harness-doctor"] if moved.startswith("/") else [])
    return (place for place in places if os.path.lexists(place))


def _launched(order: Mapping[str, object], command: Sequence[str]) -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", landlock.__file__, json.dumps(order), *command)


def _masks(places: Sequence[Path]) -> Iterator[str]:
    for place in map(Path.resolve, places):
        if place.is_dir():
            yield from ("--tmpfs", str(place))
        elif place.exists():
            yield from ("--ro-bind", "/dev/null", str(place))


def _bubblewrap_problem(program: str) -> str | None:
    """Why it cannot be used here; a kernel may forbid namespaces to users."""
    trial = (
        program,
        "--unshare-pid",
        "--ro-bind",
        "/",
        "/",
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--",
        "/bin/sh",
        "-c",
        ":",
    )
    try:
        answer = subprocess.run(
            trial,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=PROBE_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None if answer.returncode == 0 else " ".join(answer.stderr.split()) or f"exit status {answer.returncode}"
