import json
import re
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from doctor.errors import UsageError
from doctor.gate.bundle import bundle
from doctor.gate.bundle_file import bundle_text, check_place, write_bundle
from doctor.gate.masking import masked_file, read_shown, skeleton
from doctor.journal.journal import Journal
from doctor.model.event import Spawn
from doctor.model.spec import Mode
from doctor.model.stage import Stage
from doctor.report.redact import HIDDEN, Redactor
from tests.gate.conftest import KEY, Place, policy, rooted

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
SECRETS = ("ghp_" + "a1B2c3D4e5F6g7H8i9J0", "hunter2-is-short", "pl4in-words-only", "s3cr3t-in-a-url")


def made(place: Place, **changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(bundle_text(bundle(place.options(**changes), now=NOON), "json"))
    return document


def text_of(place: Place, **changes: Any) -> str:
    return bundle_text(bundle(place.options(**changes), now=NOON), "markdown")


def test_it_says_what_runs_where_and_what_was_found(place: Place) -> None:
    document = made(place)
    assert document["made_at"] == "2026-05-01T12:00:00+00:00"
    assert set(document["versions"]) == {"harness-doctor", "python", "system", "libraries", "tools"}
    assert "HRN001" in {each["code"] for each in document["report"]["findings"]}
    assert document["paths"]["config"] == "~/.config/harness-doctor"
    assert document["files"]["policy"]["content"]["agents"] == [{"name": "bob", "profile": "worker"}]
    assert document["journal"] == {"events": 0, "processes": {}, "last": []}
    assert document["problem"] is None


def test_names_of_variables_stay_and_only_harmless_values_are_shown(place: Place) -> None:
    environment = {"LANG": "C.UTF-8", "WORK_TOKEN": SECRETS[1], "EMPTY": "", "PRIVATE": "mine"}
    shown = made(place, environment=environment | {"PATH": str(place.bin)})["environment"]
    assert shown == {"EMPTY": "blank", "LANG": "C.UTF-8", "PATH": "set", "PRIVATE": "set", "WORK_TOKEN": "set"}


def test_no_secret_from_any_file_is_in_it(place: Place) -> None:
    profile = policy()["agent_profiles"][0] | {
        "base_prompt": f"Use {SECRETS[0]}.",
        "runner_options": {"env": {"PLAIN": SECRETS[2], "API_TOKEN": SECRETS[1]}},
    }
    place.write_policy(policy(agent_profiles=[profile]))
    directory = place.home / ".config" / "harness-doctor"
    (directory / "profiles").mkdir(parents=True)
    (directory / "machine.toml").write_text(
        f"# {SECRETS[1]}\n[endpoints.attic]\n"
        f'url = "http://user:{SECRETS[3]}@127.0.0.1:1/v1"\napi_key = "{SECRETS[2]}"\n'
    )
    (directory / "profiles" / "work.toml").write_text(f'[env]\nTEAM = "{SECRETS[2]}"\n')
    (directory / "active-profile").write_text("work\n")
    text = text_of(place)
    assert [secret for secret in (*SECRETS, KEY) if secret in text] == []
    for name in ("API_TOKEN", "PLAIN", "TEAM", "api_key", "CODEX_API_KEY"):
        assert name in text
    assert str(place.home) not in text


def test_a_prompt_is_the_project_s_own_business(place: Place) -> None:
    place.write_policy(policy(agent_profiles=[policy()["agent_profiles"][0] | {"base_prompt": "Our plan for May."}]))
    text = text_of(place)
    assert "Our plan" not in text
    assert "[17 characters]" in text


BROKEN = '{"version": 2, "agents": [{"name": "bob", "token": "hunter2-is-short" "profile": worker'


def test_a_policy_that_does_not_parse_is_shown_as_its_skeleton(place: Place) -> None:
    place.write_policy(BROKEN)
    document = made(place)
    assert document["files"]["policy"]["skeleton"] == [
        '{"version": x, "agents": [{"name": "xxx", "xxxxx": "xxxxxxx-xx-xxxxx" "profile": xxxxxx'
    ]
    assert "POL001" in {each["code"] for each in document["report"]["findings"]}
    assert "hunter2" not in json.dumps(document)


def test_a_skeleton_keeps_nothing_but_signs_and_known_words() -> None:
    masked = skeleton('[agent_profiles]\nrunner = "codex" # Übung 12\n')
    assert masked == '[agent_profiles]\nrunner = "codex" # xxxxx xx\n'


def test_a_plugin_that_cannot_be_imported_is_told_and_the_rest_is_there(place: Place) -> None:
    document = made(place, plugins=("no_such_plugin_anywhere",))
    assert document["problem"]["error"].startswith("RegistrationError: plugin no_such_plugin_anywhere")
    assert document["report"]["findings"]
    assert document["options"]["plugins"] == "('no_such_plugin_anywhere',)"


def test_a_check_that_crashed_brings_its_traceback(place: Place) -> None:
    checks = place.metawsm / "checks"
    checks.mkdir()
    (checks / "own.py").write_text(
        "import doctor\n\n\nclass OWN001(doctor.Check):\n"
        '    """It never runs."""\n\n    def run(self):\n        """Always fails."""\n'
        f'        raise ValueError("{SECRETS[0]}")\n\n\n'
        "@doctor.hookimpl\ndef doctor_register_checks():\n    return [OWN001]\n"
    )
    [crash] = made(place, allow_project_plugins=True)["crashes"]
    assert crash["code"] == "OWN001"
    assert crash["traceback"][-1] == f"ValueError: {HIDDEN}"


@pytest.mark.parametrize("broken", ["policy", "machine", "directory", "journal", "option"])
def test_it_comes_about_whatever_is_broken(place: Place, broken: str) -> None:
    changes: dict[str, Any] = {}
    if broken == "policy":
        (place.metawsm / "policy.json").write_bytes(b"\xff\x00")
    elif broken == "machine":
        (place.home / ".config" / "harness-doctor" / "machine.toml").mkdir(parents=True)
    elif broken == "directory":
        (place.metawsm / "policy.json").unlink()
        place.metawsm.rmdir()
        place.metawsm.write_text("a file")
    elif broken == "journal":
        (place.metawsm / "metawsm.db").write_text("no database")
    else:
        changes = {"runtime": "no-such-harness"}
    document = made(place, **changes)
    assert document["versions"]["python"]
    if broken == "journal":
        assert "metawsm.db" in document["journal"]["problem"]["error"]
    if broken == "option":
        assert document["problem"]["error"].startswith("UsageError: --runtime")


def test_it_has_bounds(place: Place) -> None:
    agents = [{"name": f"agent-{number}", "profile": "worker"} for number in range(3000)]
    place.write_policy(policy(agents=agents))
    document = made(place)
    assert len(document["report"]["agents"]) == 200
    assert document["report"]["left_out"] == {"agents": 2800}
    assert len(text_of(place)) < 1_000_000


def test_a_fence_outlasts_the_fences_in_it(place: Place) -> None:
    place.write_policy(policy(agents=[{"name": "````", "profile": "worker"}]))
    text = text_of(place)
    assert "`````json" in text
    assert re.findall(r"^## (\w+)", text, re.MULTILINE)[:3] == ["Versions", "Paths", "Options"]


def test_the_file_is_its_owner_s_alone(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    write_bundle(path, "<!-- doctor report -->\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    write_bundle(path, "<!-- doctor report -->\nagain\n")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("<!-- doctor report -->\nagain\n", 0o600)


@pytest.mark.parametrize("form", ["markdown", "json"])
def test_an_earlier_report_is_replaced(place: Place, tmp_path: Path, form: Any) -> None:
    path = tmp_path / "report"
    write_bundle(path, bundle_text(bundle(place.options(), now=NOON), form))
    check_place(path)


def test_any_other_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    path.write_text("mine")
    with pytest.raises(UsageError, match="is no report of this program's") as refused:
        check_place(path)
    assert "name another place" in (refused.value.remedy or "")
    with pytest.raises(UsageError):
        write_bundle(path, "x")
    assert path.read_text() == "mine"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "own.md").write_text("<!-- doctor report -->\n")
    (tmp_path / "report.md").symlink_to(tmp_path / "own.md")
    with pytest.raises(UsageError, match="is left as it is"):
        check_place(tmp_path / "report.md")


@pytest.mark.skipif(rooted(), reason="root may write anywhere; run the tests as another user")
def test_where_nothing_may_be_written_another_place_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="may not be written") as refused:
        check_place(tmp_path / "report.md")
    tmp_path.chmod(0o700)
    assert "report.md" in (refused.value.remedy or "")


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    assert masked_file(read_shown(tmp_path / "x.json", "json"), Redactor()) == {
        "path": str(tmp_path / "x.json"),
        "there": False,
    }


def test_a_header_s_variable_is_named_and_a_header_s_key_is_not(tmp_path: Path) -> None:
    path = tmp_path / "machine.toml"
    path.write_text('[endpoints.a]\nheaders = { x-team = "TEAM_VARIABLE", x-key = "k3y-itself" }\n')
    headers = masked_file(read_shown(path, "toml"), Redactor())["content"]["endpoints"]["a"]["headers"]
    assert headers == {"x-team": "TEAM_VARIABLE", "x-key": HIDDEN}


def test_of_what_a_secret_s_name_stands_over_only_names_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"tokens": ["a-b-c", "d"], "secret": {"inner": {"deep": "x"}, "n": 1}, "max_tokens": 4}')
    content = masked_file(read_shown(path, "json"), Redactor())["content"]
    assert content == {"tokens": HIDDEN, "secret": {"inner": {"deep": HIDDEN}, "n": HIDDEN}, "max_tokens": 4}


def test_of_the_journal_only_counts_and_states_are_told(place: Place) -> None:
    spawn = Spawn(
        process_id="bob-1",
        run_id="run-1",
        spec_id="3" * 64,
        attempt=1,
        agent="bob",
        stage=Stage.EXECUTE,
        runtime_id="codex",
        harness_version=None,
        policy_sha256=None,
        named_profile=None,
        session="bob-p",
        executor="tmux",
        mode=Mode.HEADLESS,
        cwd="/p",
        reason="launched for a plan of ours",
    )
    with Journal(place.metawsm / "metawsm.db") as journal:
        journal.spawn(spawn, at=0.0)
    told = made(place)["journal"]
    assert told == {
        "events": 1,
        "processes": {"running": 1},
        "last": [{"event": "control.directive.emitted", "at": "1970-01-01T00:00:00.000000+00:00", "state": "running"}],
    }
