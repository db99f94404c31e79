"""Profiles, values, changes and endpoints as tables for people."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from doctor.report.grid import Column, draw
from doctor.report.launch_words import Words
from doctor.report.paint import paint
from doctor.report.redact import Redactor
from doctor.report.settings_json import shown_value
from doctor.report.style import PLAIN, Style
from doctor.report.visible import visible

if TYPE_CHECKING:
    from doctor.settings.importing import Imports
    from doctor.settings.init import Setup
    from doctor.settings.results import (
        Change,
        Daemon,
        Difference,
        EndpointEntry,
        EndpointVerdict,
        ProfileEntry,
        Shown,
        Source,
        Used,
        Value,
        Written,
    )
    from doctor.settings.wg_profile import Note

PROFILE_COLUMNS = (
    Column("profile"),
    Column("kind", "word"),
    Column("active", "word"),
    Column("state", "status"),
    Column("description"),
    Column("path", "path"),
)
VALUE_COLUMNS = (Column("key", "word"), Column("value"), Column("from", "path"), Column("hides"))
CHANGE_COLUMNS = (Column("key", "word"), Column("before"), Column("after"))
ENDPOINT_COLUMNS = (
    Column("endpoint"),
    Column("state", "status"),
    Column("kind", "word"),
    Column("default", "word"),
    Column("url"),
    Column("key"),
    Column("from", "path"),
)
VERDICT_COLUMNS = (
    Column("endpoint"),
    Column("state", "status"),
    Column("reached", "word"),
    Column("key", "word"),
    Column("model", "word"),
    Column("took", "word"),
    Column("url"),
)
IMPORT_COLUMNS = (Column("profile"), Column("state", "status"), Column("from", "path"), Column("to", "path"))
FILE_COLUMNS = (Column("file", "word"), Column("what"), Column("path", "path"))

_AUTH = {"yes": "accepted", "no": "refused", "unknown": "unknown", "none": "none"}
"""What became of the key; ``none`` where there is none."""


def profiles_table(entries: Sequence["ProfileEntry"], secrets: Iterable[str], style: Style = PLAIN) -> str:
    """The profiles, then what is wrong with any; empty text where there are none."""
    if not entries:
        return ""
    words = _Words(secrets, style)
    rows = [
        (
            words.text(entry.name),
            entry.kind,
            "yes" if entry.active else "",
            "ok" if entry.ok else "error",
            words.text(entry.description),
            words.path(entry.path) if style.verbose else "",
        )
        for entry in entries
    ]
    problems = [f"{words.text(entry.name)}: {words.text(entry.problem)}" for entry in entries if entry.problem]
    return draw(PROFILE_COLUMNS, rows, style) + _block(problems)


def shown_table(shown: "Shown", secrets: Iterable[str], style: Style = PLAIN) -> str:
    """Values, where each comes from and what it hides; empty text where there are none."""
    return _values(shown.values, _Words(secrets, style))


def difference_table(difference: "Difference", secrets: Iterable[str], style: Style = PLAIN) -> str:
    """What differs, a leaf per row; empty text where nothing does."""
    words = _Words(secrets, style)
    return _changes(difference.changes, words, (words.text(difference.a), words.text(difference.b)))


def used_table(used: "Used", secrets: Iterable[str], style: Style = PLAIN) -> str:
    """The switch, what it changes, what something stronger hides, and who follows."""
    words = _Words(secrets, style)
    where = " for this project" if used.scope == "project" else ""
    names = [words.text(name) if name else "none" for name in (used.previous, used.active)]
    if used.previous == used.active:
        head = f"profile  {names[1]}, as before{where}\n"
    else:
        head = f"profile  {names[0]} {style.arrow} {paint(names[1], 'bold', color=style.color)}{where}\n"
    hidden = _values(used.shadowed, words)
    title = "something stronger wins over these values of the profile\n"
    changes = _changes(used.changes, words)
    return "\n".join(filter(None, (head, changes, hidden and title + hidden, _followers(used.daemons))))


def written_table(written: "Written", secrets: Iterable[str], style: Style = PLAIN, *, done: str = "changed") -> str:
    """What was done to which file, how its values changed, and who follows."""
    words = _Words(secrets, style)
    head = f"{done}  {words.text(written.name)}  {words.path(written.path)}\n"
    return "\n".join(filter(None, (head, _changes(written.changes, words), _followers(written.daemons))))


def several_table(written: Sequence["Written"], secrets: Iterable[str], style: Style = PLAIN) -> str:
    """Which files were written, one per line; empty text where none was."""
    words = _Words(secrets, style)
    widest = max((len(words.text(each.name)) for each in written), default=0)
    return _lines(f"{words.text(each.name).ljust(widest)}  {words.path(each.path)}" for each in written)


def imports_table(imports: "Imports", secrets: Iterable[str], style: Style = PLAIN) -> str:
    """What became of each file, then what is to be known about it."""
    words = _Words(secrets, style)
    rows = [
        (
            words.text(each.name),
            "error" if each.problem else "ok",
            words.path(each.source),
            words.path(each.path),
        )
        for each in imports.profiles
    ]
    problems = [f"{words.text(each.name)}: {words.text(each.problem)}" for each in imports.profiles if each.problem]
    notes = [words.note(note) for note in imports.notes]
    return draw(IMPORT_COLUMNS, rows, style) + _block([*problems, *notes])


def endpoints_table(entries: Sequence["EndpointEntry"], secrets: Iterable[str], style: Style = PLAIN) -> str:
    """The endpoints, then what is wrong with any; empty text where there are none."""
    if not entries:
        return ""
    words = _Words(secrets, style)
    rows = [
        (
            words.text(entry.name),
            "ok" if entry.ok else "error",
            words.text(entry.kind),
            "yes" if entry.default else "",
            words.text(entry.url),
            words.text(entry.key),
            words.source(entry.source),
        )
        for entry in entries
    ]
    problems = [f"{words.text(entry.name)}: {words.text(entry.problem)}" for entry in entries if entry.problem]
    return draw(ENDPOINT_COLUMNS, rows, style) + _block(problems)


def verdicts_table(verdicts: Sequence["EndpointVerdict"], secrets: Iterable[str], style: Style = PLAIN) -> str:
    """What asking gave, an endpoint per row, then the details; empty text where none was asked."""
    if not verdicts:
        return ""
    words = _Words(secrets, style)
    rows = [
        (
            words.text(verdict.name),
            "ok" if answers(verdict) else "error",
            "yes" if verdict.reachable else "no",
            _AUTH[verdict.auth],
            verdict.model,
            f"{verdict.duration_ms:.0f} ms",
            words.text(verdict.url),
        )
        for verdict in verdicts
    ]
    details = [f"{words.text(verdict.name)}: {words.text(verdict.detail)}" for verdict in verdicts if verdict.detail]
    return draw(VERDICT_COLUMNS, rows, style) + _block(details)


def setup_table(setup: "Setup", secrets: Iterable[str], style: Style = PLAIN) -> str:
    """The files of a first setup, and what becomes of each."""
    words = _Words(secrets, style)
    rows = [("stays" if file.exists else "new", words.text(file.what), words.path(file.path)) for file in setup.files]
    head = f"route  {words.text(setup.route)}{style.separator}{words.text(setup.found)}\n\n"
    return head + draw(FILE_COLUMNS, rows, style)


def answers(verdict: "EndpointVerdict") -> bool:
    """Whether nothing that was found out about an endpoint is bad."""
    return verdict.reachable and verdict.auth != "no" and verdict.model != "absent"


class _Words(Words):
    """Texts safe to print, those about settings too.

    Args:
        secrets: Values that must not leave.
        style: ``home``, ``arrow`` and ``separator`` are used.
    """

    def __init__(self, secrets: Iterable[str], style: Style) -> None:
        super().__init__(Redactor(secrets), style)

    def value(self, key: str, value: str | None) -> str:
        """The value of a key; nothing for ``None``."""
        return "" if value is None else visible(shown_value(key, value, self.clean))

    def source(self, source: "Source") -> str:
        """Where a value comes from, such as ``profile ~/.config/harness-doctor/profiles/codex.toml:3``."""
        place = self._place(source.path, source.line)
        return f"{source.kind} {place}" if place else source.kind

    def note(self, note: "Note") -> str:
        """What is to be known about a key of a file that was taken over."""
        return ": ".join(
            filter(None, (self._place(note.path, note.line), self.text(note.key), self.text(note.message)))
        )

    def _place(self, path: str | None, line: int | None) -> str:
        place = self.path(path)
        return f"{place}:{line}" if place and line is not None else place


def _values(values: Sequence["Value"], words: _Words) -> str:
    if not values:
        return ""
    rows = [
        (
            words.text(value.key),
            words.value(value.key, value.value),
            words.source(value.source),
            ", ".join(f"{shadow.source.kind}={words.value(value.key, shadow.value)}" for shadow in value.shadows),
        )
        for value in values
    ]
    return draw(VALUE_COLUMNS, rows, words.style)


def _changes(changes: Sequence["Change"], words: _Words, titles: tuple[str, str] = ("before", "after")) -> str:
    if not changes:
        return ""
    rows = [
        (
            words.text(change.key),
            words.value(change.key, change.before) or "-",
            words.value(change.key, change.after) or "-",
        )
        for change in changes
    ]
    columns = (CHANGE_COLUMNS[0], *(Column(title) for title in titles))
    return draw(columns, rows, words.style)


def _followers(daemons: Sequence["Daemon"]) -> str:
    return _lines(f"process {daemon.pid} follows" for daemon in daemons if daemon.ok)


def unmoved(daemons: Sequence["Daemon"]) -> Iterator[str]:
    """What is to be said about running processes that did not take a change over."""
    for daemon in daemons:
        if not daemon.ok:
            yield f"process {daemon.pid} did not follow: {daemon.error or 'it did not say why'}"


def _block(lines: Sequence[str]) -> str:
    """Lines below a table."""
    return "\n" + _lines(lines) if lines else ""


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
