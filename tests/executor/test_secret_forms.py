"""The ways in which a secret may be written."""

import base64
import json
import re
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.executor.secret_forms import forms_of

VALUE = 'Zq7"quote\\back/é+=<x> y'
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=6, max_size=40)


@pytest.mark.parametrize(
    "written",
    [
        VALUE,
        json.dumps(VALUE)[1:-1],
        json.dumps(VALUE, ensure_ascii=False)[1:-1],
        json.dumps(VALUE)[1:-1].replace("/", "\\/"),
        json.dumps(VALUE)[1:-1].replace("<", "\\u003c").replace(">", "\\u003e"),
        json.dumps(json.dumps(VALUE))[3:-3],
        json.dumps(json.dumps(VALUE, ensure_ascii=False), ensure_ascii=False)[3:-3],
        quote(VALUE),
        quote(VALUE, safe=""),
        re.sub("%..", lambda match: match[0].lower(), quote(VALUE, safe="")),
        quote_plus(VALUE),
    ],
)
def test_each_way_to_write_a_value_is_a_form(written: str) -> None:
    assert written.encode() in forms_of(VALUE)


@given(TEXTS)
def test_what_common_encoders_make_of_it_is_a_form(value: str) -> None:
    forms = forms_of(value)

    assert json.dumps(value)[1:-1].encode() in forms
    assert json.dumps(value, ensure_ascii=False)[1:-1].encode() in forms
    assert quote(value).encode() in forms
    assert quote(value, safe="").encode() in forms
    assert quote_plus(value).encode() in forms


@given(st.binary(max_size=9), TEXTS, st.binary(max_size=9), st.sampled_from([b"+/", b"-_"]))
def test_in_base64_it_is_found_whatever_stands_around_it(
    before: bytes, value: str, after: bytes, alphabet: bytes
) -> None:
    encoded = base64.b64encode(before + value.encode() + after, alphabet)

    assert [form for form in forms_of(value) if form in encoded]


def test_a_value_that_needs_no_quoting_has_few_forms() -> None:
    assert forms_of("abc-123") == {b"abc-123", b"YWJjLTEyM", b"FiYy0xMj", b"hYmMtMTIz"}


def test_a_short_value_is_only_looked_for_as_it_is() -> None:
    assert forms_of("a/b") == {b"a/b"}


def test_the_longer_lines_of_a_value_count_by_themselves() -> None:
    assert {b"first-line", b"second-line"} < forms_of("first-line\nab\nsecond-line\n")
    assert b"ab" not in forms_of("first-line\nab\nsecond-line\n")


def test_bytes_that_are_no_utf_8_are_kept() -> None:
    assert b"abc\xffdef" in forms_of("abc\udcffdef")
