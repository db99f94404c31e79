"""Taking back what became of one file, as far as it still is what was made of it."""

import os
import stat
from pathlib import Path

from doctor.config.files import FileProblem, is_there, read_bytes
from doctor.config.swapping import ChangedError, swap_file
from doctor.gate.fixing.backups import LARGEST, Backups, Manifest, Saved
from doctor.gate.fixing.merging import digest
from doctor.model.fixing import UndoneFile, UndoState

_LITTER = "[0-9a-f]" * 16


def restore(backups: Backups, manifest: Manifest, saved: Saved) -> UndoneFile:
    """Make a file what it was before, unless somebody changed it since.

    Whatever an end in the middle left beside it is removed; what somebody else wrote meanwhile never is.
    """
    try:
        state, reason = _RESTORERS[saved.kind](backups, manifest, saved)
    except ChangedError as error:
        state, reason = UndoState.CHANGED, str(error)
    except FileProblem as problem:
        state, reason = UndoState.FAILED, f"the file {problem.message}"
    except OSError as error:
        state, reason = UndoState.FAILED, error.strerror or str(error)
    return UndoneFile(path=saved.path, state=state, reason=reason)


def remove_directories(manifest: Manifest) -> None:
    """Remove the directories that were made, where nothing is in them."""
    for directory in reversed(manifest.directories):
        try:
            os.rmdir(directory)  # noqa: PTH106 - a string is what is at hand
        except OSError:
            continue


def settle(saved: Saved) -> str | None:
    """Clear away what an end in the middle left beside a file.

    Returns:
        What is to be known about somebody else's edit that was among it.

    Raises:
        FileProblem, OSError: It cannot be looked at.
    """
    path = Path(saved.path)
    if saved.kind == "make":
        for litter in path.parent.glob(f".{_literal(path.name[:100])}.{_LITTER}.tmp"):
            litter.unlink(missing_ok=True)
        return None
    if saved.temporary is None:
        return None
    temporary = Path(saved.temporary)
    temporary.with_name(f"{temporary.name}.new").unlink(missing_ok=True)
    if not is_there(temporary):
        return None
    if _sha256(temporary) in {saved.before, saved.after}:
        temporary.unlink()
        return None
    if _sha256(path) != saved.after:
        return f"what somebody wrote to it meanwhile is in {temporary}"
    temporary.replace(path)
    return "somebody wrote to it meanwhile, and that is there again"


def _literal(name: str) -> str:
    from glob import escape  # noqa: PLC0415 - only where something is taken back

    return escape(name)


def _edited(backups: Backups, manifest: Manifest, saved: Saved) -> tuple[UndoState, str | None]:
    path = Path(saved.path)
    told = settle(saved)
    if told is not None:
        return UndoState.CHANGED, told
    if not is_there(path):
        return UndoState.CHANGED, "it is not there any more"
    now = _sha256(path)
    if now == saved.before:
        return _mode(backups, manifest, saved)
    if now != saved.after:
        return UndoState.CHANGED, "it holds something else by now"
    content = backups.content(manifest, saved)
    if digest(content) != saved.before:
        return UndoState.FAILED, "what was saved of it is damaged"
    temporary = Path(saved.temporary or f"{path}.tmp")
    swap_file(path, content, expected=saved.after or "", mode=saved.mode_before, temporary=temporary)
    return UndoState.RESTORED, None


def _made(_backups: Backups, _manifest: Manifest, saved: Saved) -> tuple[UndoState, str | None]:
    path = Path(saved.path)
    settle(saved)
    if not is_there(path):
        return UndoState.AS_BEFORE, None
    if path.is_symlink() or _sha256(path) != saved.after:
        return UndoState.CHANGED, "it holds something else by now"
    path.unlink()
    return UndoState.RESTORED, None


def _mode(_backups: Backups, _manifest: Manifest, saved: Saved) -> tuple[UndoState, str | None]:
    path = Path(saved.path)
    if not is_there(path):
        return UndoState.CHANGED, "it is not there any more"
    now = stat.S_IMODE(path.stat().st_mode)
    if now == saved.mode_before or saved.mode_before is None:
        return UndoState.AS_BEFORE, None
    if now != saved.mode_after:
        return UndoState.CHANGED, f"its mode is {now:o} by now"
    path.chmod(saved.mode_before)
    return UndoState.RESTORED, None


_RESTORERS = {"edit": _edited, "make": _made, "mode": _mode}


def _sha256(path: Path) -> str:
    return digest(read_bytes(path, limit=LARGEST))
