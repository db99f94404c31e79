import os
from pathlib import Path

import pytest

from doctor.harness.state import LARGEST, names_in_env_file, read_json, read_text, read_toml, table


def test_an_object_is_read_with_or_without_comments(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text('{"url": "http://x//y"}')
    (tmp_path / "commented").write_text('{ // why\n "url": "http://x//y" /* and\n where */ }')

    assert read_json(tmp_path / "plain") == read_json(tmp_path / "commented") == {"url": "http://x//y"}


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "[" * 100_000, '{"a": \x00}'])
def test_what_is_no_object_is_empty(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text)

    assert read_json(tmp_path / "state.json") == {}


@pytest.mark.parametrize("text", ["= 1", "a = 1\na = 2", "\x00"])
def test_what_is_no_toml_is_empty(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.toml").write_text(text)

    assert read_toml(tmp_path / "config.toml") == {}


def test_what_cannot_be_read_is_absent(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\xfd")
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(LARGEST + 1)

    for name in ("pipe", "binary", "huge", "missing", "."):
        assert read_text(tmp_path / name) is None
        assert read_json(tmp_path / name) == read_toml(tmp_path / name) == {}


def test_a_state_file_of_megabytes_is_read(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text('{"history": "' + "x" * 5_000_000 + '", "done": true}')

    assert read_json(tmp_path / "state.json")["done"] is True


def test_a_path_through_other_things_is_empty() -> None:
    data = {"a": {"b": {"c": 1}}, "list": []}

    assert table(data, "a", "b") == {"c": 1}
    assert table(data, "a", "b", "c") == table(data, "list") == table(data, "x") == {}


def test_only_names_that_have_a_value_are_taken_from_an_env_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "# KEY=1\nexport A_KEY=secret\n B_KEY = 'x'\nEMPTY=\nEMPTY2=  \nEMPTY3=''\nCOMMENT= # none\nnot a line\n"
    )

    assert names_in_env_file(tmp_path / ".env") == {"A_KEY", "B_KEY"}
