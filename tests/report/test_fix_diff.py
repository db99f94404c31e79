"""Diffs of repairs."""

import subprocess
from pathlib import Path

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from doctor.config.editing import applied
from doctor.config.toml_editing import differences
from doctor.model.fix import TextEdit
from doctor.model.fixing import FileChange
from doctor.model.location import Location
from doctor.report.fix_diff import diff
from doctor.report.redact import Redactor

PLACE = Location(path="/p", line=1, column=1)


def change(before: str, after: str, path: str = "/p/file") -> FileChange:
    spans = differences(before, after)
    edits = tuple(TextEdit(start=s.start, end=s.end, text=s.text, begins=PLACE, ends=PLACE) for s in spans)
    assert applied(before, edits) == after
    return FileChange(path=path, sha256="0", edits=edits, before=before)


def shown(file: FileChange, *secrets: str) -> str:
    return "".join(f"{line.text}\n" for line in diff(file, "/p", Redactor(secrets)))


def test_a_change_is_shown_with_three_lines_around_it() -> None:
    before = "".join(f"{number}\n" for number in range(20))
    assert shown(change(before, before.replace("10\n", "ten\n"))) == (
        "--- file\n+++ file\n@@ -8,7 +8,7 @@\n 7\n 8\n 9\n-10\n+ten\n 11\n 12\n 13\n"
    )


def test_what_cannot_be_printed_is_escaped() -> None:
    assert "\x1b" not in shown(change("a\x1b[31m\n", "b\x1b[31m\n", path="/p/\x1bx"))


def test_secrets_are_hidden_on_both_sides_and_names_stay() -> None:
    before = '{"api_key": "short", "b": "known-secret"}\n'
    text = shown(change(before, before.replace("api_key", "token"), path="/p/a.json"), "known-secret")
    assert '-{"api_key": "[redacted]", "b": "[redacted]"}' in text
    assert '+{"token": "[redacted]", "b": "[redacted]"}' in text


def test_new_files_are_shown_unless_they_hold_a_key_or_are_copies() -> None:
    plain = FileChange(path="/p/a", sha256=None, content="x\ny", mode=0o644)
    assert shown(plain) == ("--- /dev/null\n+++ a\n@@ -0,0 +1,2 @@\n+x\n+y\n\\ No newline at end of file\nmode 644\n")
    key = FileChange(path="/home/k", sha256=None, content="xyz", is_secret=True, mode=0o600)
    assert shown(key) == "--- /dev/null\n+++ /home/k\na key that only its owner can read; not shown\nmode 600\n"
    copy = FileChange(path="/p/b", sha256=None, copy_of="/home/b", copy_sha256="0")
    assert shown(copy) == "--- /dev/null\n+++ b\ncopy of /home/b\n"


LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n", "d", "e f\n"]), max_size=25)


@settings(max_examples=25, deadline=None)
@given(LINES, LINES)
def test_patch_makes_one_text_of_the_other(before: list[str], after: list[str]) -> None:
    old, new = "".join(before), "".join(after)
    assume(old and new and old != new)  # git wants /dev/null for an empty file
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "file").write_text(old)
        text = shown(change(old, new))
        argv = ["git", "apply", "--unidiff-zero", "--whitespace=nowarn", "-p0", "-"]
        done = subprocess.run(argv, cwd=name, input=text, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), text
        assert (Path(name) / "file").read_text() == new
