"""Several repairs as one change of each file; what does not go together is left for another run."""

import os
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from doctor.config.editing import applied
from doctor.config.files import FileProblem
from doctor.config.json_text import TextError, parse_json
from doctor.model.fix import FileFix, Fix, TextEdit
from doctor.model.fixing import FileChange

CHANGED = "it was changed meanwhile, and nothing was written to it; run it again"

Read = Callable[[str], bytes]
"""The content of a file; raises ``FileProblem``."""


class Merged(NamedTuple):
    """What becomes of the files, and which repairs are left out."""

    files: tuple[FileChange, ...]
    left_out: dict[str, str]
    """Fingerprint to reason."""


class _Pile:
    """What is to become of one file so far."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.files: list[tuple[Fix, FileFix]] = []

    def conflict(self, file: FileFix) -> Fix | None:
        """The repair that another one of this file does not go together with."""
        return next((fix for fix, other in self.files if _conflict(file, other)), None)

    def edits(self) -> tuple[TextEdit, ...]:
        every = dict.fromkeys(edit for _, file in self.files for edit in file.edits)
        return tuple(sorted(every, key=lambda edit: (edit.start, edit.end)))

    def change(self, before: str | None) -> FileChange:
        first = self.files[0][1]
        modes = [file.mode for _, file in self.files if file.mode is not None]
        mode = modes[0] if modes else None
        for each in modes:
            mode = each if mode is None else mode & each
        return FileChange(
            path=self.path,
            sha256=next((file.sha256 for _, file in self.files if file.sha256), None),
            edits=self.edits(),
            before=before,
            content=first.secret if first.secret is not None else first.content,
            is_secret=first.secret is not None,
            copy_of=first.copy_of,
            copy_sha256=first.copy_sha256,
            mode=mode,
            fingerprints=tuple(fix.fingerprint for fix, _ in self.files),
        )


def _conflict(one: FileFix, other: FileFix) -> bool:
    if one.is_new or other.is_new:
        return _made(one) != _made(other)
    if one.sha256 != other.sha256 and one.edits and other.edits:
        return True
    mine = [edit for edit in one.edits if edit not in other.edits]
    return any(_overlap(edit, each) for edit in mine for each in other.edits)


def _made(file: FileFix) -> tuple[str | None, ...]:
    return file.content, file.secret, file.copy_of, file.copy_sha256


def _overlap(one: TextEdit, other: TextEdit) -> bool:
    """Whether two edits touch the same text. An insertion touches what it stands beside: its order would be chance."""
    if one.start == one.end or other.start == other.end:
        return one.start <= other.end and other.start <= one.end
    return one.start < other.end and other.start < one.end


def merge(fixes: Sequence[Fix], read: Read) -> Merged:
    """Put repairs together, the earlier ones first.

    Args:
        fixes: Of one diagnosis.
        read: Reads a file.
    """
    left_out: dict[str, str] = {}
    while True:
        piles = _piles([fix for fix in fixes if fix.fingerprint not in left_out], left_out)
        changes, refused = _changes(piles, read)
        if not refused:
            return Merged(tuple(sorted(changes, key=lambda change: not change.is_new)), left_out)
        left_out |= refused


def _piles(fixes: Iterable[Fix], left_out: dict[str, str]) -> list[_Pile]:
    """The repairs by file; those that conflict with an earlier one are noted in ``left_out``."""
    piles: dict[str, _Pile] = {}
    for fix in fixes:
        files = [(os.path.realpath(file.path), file) for file in fix.files]
        others = (piles[path].conflict(file) for path, file in files if path in piles)
        other = next((each for each in others if each is not None), None)
        if other is not None:
            left_out[fix.fingerprint] = f"conflicts with {other.code}, which would {other.title}; run it again"
            continue
        for path, file in files:
            piles.setdefault(path, _Pile(path)).files.append((fix, file))
    return list(piles.values())


def _changes(piles: Iterable[_Pile], read: Read) -> tuple[list[FileChange], dict[str, str]]:
    """What becomes of each file, and which repairs cannot be done, with the reason."""
    changes: list[FileChange] = []
    refused: dict[str, str] = {}
    for pile in piles:
        every = [fix.fingerprint for fix, _ in pile.files]
        try:
            change = pile.change(_text(pile, read))
            _require_sound(change)
        except FileProblem as problem:
            refused |= dict.fromkeys(every, f"{pile.path} {problem.message}")
        except _TogetherError as error:
            alone = f"it would leave {pile.path} malformed"
            refused[every[-1]] = alone if len(set(every)) == 1 else str(error)
        except ValueError as error:
            refused |= dict.fromkeys(every, str(error))
        else:
            changes.append(change)
    return changes, refused


class _TogetherError(Exception):
    """The last repair of a file does not go together with those before it."""


def _text(pile: _Pile, read: Read) -> str | None:
    """The text of a file that is edited."""
    if not any(file.edits for _, file in pile.files):
        return None
    content = read(pile.path)
    if digest(content) != next(file.sha256 for _, file in pile.files if file.sha256):
        raise ValueError(CHANGED)
    text = content.decode("utf-8")
    if any(edit.end > len(text) for _, file in pile.files for edit in file.edits):
        raise ValueError(f"a repair goes beyond the end of {pile.path}")
    return text


def _require_sound(change: FileChange) -> None:
    """Refuse repairs that are good one by one, and together would leave two equal keys or no JSON at all."""
    if change.before is None or not change.path.endswith((".json", ".toml")):
        return
    after = applied(change.before, change.edits)
    try:
        if change.path.endswith(".json"):
            twice = parse_json(after).duplicates and not parse_json(change.before).duplicates
        else:
            from doctor.config.toml_text import parse_toml  # noqa: PLC0415 - most policies are JSON

            parse_toml(after)
            twice = False
    except TextError as error:
        raise _TogetherError("conflicts with another repair of the same file; run it again") from error
    if twice:
        raise _TogetherError("conflicts with another repair, which gives the same name; run it again")


def digest(content: bytes) -> str:
    """The SHA-256 of a content, in hex digits."""
    from hashlib import sha256  # noqa: PLC0415 - only who repairs needs it

    return sha256(content).hexdigest()
