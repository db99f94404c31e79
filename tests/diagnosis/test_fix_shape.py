"""A repair that could not be shown, applied or taken back is refused before anything is done."""

from typing import Any

import pytest

import doctor
from doctor.diagnosis.fix_shape import shape_problem

SHA = "0" * 64
PLACE = doctor.Location(path="/p.json", line=1, column=1)


class ACM001(doctor.Check):
    """One.

    Why.
    """


FINDING = ACM001().finding("x", "is wrong", fixable=True)


def edit(start: Any, end: Any, text: Any = "") -> doctor.TextEdit:
    return doctor.TextEdit(start=start, end=end, text=text, begins=PLACE, ends=PLACE)


def file(**changes: Any) -> doctor.FileFix:
    return doctor.FileFix(**{"path": "/p.json", "sha256": None, **changes})


def problem(*files: Any, title: Any = "do it", secrets: Any = ()) -> str | None:
    fix = ACM001().repair(FINDING, title, *files, secrets=secrets)
    return shape_problem(fix, ACM001(), FINDING)


@pytest.mark.parametrize(
    "sound",
    [
        file(sha256=SHA, edits=(edit(0, 0, "a"), edit(0, 2), edit(2, 3))),
        file(sha256=SHA, edits=(edit(0, 1),), mode=0o600),
        file(content=""),
        file(secret="k\n", mode=0o600),
        file(copy_of="/a/\udcff", copy_sha256=SHA, mode=0o755),
        file(mode=0o2755),
    ],
)
def test_every_kind_of_change_is_sound(sound: doctor.FileFix) -> None:
    assert problem(sound) is None


@pytest.mark.parametrize(
    "wrong",
    [
        file(path="p.json", content=""),
        file(path="/p\0", content=""),
        file(path=7, content=""),
        file(),
        file(sha256=SHA),
        file(content="", secret=""),
        file(content="", edits=(edit(0, 1),)),
        file(content=b""),
        file(content="\ud800"),
        file(copy_of="/a"),
        file(copy_of="a", copy_sha256=SHA),
        file(mode=-1),
        file(mode=0o100644),
        file(mode="644"),
        file(edits=(edit(0, 1),)),
        file(sha256="x", edits=(edit(0, 1),)),
        file(sha256=SHA, edits=[edit(0, 1)]),
        file(sha256=SHA, edits=("a",)),
        file(sha256=SHA, edits=(edit(-1, 1),)),
        file(sha256=SHA, edits=(edit(2, 1),)),
        file(sha256=SHA, edits=(edit(0, 2), edit(1, 3))),
        file(sha256=SHA, edits=(edit(0, 1.0),)),
        file(sha256=SHA, edits=(edit(0, 1, "\ud800"),)),
        "p.json",
    ],
)
def test_a_file_of_which_nobody_can_tell_what_becomes_of_it_is_refused(wrong: Any) -> None:
    assert problem(wrong) is not None


def test_what_is_no_repair_of_this_finding_is_refused() -> None:
    assert problem() == "changes no file"
    assert problem(file(content=""), file(content="")) == "names a file twice"
    assert problem(file(content=""), title=" ") == "has no title"
    assert problem(file(content=""), title=5) == "has no title"
    assert problem(file(content=""), secrets=(5,)) == "has secrets that are no texts"
    assert shape_problem("fix", ACM001(), FINDING) == "is a str, expected what self.repair gives"
    other = doctor.Fix(code="ACM001", fingerprint="other", title="t", files=(file(content=""),))
    assert shape_problem(other, ACM001(), FINDING) == "is one of another finding"
