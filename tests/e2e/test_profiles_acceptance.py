"""What named profiles have to show, end to end: every command is the real one, and so is every running process."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.bench import Bench
from tests.e2e.named import everything, line_of, pointed, profile, put, settings
from tests.harness_recipes import write_files

FAST = '# kept\n[agent]\nmodel = "codex:gpt-5.5"  # why\n\n[env]\nSPEED = "fast"\n'
SLOW = 'description = "the other"\nagent.model = "codex:gpt-5.4"\n\n[env]\nSPEED = "slow"\n'
REFUSED = ["../x", "a/b", "x" * 300, "a\x1b[2Jb"]


@pytest.fixture
def ready(bench: Bench) -> Bench:
    """A machine with Codex and Claude Code and the profiles ``fast`` (active) and ``slow``."""
    bench.log_in()
    bench.install("codex")
    bench.install("claude_code")
    waits = {"STAND_IN": "wait"}
    bench.policy([{"name": name, "runner": "codex", "stage": "execute", "env": waits} for name in ("ann", "bob")])
    put(bench, "fast", FAST)
    put(bench, "slow", SLOW)
    bench.ask("profile", "use", "fast")
    return bench


def models(report: dict[str, Any]) -> dict[str, str | None]:
    return {row["agent"]: row["model"] for row in report["agents"]}


def changed(document: dict[str, Any], key: str) -> tuple[str | None, str | None]:
    [change] = [each for each in document["changes"] if each["key"] == key]
    return change["before"], change["after"]


def values(bench: Bench, *arguments: str) -> dict[str, dict[str, Any]]:
    """What ``doctor profile show`` says, by key."""
    return {value["key"]: value for value in bench.ask("profile", "show", *arguments)["values"]}


# Making, switching, listing.


def test_a_profile_is_made_used_and_listed(bench: Bench) -> None:
    bench.ask("profile", "create", "attic", "-m", "codex:gpt-5.5", "--description", "up there")
    assert pointed(bench) is None
    used = bench.ask("profile", "use", "attic")
    assert {key: used[key] for key in ("previous", "active", "shadowed", "daemons")} == {
        "previous": None,
        "active": "attic",
        "shadowed": [],
        "daemons": [],
    }
    listed = bench.ask("profile", "list")
    [attic, *starters] = listed["profiles"]
    assert listed["active"] == "attic"
    assert {**attic, "problem": None} == {
        "name": "attic",
        "kind": "user",
        "active": True,
        "description": "up there",
        "path": str(profile(bench, "attic")),
        "ok": True,
        "problem": None,
    }
    assert {each["name"]: (each["kind"], each["path"], each["ok"]) for each in starters} == dict.fromkeys(
        ("claude", "codex", "wgnext", "mixed"), ("starter", None, True)
    )


def test_a_switch_says_what_changes_and_what_the_project_hides(ready: Bench) -> None:
    ready.policy(
        [
            {"name": "ann", "runner": "codex", "stage": "execute"},
            {"name": "eve", "runner": "codex", "stage": "reflect", "model": "gpt-5.3"},
        ]
    )
    used = ready.ask("profile", "use", "slow")
    assert (used["previous"], used["active"]) == ("fast", "slow")
    assert changed(used, "stages.execute.model") == ("codex:gpt-5.5", "codex:gpt-5.4")
    assert changed(used, "env.SPEED") == ("fast", "slow")
    [hidden] = used["shadowed"]
    assert (hidden["key"], hidden["value"]) == ("stages.reflect.model", "codex:gpt-5.3")
    assert hidden["source"] == {"kind": "policy", **line_of(ready.metawsm / "policy.json", "gpt-5.3")}
    assert [each["value"] for each in hidden["shadows"]] == ["codex:gpt-5.4"]


def test_a_switch_changes_the_pointer_and_no_other_file(ready: Bench) -> None:
    before = everything(ready)
    ready.ask("profile", "use", "slow")
    after = everything(ready)
    assert {place for place in before | after if before.get(place) != after.get(place)} == {
        "home/.config/harness-doctor/active-profile"
    }
    assert (pointed(ready), settings(ready).joinpath("active-profile").read_text(encoding="utf-8")) == (
        "slow",
        "slow\n",
    )


def test_no_profile_is_what_counts_after_it_was_cleared(ready: Bench) -> None:
    plain = models(ready.ask("check", "--profile", "slow"))
    assert plain == {"ann": "gpt-5.4", "bob": "gpt-5.4"}
    used = ready.ask("profile", "use", "--clear")
    assert (used["previous"], used["active"], pointed(ready)) == ("fast", None, None)
    assert models(ready.ask("check")) == {"ann": None, "bob": None}


def test_using_nothing_is_refused_and_changes_nothing(ready: Bench) -> None:
    answer = ready.run("profile", "use")
    assert (answer.returncode, answer.stdout, pointed(ready)) == (2, "", "fast")
    assert "--clear" in answer.stderr


def test_the_first_use_of_a_starter_writes_it_and_no_later_one_does(ready: Bench) -> None:
    ready.ask("profile", "use", "nex")
    assert pointed(ready) == "wgnext"
    mine = '# mine\nagent.model = "nex:tiny"\n'
    put(ready, "wgnext", mine)
    ready.ask("profile", "use", "nex")
    ready.ask("profile", "init-starters")
    assert profile(ready, "wgnext").read_text(encoding="utf-8") == mine
    assert {path.stem for path in settings(ready).glob("profiles/*.toml")} == {
        "fast", "slow", "claude", "codex", "mixed", "wgnext",
    }  # fmt: skip


def test_a_project_has_a_choice_of_its_own_until_its_profile_is_gone(ready: Bench) -> None:
    ready.ask("profile", "use", "slow", "--project")
    report = ready.ask("check")
    assert (report["profile"]["active"], models(report)["ann"], pointed(ready)) == ("slow", "gpt-5.4", "fast")
    selection = json.loads((ready.metawsm / "profile-selection.json").read_text(encoding="utf-8"))
    assert selection["profile"] == "slow"
    ignored = ready.run("profile", "list")
    assert ignored.returncode == 0

    put(ready, "slow", SLOW.replace("gpt-5.4", "gpt-5.3"))
    drifted = ready.ask("check")
    assert (models(drifted)["ann"], drifted["exit_code"]) == ("gpt-5.3", 0)
    assert [each["code"] for each in drifted["findings"] if "slow" in each["message"] + each["subject"]] != []

    profile(ready, "slow").unlink()
    gone = ready.ask("check", code=None)
    assert gone["exit_code"] != 0
    assert "gpt-5.5" not in models(gone).values()
    launched = ready.run("launch", "--format", "json")
    assert (launched.returncode != 0, ready.sessions()) == (True, [])


@pytest.mark.parametrize("name", REFUSED, ids=lambda name: repr(name[:12]))
def test_a_name_that_is_no_plain_name_is_refused_at_the_door(ready: Bench, name: str) -> None:
    before = everything(ready)
    for command in (
        ["create", "--force", "-m", "codex:m"],
        ["use"],
        ["rename", "fast"],
        ["delete", "--force"],
        ["show"],
    ):
        answer = ready.run("profile", *command, "--", name)
        said = (command, answer.stdout, answer.stderr)
        assert (answer.returncode, answer.stdout) == (2, ""), said
        assert "Traceback" not in answer.stderr, said
        assert "\x1b" not in answer.stderr, said
    assert everything(ready) == before


def test_a_pointer_that_holds_no_name_is_an_error_and_never_a_path(ready: Bench) -> None:
    for content in (b"a\0b\n", b"../profiles/fast\n", b"\xff\xfe\n"):
        settings(ready).joinpath("active-profile").write_bytes(content)
        report = ready.ask("check", code=None)
        assert report["exit_code"] != 0, content
        assert "NPR001" in {each["code"] for each in report["findings"]}, content
        assert ready.run("profile", "list").returncode == 0, content
    ready.ask("profile", "use", "fast")
    assert pointed(ready) == "fast"


@pytest.mark.parametrize(
    "text", ["agent = [\n", "agent.mdel = 1\n", 'agent.model = "opus"\n', 'agent.model = "no:m"\n']
)
def test_a_profile_that_is_not_valid_is_never_switched_to(ready: Bench, text: str) -> None:
    path = put(ready, "slow", text)
    before = everything(ready)
    answer = ready.run("profile", "use", "slow")
    assert (answer.returncode, answer.stdout) == (2, "")
    assert re.search(rf"{re.escape(str(path))}:\d+:\d+: ", answer.stderr)
    assert everything(ready) == before
    [slow] = [each for each in ready.ask("profile", "list")["profiles"] if each["name"] == "slow"]
    assert (slow["ok"], slow["active"]) == (False, False)


# Changing.


def test_nothing_that_is_not_valid_is_made(ready: Bench) -> None:
    before = everything(ready)
    for more in (["-m", "opus"], ["-m", "no-such:m"], ["-m", "codex:"], ["-e", "attic"], ["--from", "nowhere"]):
        answer = ready.run("profile", "create", "new", *more)
        assert (answer.returncode, answer.stdout) == (2, ""), more
    assert ready.run("profile", "create", "fast", "-m", "codex:m").returncode == 2
    assert ready.run("profile", "set-model", "fast", "worker", "codex:m").returncode == 2
    assert ready.run("profile", "set-model", "fast", "agent", "m").returncode == 2
    assert everything(ready) == before


def editing(bench: Bench, script: str) -> None:
    """The editor is a program that has an argument of its own before the file."""
    bench.environment["VISUAL"] = f"'{bench.program('an editor', script)}' --wait 'two words'"


def test_an_editor_with_arguments_changes_a_copy_that_is_taken_over_when_it_is_valid(ready: Bench) -> None:
    written = FAST.replace("gpt-5.5", "gpt-5.3")
    (ready.root / "wanted").write_text(written, encoding="utf-8")
    editing(ready, f'[ "$1 $2" = "--wait two words" ] || exit 9\ncat {ready.root}/wanted >"$3"')
    document = ready.ask("profile", "edit", "fast")
    assert changed(document, "agent.model") == ("codex:gpt-5.5", "codex:gpt-5.3")
    assert profile(ready, "fast").read_text(encoding="utf-8") == written
    assert models(ready.ask("check")) == {"ann": "gpt-5.3", "bob": "gpt-5.3"}


@pytest.mark.parametrize("script", ['echo "agent = [" >"$3"', 'echo "agent.modl = 1" >"$3"', 'echo >"$3"; exit 1'])
def test_an_edit_that_is_no_good_leaves_the_profile_as_it_was(ready: Bench, script: str) -> None:
    before = everything(ready)
    editing(ready, script)
    ready.environment["TMPDIR"] = str(ready.root)
    answer = ready.run("profile", "edit", "fast")
    assert (answer.returncode, everything(ready)) == (2, before)
    kept = re.search(r"what was written is in (\S+)", answer.stderr)
    assert kept is not None, answer.stderr
    assert Path(kept[1]).is_file()


def test_an_edit_does_not_undo_what_another_wrote_meanwhile(ready: Bench) -> None:
    theirs = FAST.replace("gpt-5.5", "gpt-5.3")
    (ready.root / "theirs").write_text(theirs, encoding="utf-8")
    ready.environment["TMPDIR"] = str(ready.root)
    editing(ready, f"cat {ready.root}/theirs >'{profile(ready, 'fast')}'\necho '# mine' >>\"$3\"")
    assert ready.run("profile", "edit", "fast").returncode == 2
    assert profile(ready, "fast").read_text(encoding="utf-8") == theirs


def test_comments_and_form_survive_every_command_that_changes_a_file(ready: Bench) -> None:
    ready.ask("profile", "set-model", "fast", "agent", "codex:gpt-5.4")
    ready.ask("profile", "set-model", "fast", "reflect", "codex:gpt-5.5")
    text = profile(ready, "fast").read_text(encoding="utf-8")
    assert text.startswith(FAST.replace("gpt-5.5", "gpt-5.4").rstrip("\n"))
    ready.ask("profile", "create", "copy", "--from", "fast", "-m", "codex:gpt-5.5")
    ready.ask("profile", "rename", "copy", "other")
    assert "# kept" in profile(ready, "other").read_text(encoding="utf-8")
    machine = settings(ready) / "machine.toml"
    machine.write_text("# mine\n[endpoints.a]  # first\nurl = 'http://127.0.0.1:1'\n", encoding="utf-8")
    ready.ask("endpoint", "set", "b", "http://127.0.0.1:2/v1", "--default")
    ready.ask("endpoint", "unset", "b")
    assert machine.read_text(encoding="utf-8").rstrip("\n") == (
        "# mine\n[endpoints.a]  # first\nurl = 'http://127.0.0.1:1'"
    )


def test_the_active_profile_is_deleted_only_by_force_and_followed_when_renamed(ready: Bench) -> None:
    assert ready.run("profile", "delete", "fast").returncode == 2
    assert pointed(ready) == "fast"
    ready.ask("profile", "rename", "fast", "quick")
    assert (pointed(ready), models(ready.ask("check"))["ann"]) == ("quick", "gpt-5.5")
    ready.ask("profile", "delete", "quick", "--force")
    assert (pointed(ready), profile(ready, "quick").exists()) == (None, False)


def test_two_profiles_are_compared_in_what_they_mean(ready: Bench) -> None:
    put(ready, "same", '[env]\nSPEED="fast"\n[agent]\nmodel="codex:gpt-5.5"\n')
    assert ready.ask("profile", "diff", "fast", "same")["changes"] == []
    assert changed(ready.ask("profile", "diff", "codex", "claude"), "tiers.fast")[0] == "codex:gpt-5.4-mini"
    alone = ready.ask("profile", "diff", "slow")
    assert changed(alone, "stages.execute.model") == (None, "codex:gpt-5.4")


def test_looking_changes_nothing(ready: Bench) -> None:
    write_files(ready.home, {".wg/profiles/x.toml": 'agent.model = "claude:opus"\n'})
    before = everything(ready)
    for command in (
        ["list"], ["show"], ["show", "fast"], ["show", "claude"], ["diff", "fast"], ["diff", "fast", "mixed"],
    ):  # fmt: skip
        assert ready.run("profile", *command).returncode == 0, command
    assert ready.run("endpoint", "list").returncode == 0
    assert ready.run("init", "--dry-run").returncode == 0
    assert ready.run("watch", "--once").returncode == 0
    assert everything(ready) == before


# Where a value comes from.


def test_the_table_follows_a_switch_at_once_and_says_from_which_line(ready: Bench) -> None:
    for name, model in (("slow", "gpt-5.4"), ("fast", "gpt-5.5")):
        ready.ask("profile", "use", name)
        assert f"model={model} model_source=profile:{name}" in ready.run("check").stdout
        report = ready.ask("check")
        assert report["profile"] == {"active": name, "path": str(profile(ready, name)), "source": "pointer"}
        places = {json.dumps(row["model_location"]) for row in (*report["stages"], *report["agents"])}
        assert places == {json.dumps(line_of(profile(ready, name), model))}
        shown = values(ready)["stages.execute.model"]
        assert (shown["value"], shown["source"]) == (
            f"codex:{model}",
            {"kind": "profile", **line_of(profile(ready, name), model)},
        )


def test_a_value_that_hides_another_says_what_and_where(ready: Bench) -> None:
    ready.ask("profile", "use", "slow", "--project")
    ready.environment["DOCTOR_MODEL"] = "codex:gpt-5.9"
    shown = values(ready)
    mine = line_of(profile(ready, "slow"), "gpt-5.4")
    model, chosen = shown["stages.execute.model"], shown["profile"]
    assert (model["value"], model["source"]["kind"]) == ("codex:gpt-5.9", "env")
    assert model["shadows"] == [{"value": "codex:gpt-5.4", "source": {"kind": "profile", **mine}}]
    assert (chosen["value"], chosen["source"]["kind"]) == ("slow", "project")
    assert [(each["value"], each["source"]["kind"]) for each in chosen["shadows"]] == [("fast", "pointer")]


def test_an_endpoint_says_from_which_line_it_comes(ready: Bench) -> None:
    ready.policy([{"name": "nan", "runner": "nex", "stage": "execute", "model": "m"}])
    ready.ask("profile", "use", "--clear")
    ready.ask("endpoint", "set", "attic", "http://127.0.0.1:9/v1", "--default")
    [row] = ready.ask("check", code=None)["agents"]
    machine = settings(ready) / "machine.toml"
    assert row["endpoint_location"] == line_of(machine, "attic")
    ready.ask("profile", "create", "box", "-e", "http://127.0.0.1:10/v1")
    ready.ask("profile", "use", "box")
    [row] = ready.ask("check", code=None)["agents"]
    assert row["endpoint_location"]["path"] == str(profile(ready, "box"))


# Secrets.


LOOKING = (
    ("check",),
    ("check", "--format", "json"),
    ("profile", "show"),
    ("profile", "use", "attic"),
    ("endpoint", "list"),
    ("endpoint", "test"),
    ("watch", "--once"),
    ("endpoint", "set", "a", "http://127.0.0.1:2", "--key-env", "ATTIC_KEY"),
)


def test_a_key_that_is_written_out_is_an_error_and_never_shown_or_copied(ready: Bench) -> None:
    secret = "sk-Zq81hYwX0pLm4Tt7RrBb2"
    endpoint = f'[[llm_endpoints.endpoints]]\nname = "attic"\nprovider = "openai"\napi_key = "{secret}"\n'
    write_files(ready.home, {".wg/profiles/attic.toml": f'agent.model = "nex:m"\n{endpoint}'})
    said = [ready.run("profile", "import", "~/.wg", *more) for more in ([], ["--format", "json"])]
    machine = settings(ready) / "machine.toml"
    machine.write_text(f'[endpoints.a]\nurl = "http://127.0.0.1:1"\napi_key = "{secret}"\n', encoding="utf-8")
    ready.environment["ATTIC_KEY"] = secret

    [written_out] = [each for each in ready.ask("check", code=None)["findings"] if each["code"] == "END005"]
    assert (written_out["severity"], written_out["location"]["line"]) == ("error", 3)
    assert "doctor endpoint set a" in written_out["remedy"]
    said += [ready.run(*command) for command in LOOKING]

    assert [each.args for each in said if secret in each.stdout + each.stderr] == []
    assert secret not in machine.read_text(encoding="utf-8")
    assert secret not in "".join(path.read_text(encoding="utf-8") for path in settings(ready).glob("profiles/*.toml"))


# Setting up.


@pytest.mark.parametrize(("route", "runtime_id"), [("codex", "codex"), ("claude", "claude_code")])
def test_after_the_first_setup_the_doctor_has_nothing_to_complain_of(bench: Bench, route: str, runtime_id: str) -> None:
    bench.log_in()
    bench.install(runtime_id, "--full-auto", "--permission-mode", "--sandbox")
    planned = bench.ask("init", "--route", route, "--dry-run")
    assert everything(bench) == {}
    done = bench.ask("init", "--route", route)
    assert [each["path"] for each in done["files"]] == [each["path"] for each in planned["files"]]
    report = bench.ask("check")
    assert (report["exit_code"], report["summary"]["error"]) == (0, 0)
    assert {row["runtime_id"] for row in report["agents"]} == {runtime_id}
    before = everything(bench)
    again = bench.ask("init", "--route", route)
    assert (everything(bench), {each["written"] for each in again["files"]}) == (before, {False})
    if route == "codex":
        assert {skill["name"] for row in report["agents"] for skill in row["skills"]} == {"docmgr", "diary"}
        assert os.listdir(bench.metawsm / "skills") != []  # noqa: PTH208 - names are enough
