"""Changing values of a JSON text: the places of its members, and how new ones are written so that they fit in."""

import json
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from typing import Any

from doctor.config.documents import Document
from doctor.config.editing import Change, Edits, Parts, Span, applied, carry_out, json_text, refused
from doctor.config.json_layout import Container, Member, layout

SHORT = 60
"""Characters of a list of plain values that is written on one line."""


class JsonEdits(Edits):
    """Changes to one JSON file."""

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._layout = layout(document)

    def _does_only_this(self, spans: Sequence[Span]) -> bool:
        """Looks at the innermost object or list that everything happens in: what is around it cannot change with it.

        Of its members, only those that change are read; a number stands for each of the others.
        """
        if not self.changes:
            return True
        above = _common([change.parts[:-1] for change in self.changes])
        container = self._container(above)
        changes = [change._replace(parts=change.parts[len(above) :]) for change in self.changes]
        if any(not container.start < span.start <= span.end <= container.end for span in spans):
            return False
        kept = _untouched(container, {change.parts[0] for change in changes})
        before = self._of(container, kept)
        wanted = json.loads(before)
        carry_out(wanted, changes, deepcopy)
        told = json.loads(self._of(container, sorted([*kept, *spans], key=_place)))
        return _canonical(told) == _canonical(wanted)

    def _of(self, container: Container, spans: Sequence[Span]) -> str:
        """The text of a container, with these spans of the whole text replaced."""
        start = container.start
        inner = (Span(span.start - start, span.end - start, span.text) for span in spans)
        return applied(self._layout.text[start : container.end + 1], inner)

    def _spans(self) -> list[Span]:
        spans: list[Span] = []
        gone: dict[int, set[int]] = {}
        for change in self.changes:
            if change.kind in {"remove", "keep_first"}:
                container = self._container(change.parts[:-1])
                which = self._equals(container, change.parts) if change.kind == "keep_first" else ()
                gone.setdefault(container.start, set()).update(which or (container.which(change.parts[-1]),))
            else:
                spans += _WRITERS[change.kind](self, change)
        spans += [span for start, which in gone.items() for span in _removals(self._layout.container(start), which)]
        return sorted(spans, key=_place)

    def can_keep_first(self, parts: Parts) -> bool:
        """Whether there are several equal keys at a path, and their values are equal too."""
        try:
            container = self._container(parts[:-1])
        except (KeyError, ValueError):
            return False
        return self._layout.repeated(container).get(str(parts[-1]), False)

    def _equals(self, container: Container, parts: Parts) -> list[int]:
        """Every member of a name but the first."""
        if not self.can_keep_first(parts):
            raise refused(self.document, f"the values of the keys {parts[-1]!r} differ")
        return [index for index, member in enumerate(container.members) if member.name == parts[-1]][1:]

    def _set(self, change: Change) -> Iterator[Span]:
        container, member = self._container(change.parts[:-1]), self._member(change.parts)
        yield Span(member.start, member.end, self._written(change.value, container))

    def _rename(self, change: Change) -> Iterator[Span]:
        member = self._member(change.parts)
        yield Span(member.first, member.key_end, json_text(change.value))

    def _splice(self, change: Change) -> Iterator[Span]:
        container, member = self._container(change.parts[:-1]), self._member(change.parts)
        yield Span(member.start, member.end, self._joined(container, [("", value) for value in change.value]))

    def _append(self, change: Change) -> Iterator[Span]:
        yield self._extended(self._container(change.parts), [("", value) for value in change.value])

    def _add(self, change: Change) -> Iterator[Span]:
        container = self._container(change.parts[:-1])
        pair = (f"{json_text(change.parts[-1])}{self._layout.separators[1]}", change.value)
        names = [member.name for member in container.members]
        if change.before not in names or change.before is None:
            yield self._extended(container, [pair])
            return
        place = container.members[names.index(change.before)].first
        yield Span(place, place, f"{self._joined(container, [pair])},{self._gap(container)}")

    def _extended(self, container: Container, pairs: Sequence[tuple[str, Any]]) -> Span:
        """A container with more at its end."""
        if container.members:
            end = container.members[-1].end
            return Span(end, end, f",{self._gap(container)}{self._joined(container, pairs)}")
        written = self._joined(container, pairs)
        if self._layout.unit is not None:
            base = self._layout.indent(container.start)
            written = f"{self._layout.newline}{base}{self._layout.unit}{written}{self._layout.newline}{base}"
        return Span(container.start + 1, container.end, written)

    def _joined(self, container: Container, pairs: Sequence[tuple[str, Any]]) -> str:
        return f",{self._gap(container)}".join(f"{key}{self._written(value, container)}" for key, value in pairs)

    def _base(self, container: Container) -> str:
        """What the lines of a container's members begin with."""
        if container.members:
            return self._layout.indent(container.members[0].first)
        return self._layout.indent(container.start) + (self._layout.unit or "")

    def _gap(self, container: Container) -> str:
        """What stands between the comma and the next member of a container."""
        if self._is_broken(container):
            return f"{self._layout.newline}{self._base(container)}"
        return self._layout.separators[0][1:]

    def _is_broken(self, container: Container) -> bool:
        """Whether the members of a container stand on lines of their own."""
        return (
            self._layout.stands_alone(container.members[0].first)
            if container.members
            else self._layout.unit is not None
        )

    def _written(self, value: Any, container: Container) -> str:
        """A value as a member of a container: on one line where those are, or where it is short and plain."""
        line = json_text(value, separators=self._layout.separators)
        flat = isinstance(value, list) and len(line) <= SHORT and not any(isinstance(e, dict | list) for e in value)
        if flat or not isinstance(value, dict | list) or not self._is_broken(container):
            return line
        text = json_text(value, indent=self._layout.unit, separators=self._layout.separators)
        return text.replace("\n", f"{self._layout.newline}{self._base(container)}")

    def _container(self, parts: Parts) -> Container:
        found = self.document.offsets(parts)
        if found is None:
            raise KeyError(parts)
        return self._layout.container(found[0])

    def _member(self, parts: Parts) -> Member:
        container = self._container(parts[:-1])
        return container.members[container.which(parts[-1])]


_WRITERS: dict[str, Callable[[JsonEdits, Change], Iterator[Span]]] = {
    "set": JsonEdits._set,  # noqa: SLF001 - a table of its own methods
    "rename": JsonEdits._rename,  # noqa: SLF001
    "splice": JsonEdits._splice,  # noqa: SLF001
    "append": JsonEdits._append,  # noqa: SLF001
    "add": JsonEdits._add,  # noqa: SLF001
}


def _common(paths: Sequence[Parts]) -> Parts:
    """What all of these begin with."""
    depths = (depth for depth, parts in enumerate(zip(*paths, strict=False)) if len(set(parts)) > 1)
    return paths[0][: next(depths, min(map(len, paths)))]


def _untouched(container: Container, parts: set[str | int]) -> list[Span]:
    """The values of the members that none of these parts of a path mean, with a number in the place of each."""
    touched = {container.which(part) for part in parts if isinstance(part, int)}
    return [
        Span(member.start, member.end, str(index))
        for index, member in enumerate(container.members)
        if index not in touched and (member.name is None or member.name not in parts)
    ]


def _place(span: Span) -> tuple[int, int]:
    return span.start, span.end


def _canonical(data: Any) -> str:
    """A text that is the same for equal data only, whatever the order of keys."""
    return json.dumps(data, sort_keys=True)


def _removals(container: Container, gone: set[int]) -> Iterator[Span]:
    """The spans of members with their commas: the comma before each, or the one behind where there is none before."""
    members = container.members
    if len(gone) == len(members):
        yield Span(container.start + 1, container.end, "")
        return
    index = 0
    while index < len(members):
        last = index
        while last in gone:
            last += 1
        if last > index:
            if index:
                yield Span(members[index - 1].end, members[last - 1].end, "")
            else:
                yield Span(members[0].first, members[last].first, "")
        index = last + 1
