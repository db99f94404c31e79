"""The first setup, on a private machine with stand-in harnesses."""

import json
import os
import stat
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

import profiles
from doctor.errors import UsageError
from doctor.model.options import Options
from doctor.settings.init import Setup, carry_out, init, plan_setup

Install = Callable[[str, str], Path]
Run = Callable[..., subprocess.CompletedProcess[str]]

CODEX_FLAGS = "-c --config -m --model -s --sandbox -a --ask-for-approval -C --cd --json --skip-git-repo-check --enable"
STAND_INS = {
    "codex": f"""case "$*" in
  --version) echo 'codex-cli 0.169.0' ;;
  'login status') echo 'Logged in using an API key' >&2 ;;
  *--help*) printf '  %s <VALUE>\\n' {CODEX_FLAGS} ;;
  *) exit 2 ;;
esac""",
    "claude": """case "$*" in
  --version) echo '2.1.197 (Claude Code)' ;;
  'auth status') echo '{"loggedIn": true, "authMethod": "api_key"}' ;;
  *--help*) printf '  %s <value>\\n' -p --print --model --permission-mode --settings --append-system-prompt ;;
  *) exit 1 ;;
esac""",
}
RUNNERS = {"codex": "codex", "claude": "claude_code", "local": "nex"}
STARTERS = {"codex": "codex", "claude": "claude", "local": "wgnext"}


@pytest.fixture
def options(private_project: Path, private_home: Path, private_environment: Mapping[str, str]) -> Options:
    return Options(cwd=private_project, home=private_home, environment=private_environment)


@pytest.fixture
def logged_in(install_program: Install, private_home: Path) -> Callable[[str], None]:
    """Put a harness on the machine that was used here before."""

    def add(name: str) -> None:
        install_program(name, STAND_INS[name])
        (private_home / f".{name}").mkdir()
        if name == "codex":
            (private_home / ".codex/auth.json").write_text("{}", encoding="utf-8")

    return add


@pytest.fixture
def settings(private_home: Path) -> Path:
    return private_home / ".config" / "harness-doctor"


def tree(*roots: Path) -> dict[str, bytes]:
    """Every file below, with its content."""
    return {str(path): path.read_bytes() for root in roots for path in root.rglob("*") if path.is_file()}


def outcome(setup: Setup, root: Path) -> list[tuple[str, bool, bool]]:
    """Path, whether it was there, whether it was written."""
    return [(str(Path(each.path).relative_to(root)), each.exists, each.written) for each in setup.files]


@pytest.mark.parametrize("route", ["codex", "claude", "local"])
def test_after_a_first_setup_the_doctor_finds_nothing_wrong(
    route: str, options: Options, logged_in: Callable[[str], None], run_doctor: Run
) -> None:
    if route in STAND_INS:
        logged_in(route)
    init(options, route)
    completed = run_doctor("check", "--format", "json")
    report = json.loads(completed.stdout)
    errors = [each for each in report["findings"] if each["severity"] == "error"]
    assert (errors, completed.returncode) == ([], 0)
    agents = [
        (each["agent"], each["runtime_id"], [skill["name"] for skill in each["skills"]]) for each in report["agents"]
    ]
    assert agents == [("agent", RUNNERS[route], ["docmgr", "diary"])]
    assert report["profile"]["active"] == STARTERS[route]


def test_the_policy_for_codex_has_its_prompt_skills_and_options(options: Options, private_project: Path) -> None:
    init(options, "codex")
    assert json.loads((private_project / ".metawsm/policy.json").read_text("utf-8")) == {
        "version": 2,
        "agent_profiles": [
            {
                "name": "codex-default",
                "runner": "codex",
                "base_prompt": profiles.base_prompt().rstrip("\n"),
                "skills": ["docmgr", "diary"],
                "runner_options": {"full_auto": True},
            }
        ],
        "agents": [{"name": "agent", "profile": "codex-default"}],
    }


def test_the_files_are_listed_in_the_order_in_which_they_can_be_interrupted(
    options: Options, private_project: Path
) -> None:
    setup = init(options, "codex")
    assert outcome(setup, private_project.parent) == [
        ("project/.metawsm/skills/docmgr/SKILL.md", False, True),
        ("project/.metawsm/skills/diary/SKILL.md", False, True),
        ("project/.metawsm/policy.json", False, True),
        ("home/.config/harness-doctor/profiles/codex.toml", False, True),
        ("home/.config/harness-doctor/active-profile", False, True),
    ]
    assert [Path(each.path).read_bytes() for each in setup.files] == [each.content for each in setup.files]
    assert [each.what for each in setup.files] == [
        "skill docmgr",
        "skill diary",
        "policy: one agent, run by codex",
        "named profile codex",
        "active profile: codex",
    ]


def test_without_a_route_the_harness_that_is_logged_in_is_taken(
    options: Options, logged_in: Callable[[str], None], install_program: Install
) -> None:
    install_program("codex", STAND_INS["codex"])
    logged_in("claude")
    setup = plan_setup(options)
    assert (setup.route, setup.found.partition(" at ")[0]) == ("claude", "claude_code 2.1.197")


def test_a_dry_run_writes_nothing(options: Options, private_project: Path, private_home: Path) -> None:
    setup = init(options, "codex", dry_run=True)
    assert tree(private_project, private_home) == {}
    assert [each.written for each in setup.files] == [False] * 5


def test_the_plan_is_shown_before_anything_is_written(
    options: Options, private_project: Path, private_home: Path
) -> None:
    seen: list[tuple[Setup, dict[str, bytes]]] = []
    init(options, "codex", show=lambda plan: seen.append((plan, tree(private_project, private_home))))
    ((plan, files),) = seen
    assert files == {}
    assert [each.exists for each in plan.files] == [False] * 5


def test_a_second_setup_changes_nothing(options: Options, private_project: Path, private_home: Path) -> None:
    init(options, "codex")
    before = tree(private_project, private_home)
    again = init(options, "codex")
    assert [(each.exists, each.written) for each in again.files] == [(True, False)] * 5
    assert tree(private_project, private_home) == before


def test_what_somebody_wrote_stays_as_it_is(options: Options, private_project: Path, settings: Path) -> None:
    own = {
        private_project / ".metawsm/policy.json": b'{"version": 2}',
        private_project / ".metawsm/skills/diary/SKILL.md": b"My own diary.",
        settings / "profiles/codex.toml": b'description = "mine"',
        settings / "active-profile": b"mine",
    }
    for path, content in own.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    init(options, "codex")
    assert tree(private_project, settings) == {str(path): content for path, content in own.items()}


def test_beside_a_policy_of_the_user_s_only_the_skills_that_it_names_are_added(
    options: Options, private_project: Path
) -> None:
    directory = private_project / ".metawsm"
    directory.mkdir()
    directory.joinpath("policy.toml").write_text(
        'version = 2\nagent_profiles = [{name = "x", runner = "codex", base_prompt = "Go.", skills = ["diary"]}]\n'
        'agents = [{name = "a", profile = "x"}]\n',
        encoding="utf-8",
    )
    init(options, "codex")
    assert sorted(path.name for path in directory.iterdir()) == ["policy.toml", "skills"]
    assert [path.name for path in (directory / "skills").iterdir()] == ["diary"]


def test_another_profile_stays_active_and_the_user_is_told_how_to_switch(options: Options, settings: Path) -> None:
    settings.mkdir(parents=True)
    (settings / "active-profile").write_text("attic\n", encoding="utf-8")
    setup = init(options, "claude")
    assert (settings / "active-profile").read_text("utf-8") == "attic\n"
    assert setup.files[-1].what == "active profile: attic"
    assert "make the profile active: doctor profile use claude" in setup.steps


def test_a_profile_that_cannot_be_read_is_not_made_active(options: Options, settings: Path) -> None:
    path = settings / "profiles" / "codex.toml"
    path.parent.mkdir(parents=True)
    path.write_text("modle = 1\n", encoding="utf-8")
    setup = init(options, "codex")
    assert not (settings / "active-profile").exists()
    assert [step.partition(": ")[0] for step in setup.steps] == ["install codex", "mend the profile codex"]


def test_a_file_that_appears_after_the_plan_is_left_alone(options: Options, private_project: Path) -> None:
    plan = plan_setup(options, "codex")
    path = private_project / ".metawsm" / "policy.json"
    path.parent.mkdir()
    path.write_text("somebody else's", encoding="utf-8")
    done = carry_out(plan)
    assert path.read_text("utf-8") == "somebody else's"
    assert [(each.exists, each.written) for each in done.files] == [
        (False, True),
        (False, True),
        (True, False),
        (False, True),
        (False, True),
    ]


def test_a_profile_that_is_removed_after_the_plan_is_there_before_it_becomes_the_active_one(
    options: Options, settings: Path
) -> None:
    path = settings / "profiles" / "codex.toml"
    path.parent.mkdir(parents=True)
    path.write_text('description = "mine"\n', encoding="utf-8")
    plan = plan_setup(options, "codex")
    path.unlink()
    carry_out(plan)
    assert (settings / "active-profile").read_text("utf-8") == "codex\n"
    assert path.read_bytes() == profiles.starter("codex")


def test_a_directory_of_the_project_that_cannot_be_made_is_named(options: Options, private_project: Path) -> None:
    (private_project / ".metawsm").mkdir()
    (private_project / ".metawsm/skills").write_text("in the way", encoding="utf-8")
    with pytest.raises(UsageError, match=r"\.metawsm/skills cannot be written: File exists$"):
        init(options, "codex")


def test_what_is_there_needs_no_permission_to_write(options: Options, settings: Path) -> None:
    init(options, "codex")
    (settings / ".lock").unlink()
    init(options, "codex")
    assert not (settings / ".lock").exists()


def test_a_setup_that_was_interrupted_is_finished(
    options: Options, private_project: Path, private_home: Path, settings: Path
) -> None:
    settings.mkdir(parents=True)
    (settings / "profiles").write_text("in the way", encoding="utf-8")
    with pytest.raises(UsageError, match=r"harness-doctor/profiles cannot be changed: File exists$"):
        init(options, "codex")
    (settings / "profiles").unlink()
    done = init(options, "codex")
    assert [(each.exists, each.written) for each in done.files] == [
        *[(True, False)] * 3,
        *[(False, True)] * 2,
    ]


def test_nothing_is_written_through_a_link_that_leaves_the_project(
    options: Options, private_project: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (private_project / ".metawsm").symlink_to(elsewhere)
    with pytest.raises(UsageError, match="outside of"):
        init(options, "codex")
    assert list(elsewhere.iterdir()) == []


def test_a_link_that_leads_nowhere_is_taken_for_a_file_of_the_user_s(options: Options, private_project: Path) -> None:
    path = private_project / ".metawsm" / "policy.json"
    path.parent.mkdir()
    path.symlink_to("gone.json")
    init(options, "codex")
    assert str(path.readlink()) == "gone.json"
    assert not path.exists()


def test_the_machine_s_files_are_private_and_the_project_s_are_not(
    options: Options, private_project: Path, settings: Path
) -> None:
    before = os.umask(0)
    try:
        init(options, "codex")
    finally:
        os.umask(before)
    paths = (settings, settings / "profiles", settings / "profiles/codex.toml", settings / "active-profile")
    assert [oct(stat.S_IMODE(path.stat().st_mode)) for path in paths] == ["0o700", "0o700", "0o600", "0o600"]
    own = (private_project / ".metawsm", private_project / ".metawsm/policy.json")
    assert [oct(stat.S_IMODE(path.stat().st_mode)) for path in own] == ["0o755", "0o644"]


def test_a_policy_can_be_written_to_a_place_of_the_user_s(options: Options, private_project: Path) -> None:
    chosen = replace(options, policy=Path("agents/policy.json"))
    init(chosen, "codex")
    assert json.loads((private_project / "agents/policy.json").read_text("utf-8"))["version"] == 2


def test_a_first_policy_is_not_written_as_toml(options: Options) -> None:
    with pytest.raises(UsageError, match="a first policy is JSON"):
        init(replace(options, policy=Path("policy.toml")), "codex")


def test_a_harness_that_is_missing_does_not_stop_who_asked_for_it(options: Options) -> None:
    setup = plan_setup(options, "codex")
    assert setup.found == "codex was not found"
    assert setup.steps == ("install codex: npm install -g @openai/codex",)
