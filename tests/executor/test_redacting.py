"""Secrets in a stream of bytes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.executor.redacting import HIDDEN, Redactor

SECRETS = st.lists(st.text(alphabet="abc", min_size=2, max_size=6), max_size=3)
PIECES = st.lists(st.text(alphabet="abcx", max_size=12), max_size=12)


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


def test_of_two_values_the_longer_one_is_hidden() -> None:
    assert _passed(["secret", "secret-and-more"], [b"a secret-", b"and-more b secret c"]) == (
        b"a [redacted] b [redacted] c"
    )


def test_values_that_overlap_are_hidden_as_one() -> None:
    assert _passed(["abcde", "cdefg"], [b"xabcdefgx"]) == b"x[redacted]x"


def test_a_value_of_several_lines_is_hidden_whatever_ends_them() -> None:
    key = "first-line-of-it\nsecond-line-of-it\n"

    assert _passed([key], [b"<first-line-of-it\r\nsecond-line-of-it\r\n>"]) == b"<[redacted]\r\n[redacted]\r\n>"


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
