"""Secrets in a stream of bytes."""

import json
import re
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.executor.redacting import HIDDEN, Redactor
from doctor.processes.evidence import plain_lines

SECRETS = st.lists(st.text(alphabet="abc", min_size=2, max_size=6), max_size=3)
PIECES = st.lists(st.text(alphabet="abcx", max_size=12), max_size=12)

BETWEEN = (
    "\x1b[1m",
    "\x1b[38;5;10m",
    "\x1b[K",
    "\x1b[?25l",
    "\x1b]0;a title\x07",
    "\x1b]8;;https://example.org\x1b\\",
    "\x1bPq...\x1b\\",
    "\x1b(B",
    "\x1b7",
    "\x1b[\\",
    "\r\n",
    "\n",
    "\x08",
    "\x07",
    "\x85",
    "\\u001b[01;31m",
)
"""What may stand between two characters without a reader taking notice."""

SECRET = "sk-12345-wxyz"
TORN = st.lists(st.sampled_from(BETWEEN), max_size=2).map("".join)
CUTS = st.lists(st.integers(min_value=0, max_value=400), max_size=8)


def _passed(secrets: list[str], pieces: list[bytes]) -> bytes:
    redactor = Redactor(secrets)
    return b"".join([*(redactor.feed(each) for each in pieces), redactor.finish()])


@given(SECRETS, PIECES)
def test_no_secret_passes_however_the_stream_is_cut(secrets: list[str], pieces: list[str]) -> None:
    passed = _passed(secrets, [each.encode() for each in pieces])

    shown = passed.split(HIDDEN)
    assert not [each for each in secrets if any(each.encode() in part for part in shown)]


@given(SECRETS, PIECES)
def test_it_does_not_matter_how_the_stream_is_cut(secrets: list[str], pieces: list[str]) -> None:
    whole = "".join(pieces).encode()

    assert _passed(secrets, [each.encode() for each in pieces]) == _passed(secrets, [whole])


@given(st.lists(st.binary(max_size=20), max_size=10))
def test_without_secrets_everything_passes_at_once(pieces: list[bytes]) -> None:
    redactor = Redactor([])

    assert [redactor.feed(each) for each in pieces] == pieces


@given(PIECES)
def test_what_surrounds_a_secret_stays(pieces: list[str]) -> None:
    whole = "".join(pieces)

    assert _passed(["abc"], [each.encode() for each in pieces]) == re.sub("abc", "[redacted]", whole).encode()


def _slashed(value: str) -> str:
    return json.dumps(value).replace("/", "\\/")


def _cut(whole: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(min(each, len(whole)) for each in cuts), len(whole)]
    return [whole[begin:end] for begin, end in pairwise(places)]


def _read(passed: bytes) -> str:
    """What a person, or a program, can read of it."""
    text = re.sub(r"\\u001b\[[0-9;]*m", "", passed.decode("utf-8", "replace"))
    return "".join(plain_lines(text))


@given(st.lists(TORN, min_size=len(SECRET), max_size=len(SECRET)), TORN, CUTS)
def test_a_secret_with_control_sequences_in_it_is_hidden_however_it_is_cut(
    between: list[str], first: str, cuts: list[int]
) -> None:
    whole = f"key:{first}" + "".join(f"{character}{each}" for character, each in zip(SECRET, between, strict=True))

    read = _read(_passed([SECRET], _cut(f"{whole}. done".encode(), cuts)))

    # What ends a line, two characters of it at most, is not kept back.
    assert read in {"key:[redacted]. done", "key:s[redacted]. done", "key:sk[redacted]. done"}


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("bad key sk-123\x1b[1m45-wxyz\x1b[0m", "bad key [redacted]\x1b[1m\x1b[0m"),
        ("sk-12345-\r\nwxyz\r\n", "[redacted]\r\n\r\n"),
        ("sk-12\x1b]0;sk-12345-wxyz\x07345-wxyz", "[redacted]"),
        ("\x1b]0;sk-12345-wxyz\x07 text", "\x1b]0;[redacted]\x07 text"),
        ("\x1b]52;c;c2stMTIzNDUtd3h5eg==\x07", "\x1b]52;c;[redacted]g==\x07"),
        (
            "\x1b]8;;https://x/?key=sk-12345-wxyz\x1b\\link\x1b]8;;\x1b\\",
            "\x1b]8;;https://x/?key=[redacted]\x1b\\link\x1b]8;;\x1b\\",
        ),
        ('{"out":"\\u001b[01;31msk-\\u001b[m12345-wxyz"}', '{"out":"\\u001b[01;31m[redacted]\\u001b[m"}'),
        ("Authorization: Basic dTpzay0xMjM0NS13eHl6", "Authorization: Basic dTp[redacted]"),
    ],
)
def test_control_sequences_stay_and_the_characters_go(written: str, kept: str) -> None:
    assert _passed([SECRET], [written.encode()]) == kept.encode()


@pytest.mark.parametrize("encode", [json.dumps, partial(json.dumps, ensure_ascii=False), quote, _slashed])
def test_a_value_is_hidden_as_programs_quote_it(encode: Callable[[str], str]) -> None:
    value = 'Zq7"quote\\back/é-secret'

    passed = _passed([value], [encode(value).encode()])

    assert passed.strip(b'"') == HIDDEN


@given(CUTS)
def test_the_end_of_a_line_is_not_kept_back_for_two_characters(cuts: list[int]) -> None:
    redactor = Redactor([SECRET])

    assert (
        b"".join(redactor.feed(each) for each in _cut(b"press s\r\nor sk\x1b[0m", cuts)) == b"press s\r\nor sk\x1b[0m"
    )


def test_what_was_let_pass_at_the_end_of_a_line_hides_the_rest() -> None:
    assert _passed([SECRET], [b"key s\r\n", b"k-12345", b"-wxyz."]) == b"key s\r\n[redacted]."


@given(st.text(alphabet="sk-12345 \r\n\x1b[]m;0\x07\\u", max_size=60), CUTS)
def test_whatever_holds_no_secret_passes_as_it_is(text: str, cuts: list[int]) -> None:
    whole = text.encode()

    assert _passed([SECRET], _cut(whole, cuts)) == whole


def test_a_string_without_an_end_is_not_kept_without_end() -> None:
    redactor = Redactor([SECRET])
    whole = b"\x1bPq" + b"~" * 500_000

    passed = [redactor.feed(whole[at : at + 4096]) for at in range(0, len(whole), 4096)]

    assert len(redactor._held) < 80_000
    assert b"".join((*passed, redactor.finish())) == whole


def test_control_sequences_without_end_keep_nothing_back_without_end() -> None:
    redactor = Redactor([SECRET])

    passed = [
        redactor.feed(b"sk-12"),
        *(redactor.feed(b"\x1b[1m" * 1000) for _ in range(40)),
        redactor.feed(b"345-wxyz."),
    ]

    assert len(redactor._held) < 80_000
    assert b"".join(passed).replace(b"\x1b[1m", b"") == b"sk-12[redacted]."


def test_of_two_values_the_longer_one_is_hidden() -> None:
    assert _passed(["secret", "secret-and-more"], [b"a secret-", b"and-more b secret c"]) == (
        b"a [redacted] b [redacted] c"
    )


def test_values_that_overlap_are_hidden_as_one() -> None:
    assert _passed(["abcde", "cdefg"], [b"xabcdefgx"]) == b"x[redacted]x"


def test_a_value_of_several_lines_is_hidden_whatever_ends_them() -> None:
    key = "first-line-of-it\nsecond-line-of-it\n"

    assert _passed([key], [b"<first-line-of-it\r\nsecond-line-of-it\r\n>"]) == b"<[redacted]\r\n\r\n>"
    assert _passed([key], [b"a first-line-of-it\r\nb second-line-of-it"]) == b"a [redacted]\r\nb [redacted]"


def test_only_what_may_become_a_secret_is_kept_back() -> None:
    redactor = Redactor(["sk-12345"])

    assert [redactor.feed(each) for each in (b"ask-", b"123", b"9 done")] == [b"a", b"", b"sk-1239 done"]


def test_a_value_that_repeats_itself_without_end_is_not_kept_without_end() -> None:
    redactor = Redactor(["aaaa"])

    passed = [redactor.feed(b"a" * 50_000) for _ in range(20)]

    assert len(redactor._held) < 70_000
    assert set(b"".join(passed).split(HIDDEN)) == {b""}


@pytest.mark.parametrize("values", [[], [""]])
def test_an_empty_value_hides_nothing(values: list[str]) -> None:
    assert _passed(values, [b"text"]) == b"text"
