"""Launch specs as documents."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from doctor.launch.documents import from_document, read_spec, spec_text, to_document
from doctor.launch.errors import SpecError
from doctor.model.canonical import content_id
from doctor.model.secret import SecretRef
from doctor.model.spec import LaunchSpec
from doctor.model.stage import Stage

MakeSpec = Callable[..., LaunchSpec]
Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def full(make_spec: MakeSpec, skill: Callable[..., Any]) -> LaunchSpec:
    """A spec in which nothing is left out."""
    spec = make_spec(
        "hermes",
        base="words",
        interactive=True,
        ticket="T-1",
        skills=[skill("a"), skill("b")],
        named_profile="box",
        policy_path="/p/policy.json",
        policy_sha256="a" * 64,
    )
    references = {
        "E": SecretRef(env="KEY"),
        "F": SecretRef(file="~/a:b"),
        "C": SecretRef(command=("pass", "show", "")),
    }
    return replace(
        spec,
        env={"A": "é\n", **references},
        stage=Stage.REFLECT,
        model="m",
        endpoint="box",
        notes=("n",),
        grants=("g",),
    )


def test_a_spec_outlives_being_written_and_read(full: LaunchSpec, tmp_path: Path) -> None:
    path = tmp_path / "spec.json"
    path.write_text(spec_text(full))

    assert read_spec(path) == full
    assert from_document(to_document(full)) == full


def test_a_document_has_the_keys_that_are_promised(full: LaunchSpec) -> None:
    document = to_document(full)

    assert list(document) == [
        *("schema_version", "id", "agent", "profile", "stage", "runtime_id", "harness_version", "path", "program"),
        *("argv", "env", "cwd", "session", "mode", "prompt", "skills", "policy_path", "policy_sha256"),
        *("named_profile", "model", "endpoint", "ticket", "notes", "grants"),
    ]
    assert document["env"] == {
        "A": "é\n",
        "E": {"secret": "env:KEY"},
        "F": {"secret": "file:~/a:b"},
        "C": {"secret": "command", "command": ["pass", "show", ""]},
    }
    assert list(document["prompt"]) == ["sha256", "path", "delivery", "typed", "text"]
    assert json.loads(json.dumps(document)) == document


def test_any_changed_value_changes_the_id_or_is_no_spec(full: LaunchSpec) -> None:
    ids = {content_id(to_document(full))}
    count = 1
    for path, value in leaves(to_document(full)):
        if path in {("id",), ("schema_version",)}:
            continue
        document = to_document(full)
        put(document, path, f"{value}x" if isinstance(value, str) else (value or 0) + 1)
        ids.add(content_id(document))
        count += 1

    assert len(ids) == count


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, dict):
        return [leaf for name, each in value.items() for leaf in leaves(each, (*path, name))]
    if isinstance(value, list):
        return [leaf for index, each in enumerate(value) for leaf in leaves(each, (*path, index))]
    return [(path, value)]


def put(document: Any, path: tuple[Any, ...], value: Any) -> None:
    for step in path[:-1]:
        document = document[step]
    document[path[-1]] = value


WRONG: list[tuple[tuple[Any, ...], Any, str]] = [
    (("schema_version",), 2, "schema_version: expected 1, found 2: a newer version of this tool wrote it"),
    (("schema_version",), 0, "schema_version: expected 1, found 0: there was never such a version"),
    (("schema_version",), True, "schema_version: expected a whole number, found true"),
    (("id",), "abc", 'id: "abc" is no sha256 in lower-case hex digits'),
    (("id",), 7, "id: expected a string, found the number 7"),
    (("agent",), "../x", 'agent: "../x" contains a path separator'),
    (("profile",), "", 'profile: "" is blank'),
    (("stage",), "deploy", 'stage: expected one of evaluate, execute, interview, reflect, found "deploy"'),
    (("runtime_id",), " ", 'runtime_id: " " is blank'),
    (("harness_version",), 1, "harness_version: expected a string or null, found the number 1"),
    (("program",), None, "program: expected an object, found null"),
    (("program", "size"), "1", 'program.size: expected a whole number, found the string "1"'),
    (("program", "sha256"), "x", 'program.sha256: "x" is no sha256 in lower-case hex digits'),
    (("argv",), "sh", 'argv: expected a list of strings, found the string "sh"'),
    (("argv", 1), 1, "argv[1]: expected a string, found the number 1"),
    (("argv", 1), "a\0", 'argv[1]: "a\\u0000" has a NUL character'),
    (("argv", 0), "/other", "argv: expected the program of `path` as its first element"),
    (("env", "A"), 1, "env.A: expected a string or a reference to a secret, found the number 1"),
    (("env", "A=B"), "", 'env."A=B": the name contains ='),
    (("env", "E", "secret"), "vault:x", "env.E.secret: expected env:NAME, file:PATH or command"),
    (("env", "E", "secret"), "env:", "env.E.secret: expected env:NAME, file:PATH or command"),
    (("env", "E", "value"), "sk", 'env.E."value": there is no such key'),
    (("env", "C", "command"), [], "env.C.command: expected a program and its arguments"),
    (("cwd",), "here", 'cwd: "here" is no absolute path'),
    (("session",), "a:b", 'session: "a:b" does not consist of letters, digits, _ and - alone, or begins with -'),
    (("mode",), "batch", 'mode: expected one of headless, interactive, found "batch"'),
    (("prompt", "text"), "other", "prompt.sha256: it is not that of `text`"),
    (("prompt", "text"), "\ud800", "prompt.text: it has half a surrogate pair, at character 0, which is no text"),
    (("prompt", "typed"), "a\nb", "prompt.typed: expected one line of characters that print"),
    (("prompt", "typed"), None, "prompt.typed: expected a line for the delivery `typed`, and null for every other"),
    (("prompt", "more"), 1, 'prompt."more": there is no such key'),
    (("skills",), {}, "skills: expected a list of objects, found an object"),
    (("skills", 0), "a", 'skills[0]: expected an object, found the string "a"'),
    (("skills", 0, "name"), "../../x", 'skills[0].name: "../../x" contains a path separator'),
    (("skills", 0, "name"), "b", "skills: expected each skill once"),
    (("skills", 0, "path"), "a", 'skills[0].path: "a" is no absolute path'),
    (("ticket",), "a/b", 'ticket: "a/b" contains a path separator'),
    (("notes",), None, "notes: expected a list of strings, found null"),
    (("more",), 1, '"more": there is no such key'),
]


@pytest.mark.parametrize(("path", "value", "problem"), WRONG)
def test_a_wrong_value_is_named(full: LaunchSpec, path: tuple[Any, ...], value: Any, problem: str) -> None:
    document = to_document(full)
    put(document, path, value)

    with pytest.raises(SpecError) as caught:
        from_document(document)

    assert problem in caught.value.problems


def test_every_missing_key_is_named(full: LaunchSpec) -> None:
    with pytest.raises(SpecError) as caught:
        from_document({"prompt": {}, "program": {}})

    document = to_document(full)
    inner = [f"{key}.{name}" for key in ("prompt", "program") for name in document[key]]
    keys = {*(document.keys() - {"prompt", "program"}), *inner}
    assert {each for each in caught.value.problems if each.endswith(": it is missing")} == {
        f"{key}: it is missing" for key in keys
    }


def test_all_problems_are_named_at_once(full: LaunchSpec) -> None:
    document = {**to_document(full), "mode": "batch", "argv": 1, "more": 1}
    del document["cwd"]

    with pytest.raises(SpecError) as caught:
        from_document(document, source="a.json")

    assert caught.value.problems == (
        "argv: expected a list of strings, found the number 1",
        "argv: expected the program of `path` as its first element",
        "cwd: it is missing",
        'mode: expected one of headless, interactive, found "batch"',
        '"more": there is no such key',
    )
    assert str(caught.value).startswith("a.json is no launch spec that can be started:\n  argv: expected a list")


@pytest.mark.parametrize("document", [None, [], "x", 1, True])
def test_what_is_no_object_is_no_spec(document: Any) -> None:
    with pytest.raises(SpecError, match="it: expected an object"):
        from_document(document)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{", "it is no JSON"),
        (b"\xff", "it is no JSON"),
        (b"", "it is no JSON"),
        (b"[" * 100_000, "it nests too deeply"),
        (b'{"id": 1, "id": 2}', "an object has the same key twice"),
    ],
)
def test_a_file_of_something_else_is_no_spec(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "spec.json"
    path.write_bytes(content)

    with pytest.raises(SpecError, match=problem):
        read_spec(path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"gone\.json is no launch spec that can be started:\n  it does not exist"):
        read_spec(tmp_path / "gone.json")
