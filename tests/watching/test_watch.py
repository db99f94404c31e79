import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from doctor.config.paths import machine_paths
from doctor.control.client import notify_all
from doctor.diagnosis.run import examine
from doctor.gate.locking import plan_lock, write_lock
from doctor.model.options import Options
from doctor.settings.results import Daemon
from tests.watching.conftest import Watch

pytestmark = pytest.mark.slow

Write = Callable[..., Path]


@pytest.fixture(params=["told", "polls"])
def polls(request: pytest.FixtureRequest) -> bool:
    """Both ways to notice a change."""
    if request.param == "told":
        pytest.importorskip("watchfiles", reason="install harness-doctor[watch]")
    return bool(request.param == "polls")


@pytest.fixture
def notify(private_environment: dict[str, str], private_home: Path) -> Callable[[str], tuple[Daemon, ...]]:
    """Tell every process of the private machine of a switch."""
    return lambda name: notify_all(machine_paths(private_environment, private_home), name)


def point_to(short: Path, name: str) -> None:
    (short / "config").mkdir(exist_ok=True)
    (short / "config" / "active-profile").write_text(name, encoding="utf-8")


def test_a_watch_without_watchfiles_says_that_it_polls(watch: Watch) -> None:
    watch(polls=True).until(said="watchfiles is not installed: looking for changes every 2 s instead")


def test_once_diagnoses_once_and_ends_with_the_exit_code(watch: Watch, short: Path) -> None:
    point_to(short, "missing")
    watching = watch(once=True)
    watching.until(exit=2, profile="missing")
    assert watching.process.wait(60) == 2
    assert not (short / "state" / "run").exists()


def test_another_active_profile_shows(watch: Watch, short: Path, write_profile: Write, polls: bool) -> None:
    write_profile("a", "codex:m")
    watching = watch(polls=polls)
    watching.until(profile=None)
    point_to(short, "a")
    watching.until(profile="a", exit=0)
    point_to(short, "nobody")
    watching.until(profile="nobody", exit=2)


def test_a_changed_profile_shows(
    watch: Watch, short: Path, write_profile: Write, write_policy: Write, polls: bool
) -> None:
    write_policy("codex")
    write_profile("a", "codex:old")
    point_to(short, "a")
    watching = watch(polls=polls)
    watching.until(model="old")
    write_profile("a", "codex:new")
    watching.until(model="new")


def test_a_policy_that_is_written_and_broken_shows(watch: Watch, write_policy: Write, polls: bool) -> None:
    watching = watch(polls=polls)
    watching.until(exit=0)
    path = write_policy("codex")
    watching.until(exit=1)
    path.write_text("{", encoding="utf-8")
    watching.until(exit=2)
    path.unlink()
    watching.until(exit=0)


def test_a_skill_that_comes_and_goes_shows(
    watch: Watch, private_project: Path, write_policy: Write, polls: bool
) -> None:
    write_policy("shell", skills=["docs"], runner_options={"command": "true"})
    watching = watch(polls=polls)
    missing = watching.until(exit=1)["codes"]
    assert "SKL001" in missing
    skill = private_project / ".metawsm" / "skills" / "docs" / "SKILL.md"
    skill.parent.mkdir(parents=True)
    skill.write_text("---\nname: docs\ndescription: Keeps the documents.\n---\n", encoding="utf-8")
    watching.until(exit=0)
    skill.unlink()
    watching.until(codes=missing)


def test_a_harness_that_is_installed_and_updated_shows(
    watch: Watch, install_program: Callable[[str, str], Path], polls: bool
) -> None:
    watching = watch(polls=polls)
    builtin = watching.until(exit=0)["versions"]
    install_program("codex", "echo codex-cli 0.1.0")
    watching.until(versions={**builtin, "codex": "0.1.0"})
    install_program("codex", "echo codex-cli 0.2.0")
    watching.until(versions={**builtin, "codex": "0.2.0"})


def test_machine_settings_that_are_written_show(watch: Watch, short: Path, polls: bool) -> None:
    watching = watch(polls=polls)
    watching.until(exit=0)
    (short / "config").mkdir(exist_ok=True)
    (short / "config" / "machine.toml").write_text("nonsense = 1\n", encoding="utf-8")
    watching.until(exit=2)


def test_a_baseline_that_is_written_shows(watch: Watch, write_policy: Write, tmp_path: Path, polls: bool) -> None:
    write_policy("shell", runner_options={"command": "true"})
    baseline = tmp_path / "known.json"
    baseline.write_text('{"baseline": 1, "findings": []}')
    watching = watch(polls=polls, baseline=baseline)
    found = watching.until(exit=0)["codes"]
    entry = {"code": "SKL001", "severity": "error", "fingerprint": "0" * 16, "subject": "a skill"}
    baseline.write_text(json.dumps({"baseline": 1, "findings": [entry]}))
    watching.until(codes=sorted({*found, "POL013"}))


def test_a_lock_that_is_written_shows(
    watch: Watch,
    write_policy: Write,
    polls: bool,
    private_project: Path,
    private_home: Path,
    private_environment: dict[str, str],
) -> None:
    write_policy("shell", runner_options={"command": "true"})
    watching = watch(polls=polls, locked=True)
    assert "LCK001" in watching.until(exit=1)["codes"]
    options = Options(cwd=private_project, home=private_home, environment=private_environment, cache=False)
    write_lock(plan_lock(examine(options)))
    assert "LCK001" not in watching.until(exit=0)["codes"]


def test_a_request_is_answered_with_the_values_and_diagnosed(
    watch: Watch,
    short: Path,
    write_profile: Write,
    write_policy: Write,
    notify: Callable[[str], tuple[Daemon, ...]],
) -> None:
    write_policy("codex")
    write_profile("a", "codex:one")
    write_profile("b", "codex:two")
    point_to(short, "a")
    watching = watch()
    watching.until(model="one")
    point_to(short, "b")
    [answer] = notify("b")
    assert (answer.pid, answer.ok, answer.error) == (watching.process.pid, True, None)
    assert answer.values["stages.execute.model"] == "codex:two"
    watching.until(model="two")


def test_a_request_diagnoses_again_though_nothing_changed(
    watch: Watch, notify: Callable[[str], tuple[Daemon, ...]]
) -> None:
    watching = watch()
    first = watching.until()
    assert [answer.ok for answer in notify("x")] == [True]
    assert watching.until() == first


def test_a_request_is_answered_while_a_diagnosis_waits_for_a_program(
    watch: Watch,
    tmp_path: Path,
    install_program: Callable[[str, str], Path],
    notify: Callable[[str], tuple[Daemon, ...]],
) -> None:
    pipe, ready = tmp_path / "pipe", tmp_path / "ready"
    os.mkfifo(pipe)
    install_program("codex", f"[ -e {ready} ] || read line <{pipe}; echo codex-cli 0.1.0")
    watching = watch()
    with pipe.open("wb"):  # the program is waiting
        assert [answer.ok for answer in notify("x")] == [True]
        assert watching.lines == []
        ready.touch()
    first = watching.until(exit=0)
    assert watching.until() == first


def test_settings_that_are_broken_are_answered_with_their_place(
    watch: Watch, short: Path, write_profile: Write, notify: Callable[[str], tuple[Daemon, ...]]
) -> None:
    path = write_profile("a", "codex:one")
    point_to(short, "a")
    watching = watch()
    watching.until(exit=0)
    path.write_text("[agent]\nmodle = 'codex:one'\n", encoding="utf-8")
    [answer] = notify("a")
    assert not answer.ok
    assert answer.values == {}
    assert str(answer.error).startswith(f"{path}:2")
    watching.until(exit=2)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_watch_that_is_ended_leaves_nothing_behind(watch: Watch, short: Path, number: signal.Signals) -> None:
    watching = watch()
    watching.until(exit=0)
    assert len(list((short / "state" / "run").iterdir())) == 2
    assert watching.end(number) != 0
    assert list((short / "state" / "run").iterdir()) == []


def test_a_watch_that_cannot_be_reached_says_so_and_watches_all_the_same(
    watch: Watch, short: Path, write_profile: Write
) -> None:
    write_profile("a", "codex:m")
    (short / "state").write_text("", encoding="utf-8")
    watching = watch()
    assert "no control socket in" in watching.until()["said"]
    watching.until(profile=None)
    point_to(short, "a")
    watching.until(profile="a")
