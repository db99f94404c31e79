import tomllib
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from doctor.errors import UsageError
from doctor.settings.editing import edited

TEXT = b"""\
# mine
description = 'Cheap'   # for lists

[tiers]  # by price
fast    = "claude:haiku"
premium = "claude:opus" # best

[models]
evaluator = { model = "claude:haiku", reasoning = "low" }

[[llm_endpoints.endpoints]]
name = "a"
url = "http://a"
"""


def test_only_the_value_changes() -> None:
    assert edited(TEXT, {("tiers", "premium"): "codex:x"}, what="p") == TEXT.replace(b"claude:opus", b"codex:x")
    assert edited(TEXT, {("models", "evaluator", "model"): "codex:x"}, what="p") == TEXT.replace(
        b'model = "claude:haiku", r', b'model = "codex:x", r'
    )


def test_without_changes_the_text_stays_as_it_is() -> None:
    assert edited(TEXT, {}, what="p") == TEXT


@pytest.mark.parametrize(
    ("text", "keys", "expected"),
    [
        (b"", ("agent", "model"), b'[agent]\nmodel = "v"\n'),
        (b'agent.model = "x" # why\n', ("agent", "model"), b'agent.model = "v" # why\n'),
        (b'[models]\n[models.flip]\nmodel = "x"\n', ("models", "flip", "model"), None),
        (
            b'[models.flip]\nmodel = "x"\n[tiers]\nfast = "x"\n[models.creator]\ntier = "fast"\n',
            ("models", "a", "m"),
            None,
        ),
        (b'[tiers]\nfast = "x"\n', ("description",), None),
        (b"tiers = {}\n", ("tiers", "fast"), None),
    ],
)
def test_a_value_that_is_not_there_is_added(text: bytes, keys: tuple[str, ...], expected: bytes | None) -> None:
    after = edited(text, {keys: "v"}, what="p")
    data: Any = tomllib.loads(after.decode())
    for key in keys:
        data = data[key]
    assert data == "v"
    assert expected is None or after == expected


def test_a_table_takes_the_place_of_another() -> None:
    wanted = {"endpoints": [{"name": "default", "url": "http://b", "is_default": True}]}
    after = edited(TEXT, {("llm_endpoints",): wanted}, what="p")
    assert tomllib.loads(after.decode())["llm_endpoints"] == wanted
    assert after.startswith(TEXT[: TEXT.index(b"[[")])


def test_a_value_is_removed_and_one_that_is_not_there_is_no_mistake() -> None:
    after = edited(TEXT, {("tiers", "fast"): None, ("stages", "execute", "model"): None}, what="p")
    assert after == TEXT.replace(b'fast    = "claude:haiku"\n', b"")


@pytest.mark.parametrize("text", [b"a = ", b"\xff", b"tiers = 1\n"])
def test_what_cannot_be_changed_says_so(text: bytes) -> None:
    with pytest.raises(UsageError, match="p cannot be changed by this command"):
        edited(text, {("tiers", "fast"): "v"}, what="p")


KEYS = st.sampled_from(["agent", "models", "tiers", "a b", "é"])
DATA = st.recursive(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8) | st.integers(-9, 9) | st.booleans(),
    lambda inner: st.dictionaries(KEYS, inner, max_size=3) | st.lists(inner, max_size=2),
    max_leaves=8,
)


@given(
    data=st.dictionaries(KEYS, DATA, max_size=4), keys=st.lists(KEYS, min_size=1, max_size=3), value=st.text(max_size=5)
)
def test_whatever_the_text_is_either_just_that_value_changes_or_nothing_does(
    data: dict[str, Any], keys: list[str], value: str
) -> None:
    text = tomlkit.dumps(data).encode()
    try:
        told = tomllib.loads(text.decode())
        after = edited(text, {tuple(keys): value}, what="p")
    except (UsageError, tomllib.TOMLDecodeError):
        return
    place: Any = told
    for key in keys[:-1]:
        place = place.setdefault(key, {})
    place[keys[-1]] = value
    assert tomllib.loads(after.decode()) == told
