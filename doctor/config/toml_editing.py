"""Changing values of a TOML text: by tomlkit, which keeps comments; what it changed is then told as spans."""

import pickle
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import accumulate

from doctor.config.editing import Edits, Parts, Span, applied, canonical, carry_out, json_text
from doctor.config.toml_positions import key_spans

_BARE = re.compile(r"[A-Za-z0-9_-]+")


class TomlEdits(Edits):
    """Changes to one TOML file."""

    def _does_only_this(self, spans: Sequence[Span]) -> bool:
        wanted = deepcopy(self.document.data)
        carry_out(wanted, self.changes, deepcopy)
        return canonical(tomllib.loads(applied(self.document.text, spans))) == canonical(wanted)

    def _spans(self) -> Iterator[Span]:
        before, names = self.document.text, self._names()
        if all(change.kind == "rename" for change in self.changes):
            return (_shortest(before, *name) for name in names)
        return differences(before, self._edited(applied(before, names)))

    def _names(self) -> list[Span]:
        """The keys that get other names, in every header too, which tomlkit cannot change in their place."""
        spans = []
        for change in self.changes:
            if change.kind == "rename":
                name = change.value if _BARE.fullmatch(change.value) else json_text(change.value)
                spans += [Span(start, end, name) for start, end in key_spans(self.document.text, change.parts)]
        return sorted(spans)

    def _edited(self, text: str) -> str:
        """The text with everything changed but names."""
        names = {change.parts: change.value for change in self.changes if change.kind == "rename"}
        others = [
            change._replace(parts=_with_names(change.parts, names))
            for change in self.changes
            if change.kind != "rename"
        ]
        if any(change.kind == "keep_first" for change in others):
            raise ValueError("TOML has no equal keys")
        import tomlkit  # noqa: PLC0415 - only who changes a file needs it
        from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - see above

        try:
            document = pickle.loads(_pickled(text))  # noqa: S301 - made below, and kept in this process
            if tomlkit.dumps(document) != text:
                raise ValueError("the text does not come out as it went in")
            carry_out(document, others, tomlkit.item)
            after = tomlkit.dumps(document)
        except TOMLKitError as error:
            raise ValueError(str(error)) from error
        return re.sub(r"(?<!\r)\n", "\r\n", after) if "\r\n" in text and not re.search(r"(?<!\r)\n", text) else after


@lru_cache(maxsize=1)
def _pickled(text: str) -> bytes:
    """What tomlkit reads in a text. Every repair of a file changes it anew, and parsing takes seven times as long."""
    import tomlkit  # noqa: PLC0415 - only who changes a file needs it

    return pickle.dumps(tomlkit.parse(text))


def _with_names(parts: Parts, names: Mapping[Parts, str]) -> Parts:
    """A path with other names for those of its keys that are renamed."""
    return tuple(names.get(parts[: depth + 1], part) for depth, part in enumerate(parts))


def differences(before: str, after: str) -> Iterator[Span]:
    """The spans in which two texts differ: by lines, and within those as short as they can be."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    head = _alike(old, new)
    tail = min(_alike(old[::-1], new[::-1]), len(old) - head, len(new) - head)
    changed, into = old[head : len(old) - tail], new[head : len(new) - tail]
    offsets = list(accumulate(map(len, changed), initial=sum(map(len, old[:head]))))
    # Lines that stand there often are only taken along with others: thousands of them would take minutes to compare.
    for tag, start, end, new_start, new_end in SequenceMatcher(None, changed, into).get_opcodes():
        if tag != "equal":
            yield _shortest(before, offsets[start], offsets[end], "".join(into[new_start:new_end]))


def _shortest(before: str, start: int, end: int, text: str) -> Span:
    """A span without what it has in common with what takes its place, at either end."""
    old = before[start:end]
    head = _alike(old, text)
    tail = min(_alike(old[::-1], text[::-1]), len(old) - head, len(text) - head)
    return Span(start + head, end - tail, text[head : len(text) - tail])


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """How many items, or characters, are the same at the beginning of both."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (mine, others) in pairs if mine != others), min(len(one), len(other)))
