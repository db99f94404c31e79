"""Changing values of a TOML text: by tomlkit, which keeps comments; what it changed is then told as spans."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any

from doctor.config.editing import Edits, Parts, Span, applied, carry_out, json_text
from doctor.config.toml_positions import key_spans

_BARE = re.compile(r"[A-Za-z0-9_-]+")


class TomlEdits(Edits):
    """Changes to one TOML file."""

    def _parsed(self, text: str) -> Any:
        return tomllib.loads(text)

    def _spans(self) -> Iterator[Span]:
        before = self.document.text
        return differences(before, self._edited(self._renamed(before)))

    def _renamed(self, text: str) -> str:
        """The text with other names, in every header too, which tomlkit cannot change in their place."""
        spans = []
        for change in self.changes:
            if change.kind == "rename":
                name = change.value if _BARE.fullmatch(change.value) else json_text(change.value)
                spans += [Span(start, end, name) for start, end in key_spans(text, change.parts)]
        return applied(text, sorted(spans))

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
        if not others:
            return text
        import tomlkit  # noqa: PLC0415 - only who changes a file needs it
        from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - see above

        try:
            document = tomlkit.parse(text)
            if tomlkit.dumps(document) != text:
                raise ValueError("the text does not come out as it went in")
            carry_out(document, others, tomlkit.item)
            after = tomlkit.dumps(document)
        except TOMLKitError as error:
            raise ValueError(str(error)) from error
        return re.sub(r"(?<!\r)\n", "\r\n", after) if "\r\n" in text and not re.search(r"(?<!\r)\n", text) else after


def _with_names(parts: Parts, names: Mapping[Parts, str]) -> Parts:
    """A path with other names for those of its keys that are renamed."""
    return tuple(names.get(parts[: depth + 1], part) for depth, part in enumerate(parts))


def differences(before: str, after: str) -> Iterator[Span]:
    """The spans in which two texts differ: by lines, and within those as short as they can be."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    offsets = [0]
    for line in old:
        offsets.append(offsets[-1] + len(line))
    for tag, start, end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            yield _shortest(before, offsets[start], offsets[end], "".join(new[new_start:new_end]))


def _shortest(before: str, start: int, end: int, text: str) -> Span:
    """A span without what it has in common with what takes its place, at either end."""
    while start < end and text and before[start] == text[0]:
        start, text = start + 1, text[1:]
    while start < end and text and before[end - 1] == text[-1]:
        end, text = end - 1, text[:-1]
    return Span(start, end, text)
