"""The commands about named profiles, as far as the command line is concerned."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from doctor.cli import main
from doctor.cli.profile_changing import run_editor
from doctor.config.settings_schemas import settings_schemas
from doctor.errors import UsageError
from doctor.settings.importing import ImportedProfile, Imports
from doctor.settings.results import (
    Daemon,
    Difference,
    EndpointVerdict,
    ProfileEntry,
    Shown,
    Source,
    Used,
    Value,
    Written,
)

Capture = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch

USED = Used(previous="claude", active="codex", changes=(), shadowed=(), daemons=(), scope="machine")
WRITTEN = Written(name="mine", path="/c/profiles/mine.toml")
ENTRY = ProfileEntry(name="mine", kind="user", active=False, description="", path="/c/mine.toml", ok=True)


def answering(answer: Any, asked: list[Any]) -> Callable[..., Any]:
    """A function that notes what it is asked and gives, or raises, this answer."""

    def function(options: Any, *arguments: Any, **named: Any) -> Any:
        sys.stdout.write("noise of somebody's plugin\n")
        asked.append((*arguments, named))
        if isinstance(answer, BaseException):
            raise answer
        return answer

    return function


@pytest.mark.parametrize(
    ("argv", "asked"),
    [
        (["codex"], ("codex", {"project": False, "reload": True})),
        (["codex", "--project", "--no-reload"], ("codex", {"project": True, "reload": False})),
        (["--clear"], (None, {"project": False, "reload": True})),
    ],
)
def test_use_switches_to_what_is_named(
    project: Path, capsys: Capture, monkeypatch: Patch, argv: list[str], asked: tuple[Any, ...]
) -> None:
    heard: list[Any] = []
    monkeypatch.setattr("doctor.settings.verbs.use", answering(USED, heard))
    assert main(["profile", "use", *argv]) == 0
    assert heard == [asked]
    assert capsys.readouterr() == ("profile  claude → codex\n", "noise of somebody's plugin\n")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], "doctor: no profile was named to use\ndoctor profile list shows them; "),
        (["a", "--clear"], "doctor: --clear and a name exclude each other\n"),
        (["a", "b"], "doctor: profile use takes no argument 'b'\n"),
    ],
)
def test_use_without_saying_of_what_changes_nothing(
    project: Path, capsys: Capture, monkeypatch: Patch, argv: list[str], said: str
) -> None:
    heard: list[Any] = []
    monkeypatch.setattr("doctor.settings.verbs.use", answering(USED, heard))
    assert main(["profile", "use", *argv]) == 2
    assert capsys.readouterr().err.startswith(said)
    assert heard == []


@pytest.mark.parametrize("form", [[], ["--format", "json"]])
def test_a_process_that_does_not_follow_is_a_warning(
    project: Path, capsys: Capture, monkeypatch: Patch, form: list[str]
) -> None:
    used = replace(USED, daemons=(Daemon(pid=8, ok=False, error="broken\x1b[2J", values={}),))
    monkeypatch.setattr("doctor.settings.verbs.use", answering(used, []))
    assert main(["profile", "use", "codex", *form]) == 0
    out, err = capsys.readouterr()
    assert err.splitlines()[1:] == ["doctor: process 8 did not follow: broken\\x1b[2J"]
    assert "broken" not in out or json.loads(out)["daemons"][0]["ok"] is False


VERBS: list[tuple[list[str], str, Any, tuple[Any, ...]]] = [
    (["profile", "list"], "verbs.profile_list", (ENTRY,), ({},)),
    (
        [
            "profile",
            "create",
            "mine",
            "-m",
            "codex:x",
            "-e",
            "http://h",
            "--from",
            "a",
            "--description",
            "d",
            "--force",
        ],
        "verbs.create",
        WRITTEN,
        (
            "mine",
            {"model": "codex:x", "endpoint_url": "http://h", "source": "a", "description": "d", "force": True},
        ),
    ),
    (["profile", "edit", "mine"], "verbs.edit", WRITTEN, ("mine", run_editor, {})),
    (["profile", "delete", "mine", "--force"], "verbs.delete", WRITTEN, ("mine", {"force": True})),
    (["profile", "rename", "a", "b"], "verbs.rename", WRITTEN, ("a", "b", {})),
    (["profile", "set-model", "a", "flip", "codex:x"], "verbs.set_model", WRITTEN, ("a", "flip", "codex:x", {})),
    (["profile", "init-starters"], "verbs.init_starters", (WRITTEN,), ({},)),
    (["profile", "show"], "effective.show", Shown(name=None, values=()), (None, {})),
    (["profile", "show", "a"], "effective.show", Shown(name="a", values=()), ("a", {})),
    (["profile", "diff", "a"], "difference.difference", Difference(a="-", b="a", changes=()), ("a", None, {})),
    (["profile", "diff", "a", "b"], "difference.difference", Difference(a="a", b="b", changes=()), ("a", "b", {})),
    (
        ["profile", "import", "~/.wg"],
        "importing.import_tree",
        Imports(profiles=(ImportedProfile(name="a", source="s", path="p"),), notes=()),
        (Path("~/.wg"), {}),
    ),
    (["endpoint", "list"], "endpoints.endpoint_list", (), ({},)),
    (
        ["endpoint", "set", "a", "http://h", "--kind", "gemini", "--key-env", "K", "--default"],
        "endpoints.endpoint_set",
        WRITTEN,
        ("a", "http://h", {"kind": "gemini", "key_env": "K", "default": True}),
    ),
    (["endpoint", "unset", "a"], "endpoints.endpoint_unset", WRITTEN, ("a", {})),
    (["endpoint", "test", "--deep"], "endpoint_test.endpoint_test", (), (None, {"deep": True})),
]


@pytest.mark.parametrize(("argv", "target", "answer", "asked"), VERBS, ids=[" ".join(each[0]) for each in VERBS])
def test_each_command_asks_for_what_its_arguments_say_and_prints_one_document(
    project: Path,
    capsys: Capture,
    monkeypatch: Patch,
    argv: list[str],
    target: str,
    answer: Any,
    asked: tuple[Any, ...],
) -> None:
    heard: list[Any] = []
    monkeypatch.setattr("doctor.settings.verbs.profile_list", lambda _: (ENTRY,))
    monkeypatch.setattr(f"doctor.settings.{target}", answering(answer, heard))
    assert main([*argv, "--format", "json"]) == 0
    assert heard == [asked]
    document = json.loads(capsys.readouterr().out)
    assert (document["schema_version"], document["ok"], document["exit_code"], document["error"]) == (1, True, 0, None)
    assert main(argv) == 0


@pytest.mark.parametrize(("argv", "target", "answer", "asked"), VERBS, ids=[" ".join(each[0]) for each in VERBS])
def test_a_refusal_is_said_and_is_the_command_s_document(
    project: Path,
    capsys: Capture,
    monkeypatch: Patch,
    argv: list[str],
    target: str,
    answer: Any,
    asked: tuple[Any, ...],
) -> None:
    refusal = UsageError("there is no profile 'mien'", remedy="did you mean 'mine'?")
    monkeypatch.setattr(f"doctor.settings.{target}", answering(refusal, []))
    assert main([*argv, "--format", "json"]) == 2
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert document["error"] == {"message": "there is no profile 'mien'", "remedy": "did you mean 'mine'?"}
    assert "findings" not in document
    assert err.splitlines()[-2:] == ["doctor: there is no profile 'mien'", "did you mean 'mine'?"]


def test_values_are_shown_with_their_source(project: Path, capsys: Capture, monkeypatch: Patch) -> None:
    source = Source(kind="profile", path="/c/codex.toml", line=3)
    shown = Shown(name="codex", values=(Value(key="agent.model", value="codex:x", source=source),))
    monkeypatch.setattr("doctor.settings.effective.show", answering(shown, []))
    assert main(["profile", "show"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == ["agent.model", "codex:x", "profile", "/c/codex.toml:3"]


def test_no_colour_is_used_where_none_is_wanted(project: Path, capsys: Capture, monkeypatch: Patch) -> None:
    monkeypatch.setattr("doctor.settings.verbs.use", answering(USED, []))
    assert main(["profile", "use", "codex", "--color", "always"]) == 0
    assert "\x1b[" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert main(["profile", "use", "codex"]) == 0
    assert "\x1b[" not in capsys.readouterr().out


@pytest.mark.parametrize("argv", [["profile"], ["profile", "--help"], ["endpoint", "-h"]])
def test_a_group_shows_its_commands(project: Path, capsys: Capture, argv: list[str]) -> None:
    assert main(argv) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"usage: doctor {argv[0]} ")
    assert "\n    list " in out
    assert err == ""


def test_the_editor_s_exit_code_is_told(tmp_path: Path) -> None:
    assert run_editor(("/bin/sh", "-c", "exit 7")) == 7
    with pytest.raises(UsageError, match="cannot be started"):
        run_editor((str(tmp_path / "missing"), "file"))


def test_the_editor_does_not_write_into_the_data(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def edited(options: Any, name: str, run: Callable[[Sequence[str]], int]) -> Written:
        run(("/bin/echo", "drawing"))
        return WRITTEN

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("doctor.settings.verbs.edit", edited)
        assert main(["profile", "edit", "mine", "--format", "json"]) == 0
    out, err = capfd.readouterr()
    assert (json.loads(out)["name"], err) == ("mine", "drawing\n")


def test_a_profile_is_made_used_shown_and_deleted_for_real(
    run_doctor: Callable[..., subprocess.CompletedProcess[str]], private_home: Path
) -> None:
    steps = (
        ("profile", "create", "mine", "--from", "codex", "-m", "codex:gpt-5.5"),
        ("profile", "use", "mine"),
        ("profile", "list", "--format", "json"),
        ("profile", "show", "--format", "json"),
        ("profile", "set-model", "mine", "evaluator", "claude:haiku"),
        ("profile", "diff", "codex", "mine", "--format", "json"),
        ("profile", "rename", "mine", "ours"),
        ("profile", "delete", "ours"),
        ("profile", "delete", "ours", "--force"),
    )
    done = [run_doctor(*step) for step in steps]
    assert [each.returncode for each in done] == [0, 0, 0, 0, 0, 0, 0, 2, 0], [each.stderr for each in done]
    listed, shown, compared = (json.loads(done[index].stdout) for index in (2, 3, 5))
    assert done[0].stdout.startswith("created  mine  ~/.config/")
    assert done[-1].stderr == "no profile is active now\n"
    assert listed["active"] == "mine"
    assert {each["name"]: each["kind"] for each in listed["profiles"]}["codex"] == "starter"
    file = str(private_home / ".config" / "harness-doctor" / "profiles" / "mine.toml")
    [model] = [each for each in shown["values"] if each["key"] == "agent.model"]
    assert (model["value"], model["source"]["kind"], model["source"]["path"]) == ("codex:gpt-5.5", "profile", file)
    assert model["source"]["line"] >= 1
    assert {each["key"] for each in compared["changes"]} == {"models.evaluator.model", "stages.evaluate.model"}


def test_a_file_that_cannot_be_taken_over_is_exit_1(project: Path, capsys: Capture, monkeypatch: Patch) -> None:
    imports = Imports(profiles=(ImportedProfile(name="a", source="s", path=None, problem="no TOML"),), notes=())
    monkeypatch.setattr("doctor.settings.importing.import_tree", answering(imports, []))
    assert main(["profile", "import", "s"]) == 1
    assert main(["profile", "import", "s", "--format", "json"]) == 1


@pytest.mark.parametrize(("reachable", "code"), [(True, 0), (False, 1)])
def test_an_endpoint_that_does_not_answer_is_exit_1(
    project: Path, capsys: Capture, monkeypatch: Patch, *, reachable: bool, code: int
) -> None:
    verdict = EndpointVerdict(
        name="a", url="u", reachable=reachable, auth="unknown", model="unknown", detail="", duration_ms=1
    )
    monkeypatch.setattr("doctor.settings.endpoint_test.endpoint_test", answering((verdict,), []))
    assert main(["endpoint", "test"]) == code
    assert main(["endpoint", "test", "--format", "json"]) == code


def test_what_is_printed_meets_the_published_schemas(
    run_doctor: Callable[..., subprocess.CompletedProcess[str]], private_project: Path
) -> None:
    schemas = settings_schemas(schema_id="urn:x:", dialect="https://json-schema.org/draft/2020-12/schema")
    (private_project / ".git").mkdir()
    (private_project / "mine.toml").write_text('[agent]\nmodel = "codex:gpt-5.5"\n[tui]\nwide = true\n')
    steps = (
        (("profile", "import", "mine.toml"), "profile-import"),
        (("profile", "use", "mine"), "profile-use"),
        (("profile", "use", "codex", "--project"), "profile-use"),
        (("profile", "list"), "profile-list"),
        (("profile", "show"), "profile-show"),
        (("profile", "show", "mixed"), "profile-show"),
        (("profile", "diff", "claude"), "profile-diff"),
        (("profile", "set-model", "mine", "fast", "codex:gpt-5.4-mini"), "setting"),
        (("profile", "init-starters"), "settings"),
        (("endpoint", "set", "attic", "http://127.0.0.1:9/v1", "--key-env", "ATTIC_KEY"), "setting"),
        (("endpoint", "list"), "endpoint-list"),
        (("endpoint", "test", "attic"), "endpoint-test"),
        (("endpoint", "unset", "attic"), "setting"),
        (("init", "--route", "claude", "--dry-run"), "init"),
    )
    for argv, name in steps:
        completed = run_doctor(*argv, "--format", "json")
        assert completed.returncode in {0, 1}, completed.stderr
        jsonschema.Draft202012Validator(schemas[name]).validate(json.loads(completed.stdout))
