import hashlib
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.config.documents import LARGEST_DOCUMENT, read_document
from doctor.config.problems import ConfigProblem
from doctor.config.words import Kind
from doctor.model.location import Location


def one_problem(path: Path, kind: Kind = "json") -> ConfigProblem:
    document, problems = read_document(path, kind)
    assert document is None
    assert len(problems) == 1
    return problems[0]


def written(tmp_path: Path, content: bytes | str) -> Path:
    path = tmp_path / "policy.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_document_has_its_absolute_path_its_hash_and_its_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, '{"a": [1]}')
    monkeypatch.chdir(tmp_path)

    document, problems = read_document(Path("policy.json"), "json")

    assert problems == ()
    assert document is not None
    assert document.path == str(tmp_path / "policy.json")
    assert document.sha256 == hashlib.sha256(b'{"a": [1]}').hexdigest()
    assert document.data == {"a": [1]}


def test_places_are_those_of_values_keys_or_the_nearest_ancestor(tmp_path: Path) -> None:
    path = written(tmp_path, '{\n  "a/b": [1,\n   {"~": 2}]}')
    document, _ = read_document(path, "json")
    assert document is not None

    def location(line: int, column: int, pointer: str) -> Location:
        return Location(path=str(path), line=line, column=column, pointer=pointer)

    assert document.at("") == location(1, 1, "")
    assert document.at("/a~1b/1/~0") == location(3, 10, "/a~1b/1/~0")
    assert document.at_key("/a~1b") == location(2, 3, "/a~1b")
    assert document.at_key("/a~1b/1") == location(3, 4, "/a~1b/1")
    assert document.at("/a~1b/1/nothing/here") == location(3, 4, "/a~1b/1")


def test_a_toml_document_answers_the_same_pointers(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('[[agents]]\nname = "a"\n')
    document, _ = read_document(path, "toml")
    assert document is not None
    assert document.at("/agents/0/name") == Location(path=str(path), line=2, column=8, pointer="/agents/0/name")


@pytest.mark.parametrize(
    ("content", "rule", "message", "line", "column"),
    [
        (b"", "syntax", "empty", 1, 1),
        (b" \n\t ", "syntax", "empty", 1, 1),
        (b"\x7fELF\x00\x01", "unreadable", "binary", 1, 5),
        (b'{\n"a": "\xe9"}', "unreadable", "not UTF-8: byte 0xe9", 2, 7),
        ('{"é": "'.encode() + b"\xff", "unreadable", "not UTF-8", 1, 8),
        (b"\xef\xbb\xbf{}", "unreadable", "byte order mark", 1, 1),
        ("{}".encode("utf-16"), "unreadable", "UTF-16", 1, 1),
        (b"[" * 100_000, "syntax", "nested", 1, 65),
    ],
)
def test_what_is_no_text_of_its_kind_is_one_problem_with_its_place(
    tmp_path: Path, content: bytes, rule: str, message: str, line: int, column: int
) -> None:
    problem = one_problem(written(tmp_path, content))
    assert message in problem.message
    assert (problem.rule, problem.location.line, problem.location.column) == (rule, line, column)


def test_a_50_mb_file_is_one_problem_that_names_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    problem = one_problem(path)
    assert problem.rule == "unreadable"
    assert f"{LARGEST_DOCUMENT:,}" in problem.message


def test_directories_pipes_and_dangling_symlinks_are_one_problem_each(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("gone")
    for name, message in ((".", "a directory"), ("pipe", "a named pipe"), ("link", "a symlink"), ("x", "not exist")):
        problem = one_problem(tmp_path / name)
        assert problem.rule == "unreadable"
        assert message in problem.message
        assert problem.location.path.startswith(str(tmp_path))


def test_a_symlink_to_a_file_is_followed_and_keeps_its_own_name(tmp_path: Path) -> None:
    written(tmp_path, "{}")
    (tmp_path / "link.json").symlink_to("policy.json")
    document, problems = read_document(tmp_path / "link.json", "json")
    assert document is not None
    assert document.path == str(tmp_path / "link.json")
    assert problems == ()


def test_reading_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = written(tmp_path, "{}")
    path.chmod(0o400)
    before = path.stat()
    read_document(path, "json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert path.stat().st_mtime_ns == before.st_mtime_ns


def test_every_repeated_key_is_a_problem_at_its_own_place(tmp_path: Path) -> None:
    document, problems = read_document(written(tmp_path, '{"a": 1, "a": 2,\n"b": {"c": 1, "c": 2}, "a": 3}'), "json")
    assert document is not None
    assert [(p.rule, p.subject, p.location.line, p.location.column) for p in problems] == [
        ("duplicate-key", "a", 1, 10),
        ("duplicate-key", "b.c", 2, 15),
        ("duplicate-key", "a", 2, 24),
    ]


def test_every_repeated_toml_key_is_a_problem_at_its_own_place(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text("a = 1\na = 2\n\n[b]\nc = 1\nc = 2\n")
    document, problems = read_document(path, "toml")
    assert document is None
    assert [(p.rule, p.subject, p.location.line, p.location.column) for p in problems] == [
        ("duplicate-key", "a", 2, 1),
        ("duplicate-key", "b.c", 6, 1),
    ]


@pytest.mark.parametrize(
    ("text", "pointer", "column"),
    [
        ('{"a": "\\ud800"}', "/a", 7),
        ('{"a": ["x", "\\u0000"]}', "/a/1", 13),
        ('{"\\udfff": 1}', "/\\udfff", 2),
    ],
)
def test_text_that_no_program_could_be_given_is_a_problem_that_can_be_printed(
    tmp_path: Path, text: str, pointer: str, column: int
) -> None:
    _, problems = read_document(written(tmp_path, text), "json")
    assert [(p.rule, p.location.pointer, p.location.column) for p in problems] == [("value", pointer, column)]
    assert repr(problems).encode()


def test_a_surrogate_pair_and_an_escaped_backslash_are_ordinary_text(tmp_path: Path) -> None:
    _, problems = read_document(written(tmp_path, '{"a": "\\ud83d\\ude00 \\\\u0000"}'), "json")
    assert problems == ()


@given(st.binary(max_size=200), st.sampled_from(["json", "toml"]))
def test_any_bytes_at_all_are_a_document_or_problems_with_a_line(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, kind: Kind
) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(content)
    document, problems = read_document(path, kind)
    assert document is not None or problems
    assert all(problem.location.line for problem in problems)
