"""Telling whether files have changed, without reading them."""

import os
from collections.abc import Iterable, Mapping

Stamp = tuple[int, ...]
"""What of a file differs once it was changed, replaced, made or removed; only fit for comparing."""

CLOCK_STEP_NS = 20_000_000
"""By how much a file system's clock may lag behind the machine's."""

_ABSENT: Stamp = ()
_STALE: Stamp = (-1,)


def take_stamps(paths: Iterable[str]) -> dict[str, Stamp]:
    """The stamp of each path now, symlinks followed; what may not be looked at has one too."""
    return {path: _stamp(path) for path in paths}


def merged(before: Mapping[str, Stamp], now: Mapping[str, Stamp], *, begun_ns: int) -> dict[str, Stamp]:
    """The stamps that a look, begun at ``begun_ns``, is known to have seen, for the paths of ``now``.

    Those taken before it count. A path that was only found on the way counts as it is now, unless it changed since
    the look began: then what was seen is not known, and its stamp equals no other.
    """
    seen = {}
    for path, stamp in now.items():
        late = len(stamp) > 1 and stamp[0] >= begun_ns - CLOCK_STEP_NS
        seen[path] = before.get(path, _STALE if late else stamp)
    return seen


def _stamp(path: str) -> Stamp:
    try:
        found = os.stat(path)  # noqa: PTH116 - hundreds of them, every few seconds
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return _ABSENT
    except OSError as error:
        return (error.errno or 0,)
    return (found.st_ctime_ns, found.st_mtime_ns, found.st_size, found.st_ino, found.st_dev, found.st_mode)
