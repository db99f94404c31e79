import random
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.config.positions import Positions
from doctor.config.toml_positions import long_key, scan_toml, token_end

KEYS = st.from_regex(r"[A-Za-z0-9_-]{1,4}", fullmatch=True) | st.sampled_from(["a.b", "é", 'q"', "tab\t", "", "#", "'"])
SCALARS = st.integers(-999, 999) | st.booleans() | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3))
TABLES = st.dictionaries(KEYS, VALUES | st.dictionaries(KEYS, VALUES, max_size=3), max_size=4)


class Writer:
    """Writes data as TOML in randomly chosen styles."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.lines: list[str] = []

    def key(self, key: str) -> str:
        bare = key.isascii() and key != "" and all(c.isalnum() or c in "_-" for c in key)
        if bare and self.chance.random() < 0.6:
            return key
        if "'" not in key and key.isprintable() and self.chance.random() < 0.5:
            return f"'{key}'"
        return '"' + "".join(f"\\u{ord(c):04x}" if c in '"\\' or ord(c) < 32 else c for c in key) + '"'

    def text(self, text: str) -> str:
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        styles = [
            f'"{escaped}"',
            f'"""\n{escaped}"""',
            f'"""\\\n  {escaped}"""' if text[:1].strip() else f'"{escaped}"',
        ]
        if "'" not in text:
            styles += [f"'{text}'", f"'''\n{text}'''"]
        return self.chance.choice(styles)

    def gap(self) -> str:
        return self.chance.choice(["", " ", "\t"])

    def wide_gap(self) -> str:
        return self.chance.choice(["", " ", "\n", " # [x] = {\n", "\r\n"])

    def value(self, value: Any) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            items = [self.wide_gap() + self.value(item) + self.wide_gap() for item in value]
            return "[" + ",".join(items) + (",\n" if items and self.chance.random() < 0.3 else "") + "]"
        if isinstance(value, dict):
            pairs = [f"{self.gap()}{self.key(k)}{self.gap()}={self.gap()}{self.value(v)}" for k, v in value.items()]
            return "{" + ",".join(pairs) + self.gap() + "}"
        return str(value)

    def body(self, table: dict[str, Any], path: list[str]) -> None:
        later: list[tuple[str, Any]] = []
        for key, value in table.items():
            style = self.chance.random()
            if isinstance(value, dict) and value and style < 0.3:
                for inner, item in value.items():
                    self.lines.append(f"{self.key(key)}{self.gap()}.{self.gap()}{self.key(inner)} = {self.value(item)}")
            elif self.is_table(value) and style < 0.8:
                later.append((key, value))
            else:
                self.lines.append(f"{self.gap()}{self.key(key)}{self.gap()}= {self.value(value)}{self.gap()}# x.y = [")
        for key, value in later:
            for item in value if isinstance(value, list) else [value]:
                name = self.gap() + ".".join(map(self.key, [*path, key])) + self.gap()
                self.lines.append(f"[[{name}]]" if isinstance(value, list) else f"[{name}] # [no]")
                self.body(item, [*path, key])

    @staticmethod
    def is_table(value: Any) -> bool:
        return isinstance(value, dict) or (
            isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)
        )


def parsed_at(text: str, offset: int) -> Any:
    """The scalar, list or inline table that starts at an offset."""
    for end in range(offset + 1, min(len(text), offset + 80) + 1):
        try:
            data = tomllib.loads(f"x = {text[offset:end]}")
        except tomllib.TOMLDecodeError:
            continue
        if list(data) == ["x"] and (end == len(text) or text[end] in " \t\r\n,]}#"):
            return data["x"]
    raise AssertionError(text[offset:])


def check(text: str, positions: Positions, value: Any, path: tuple[str, ...] = ()) -> None:
    depth, at_value, at_key = positions.find(path)
    assert depth == len(path)
    if isinstance(value, dict):
        for key, item in value.items():
            check(text, positions, item, (*path, key))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            check(text, positions, item, (*path, str(index)))
    else:
        assert value in ({}, []) or parsed_at(text, at_value) == value
    if path and not path[-1].isdigit() and not isinstance(value, dict | list):
        name = text[at_key:at_value].rsplit("=", 1)[0]
        assert list(tomllib.loads(f"{name} = 0")) == [path[-1]]


@given(TABLES, st.randoms(use_true_random=False))
def test_every_value_and_key_is_found_where_it_starts(data: dict[str, Any], chance: random.Random) -> None:
    writer = Writer(chance)
    writer.body(data, [])
    text = "\n".join(writer.lines)
    assert tomllib.loads(text) == data
    check(text, scan_toml(text), data)
    assert scan_toml(text).duplicates == []


def test_tables_stand_at_their_header_and_items_of_arrays_at_theirs() -> None:
    text = "[a.b]\nc = 1\n[a]\n[[d]]\nx = 1\n[d.e]\ny = 2\n[[d]]\nx = 3\n"
    positions = scan_toml(text)
    assert positions.find(["a"])[1] == text.index("a]")
    assert positions.find(["a", "b"])[1] == text.index("b]")
    assert positions.find(["d", "1"])[1] == text.rindex("d]]")
    assert positions.find(["d", "0", "e", "y"])[1] == text.index("2")
    assert positions.find(["d", "1", "x"])[1] == text.index("3")


def test_dates_with_a_space_are_one_value() -> None:
    text = "a = [1979-05-27 07:32:00, 2]\nb = 1979-05-27 07:32:00.5Z\nc = 3"
    positions = scan_toml(text)
    assert positions.find(["a", "1"])[1] == text.index("2]")
    assert positions.find(["c"])[1] == text.index("3", len(text) - 2)


def test_every_repetition_is_found_with_its_path() -> None:
    text = "a = 1\na = 2\n[b]\nc = {d = 1, d = 2}\n[e]\n[e]\n"
    assert [path for path, _ in scan_toml(text).duplicates] == [("a",), ("b", "c", "d"), ("e",)]


@given(st.text("a.=[]{}\"'\n #1,\\", max_size=40))
def test_any_text_at_all_is_walked_to_an_end(text: str) -> None:
    scan_toml(text)
    assert long_key(text) is None


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("key = 'x'", "key"),
        ("'x' # c", "'x'"),
        ('"""a\n"b" """ ', '"""a\n"b" """'),
        ("1979-05-27 07:32:00Z # c", "1979-05-27 07:32:00Z"),
        ("a.b]", "a.b"),
        ("1_000,", "1_000"),
    ],
)
def test_a_key_or_plain_value_of_toml_has_an_end(text: str, token: str) -> None:
    assert token_end(text, 0) == len(token)


@pytest.mark.parametrize("text", ["[1]", "{a = 1}", ""])
def test_an_array_a_table_and_nothing_have_none(text: str) -> None:
    assert token_end(text, 0) is None
