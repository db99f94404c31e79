from pathlib import Path

import pytest

from doctor.executor.bounded_log import BoundedLog
from doctor.runner.output import LONGEST, Output, cut


def heard(*pieces: tuple[str, bytes], secrets: tuple[str, ...] = ()) -> Output:
    output = Output(None, secrets)
    for name, data in pieces:
        output.hear(name, data)
    output.close()
    return output


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ((("stdout", b"out"), ("stderr", b" why \n")), "why"),
        ((("stdout", b" out\n"), ("stderr", b" \n")), "(stdout) out"),
        ((), "Process exited with code 3"),
        ((("stderr", b"\xff\xfe"),), "\ufffd\ufffd"),
    ],
    ids=str,
)
def test_why_it_failed(pieces: tuple[tuple[str, bytes], ...], expected: str) -> None:
    assert heard(*pieces).why_failed(3, None) == expected


def test_a_signal_is_told_where_nothing_was_said() -> None:
    assert heard().why_failed(None, "SIGKILL") == "Process was ended by SIGKILL"


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_long_text_keeps_its_end(name: str) -> None:
    text = heard(*[(name, b"x" * 1000)] * 1100, (name, b"the end")).why_failed(1, None)
    assert len(text.encode()) <= LONGEST
    assert text.endswith("xthe end")


def test_a_text_is_cut_between_characters() -> None:
    text = cut("é" * 3000)
    assert len(text.encode()) <= LONGEST
    assert set(text) == {"…", " ", "é"}


def test_a_secret_is_hidden_wherever_it_is_cut(tmp_path: Path) -> None:
    log = BoundedLog(str(tmp_path / "log"), 10_000)
    output = Output(log, ("hush-hush-1",))
    for piece in (b"a hush-", b"hu", b"sh-1 b"):
        output.hear("stderr", piece)
    output.hear("stdout", b"hush-hush-1")
    output.close()
    assert output.why_failed(1, None) == "a [redacted] b"
    assert b"hush" not in (tmp_path / "log").read_bytes()


def test_what_looks_like_a_token_is_hidden_too() -> None:
    assert heard(("stderr", b"Authorization: Bearer abcdef0123456789")).why_failed(1, None).endswith("[redacted]")
