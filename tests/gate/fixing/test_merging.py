"""Several repairs of one file."""

from collections.abc import Callable
from hashlib import sha256

import pytest

from doctor.config.editing import applied
from doctor.config.files import FileProblem
from doctor.gate.fixing.merging import Merged, merge
from doctor.model.fix import FileFix, Fix, TextEdit
from doctor.model.location import Location

TEXT = '{"aa": 1, "bb": 2}'
SHA = sha256(TEXT.encode()).hexdigest()
PLACE = Location(path="/p.json", line=1, column=1)


def edit(start: int, end: int, text: str) -> TextEdit:
    return TextEdit(start=start, end=end, text=text, begins=PLACE, ends=PLACE)


def fix(name: str, *files: FileFix) -> Fix:
    return Fix(code=name[:6], fingerprint=name, title=f"do {name}", files=files)


def edited(*edits: TextEdit, mode: int | None = None) -> FileFix:
    return FileFix(path="/p.json", sha256=SHA, edits=edits, mode=mode)


@pytest.fixture
def merged() -> Callable[..., Merged]:
    return lambda *fixes: merge(fixes, lambda _: TEXT.encode())


def test_repairs_of_different_places_become_one_change(merged: Callable[..., Merged]) -> None:
    [change], left_out = merged(fix("two", edited(edit(16, 17, "3"))), fix("one", edited(edit(1, 5, '"a"'))))
    assert applied(change.before or "", change.edits) == '{"a": 1, "bb": 3}'
    assert (change.fingerprints, left_out) == (("two", "one"), {})


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (edit(1, 5, '"a"'), edit(3, 8, '"x')),
        (edit(1, 1, '"n": 0, '), edit(1, 1, '"m": 0, ')),
        (edit(1, 5, '"a"'), edit(5, 5, " ")),
    ],
)
def test_what_touches_an_earlier_repair_is_left_for_another_run(
    merged: Callable[..., Merged], first: TextEdit, second: TextEdit
) -> None:
    [change], left_out = merged(fix("ABC001", edited(first)), fix("ABC002", edited(second)))
    assert change.edits == (first,)
    assert left_out == {"ABC002": "conflicts with ABC001, which would do ABC001; run it again"}


def test_the_same_edit_is_made_once(merged: Callable[..., Merged]) -> None:
    same = edit(1, 1, '"n": 0, ')
    [change], left_out = merged(fix("one", edited(same)), fix("two", edited(same)))
    assert (change.edits, change.fingerprints, left_out) == ((same,), ("one", "two"), {})


def test_repairs_that_are_sound_only_one_by_one_are_done_one_by_one(merged: Callable[..., Merged]) -> None:
    fixes = [fix("one", edited(edit(1, 5, '"x"'))), fix("two", edited(edit(10, 14, '"x"')))]
    [change], left_out = merged(*fixes)
    assert change.fingerprints == ("one",)
    assert list(left_out) == ["two"]


def test_a_repair_that_is_for_another_text_is_left_out(merged: Callable[..., Merged]) -> None:
    assert merged(fix("one", edited(edit(900, 901, "x")))).left_out == {
        "one": "a repair goes beyond the end of /p.json"
    }
    assert merged(fix("one", edited(edit(0, 1, "")))).left_out == {"one": "it would leave /p.json malformed"}


def test_modes_of_one_file_go_together_as_the_stricter(merged: Callable[..., Merged]) -> None:
    mode = FileFix(path="/p.json", sha256=None, mode=0o640)
    [change], _ = merged(fix("one", mode), fix("two", edited(edit(1, 5, '"a"'), mode=0o604)))
    assert (change.mode, len(change.edits)) == (0o600, 1)


def test_a_file_is_made_before_others_are_changed_and_only_once(merged: Callable[..., Merged]) -> None:
    made = FileFix(path="/new", sha256=None, content="x")
    changes, left_out = merged(
        fix("one", edited(edit(1, 5, '"a"')), made),
        fix("two", made),
        fix("three", FileFix(path="/new", sha256=None, content="y")),
    )
    assert [change.path for change in changes] == ["/new", "/p.json"]
    assert list(left_out) == ["three"]


def test_a_file_that_changed_or_cannot_be_read_is_left_alone() -> None:
    def read(path: str) -> bytes:
        if path == "/gone":
            raise FileProblem("does not exist", "make it")
        return b"another"

    gone = FileFix(path="/gone", sha256=SHA, edits=(edit(0, 1, "x"),))
    files, left_out = merge([fix("one", edited(edit(1, 5, '"a"'))), fix("two", gone)], read)
    assert files == ()
    assert "changed meanwhile" in left_out["one"]
    assert left_out["two"] == "/gone does not exist"
