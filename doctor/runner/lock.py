"""Only one runner of a kind on a machine: the same coordinator, host name, project directory and profile."""

import fcntl
import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from doctor.errors import DoctorError


class AlreadyRunning(DoctorError):  # noqa: N818 - named after what it says
    """Another runner of this kind lives."""


class RunnerLock:
    """Held until the process ends, however that comes about.

    Args:
        state_dir: Where this tool keeps its state.
        identity: What makes two runners the same.

    Raises:
        AlreadyRunning: Somebody holds it.
        OSError: It cannot be had here.
    """

    def __init__(self, state_dir: Path, identity: tuple[str, ...]) -> None:
        directory = state_dir / "runners"
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = sha256("\0".join(identity).encode("utf-8", "surrogatepass")).hexdigest()[:32]
        self._file = os.open(directory / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._file, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(self._file)
            raise AlreadyRunning(
                f"a runner for this coordinator, project directory and profile is already running, pid {holder}",
                remedy="end it first, or give another --profile or --project-dir; one takes several runs at once",
            ) from None
        os.truncate(self._file, 0)
        os.write(self._file, f"{os.getpid()}\n".encode("ascii"))

    def release(self) -> None:
        """Let another one in; the file stays, since removing it would let in two."""
        with suppress(OSError):
            os.close(self._file)
