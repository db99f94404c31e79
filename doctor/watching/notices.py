"""Being told of changes by the system, where watchfiles is installed; it only makes a watch notice sooner."""

import threading
from collections.abc import Callable
from importlib.util import find_spec

STEP_MS = 100
"""Changes that come in steps shorter than this are told as one."""

LONGEST_MS = 1_000


def can_notify() -> bool:
    """Whether the library is there."""
    return find_spec("watchfiles") is not None


class Notices:
    """Calls ``changed`` soon after something changes in one of the directories being watched.

    It may miss changes, and it may stop altogether, where the system has no more watches to give or a directory is
    removed: whoever uses it has to look now and then without being told.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._directories: frozenset[str] = frozenset()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, directories: frozenset[str]) -> None:
        """Watch these directories, not what is below them, instead of those before."""
        if directories == self._directories and self._thread is not None and self._thread.is_alive():
            return
        self.close()
        self._directories, self._stop = directories, threading.Event()
        self._thread = threading.Thread(
            target=self._listen, args=(directories, self._stop), name="file-notices", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Watch nothing any more."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _listen(self, directories: frozenset[str], stop: threading.Event) -> None:
        from watchfiles import watch  # noqa: PLC0415 - an extra, and 40 ms that nobody has to wait for

        try:
            for _ in watch(
                *sorted(directories),
                watch_filter=None,
                debounce=LONGEST_MS,
                step=STEP_MS,
                stop_event=stop,
                raise_interrupt=False,
                recursive=False,
                ignore_permission_denied=True,
            ):
                self._changed()
        except (OSError, RuntimeError):  # what looking now and then is for
            return
