import os
import pwd
import sys
from pathlib import Path

import pytest

from doctor.config.paths import Paths, _platform_directory, _xdg_directory, machine_paths


def test_the_three_variables_win_one_by_one(tmp_path: Path) -> None:
    environment = {"DOCTOR_CONFIG_DIR": str(tmp_path / "c"), "DOCTOR_CACHE_DIR": " ", "HOME": "/nobody"}
    paths = machine_paths(environment, Path("/nobody"))
    assert paths.config_dir == tmp_path / "c"
    assert paths.cache_dir == Path("/nobody/.cache/harness-doctor")


def test_another_environment_gets_xdg_directories_below_its_own_home() -> None:
    environment = {"XDG_STATE_HOME": "/elsewhere", "XDG_CACHE_HOME": "relative"}
    assert machine_paths(environment, Path("/nobody")) == Paths(
        config_dir=Path("/nobody/.config/harness-doctor"),
        state_dir=Path("/elsewhere/harness-doctor"),
        cache_dir=Path("/nobody/.cache/harness-doctor"),
    )


def test_this_process_gets_what_platformdirs_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "conf"))
    variables = ("DOCTOR_CONFIG_DIR", "DOCTOR_STATE_DIR", "DOCTOR_CACHE_DIR")
    for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", *variables):
        monkeypatch.delenv(name, raising=False)
    from platformdirs import user_cache_path, user_config_path, user_state_path

    assert machine_paths(dict(os.environ), Path.home()) == Paths(
        config_dir=user_config_path("harness-doctor", appauthor=False),
        state_dir=user_state_path("harness-doctor", appauthor=False),
        cache_dir=user_cache_path("harness-doctor", appauthor=False),
    )


def test_nothing_is_created(tmp_path: Path) -> None:
    paths = machine_paths({}, tmp_path)
    assert paths.profile_file("x") == tmp_path / ".config/harness-doctor/profiles/x.toml"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has XDG directories of its own")
@pytest.mark.parametrize("what", ["config", "state", "cache"])
@pytest.mark.parametrize("base", [None, "/elsewhere", "relative"])
def test_on_linux_the_directories_are_those_that_platformdirs_knows(
    monkeypatch: pytest.MonkeyPatch, what: str, base: str | None
) -> None:
    variable = f"XDG_{what.upper()}_HOME"
    monkeypatch.setenv("HOME", "/home/u")
    monkeypatch.delenv(variable, raising=False)
    environment = {}
    if base is not None:
        monkeypatch.setenv(variable, base)
        environment[variable] = base
    expected = _platform_directory(what, environment, Path("/home/u"))
    assert _xdg_directory(what, environment, Path("/home/u")) == expected


def test_relative_overrides_count_as_unset() -> None:
    paths = machine_paths({"DOCTOR_CACHE_DIR": "relc", "DOCTOR_STATE_DIR": "./s"}, Path("/nobody"))
    assert paths == machine_paths({}, Path("/nobody"))


@pytest.mark.parametrize("home", ["", "rel/home"])
def test_a_home_that_is_not_absolute_gives_way_to_the_password_database(home: str) -> None:
    own = Path(pwd.getpwuid(os.getuid()).pw_dir)
    assert machine_paths({}, Path(home)).cache_dir == own / ".cache/harness-doctor"


def test_a_running_process_is_reached_in_the_login_s_directory_or_else_in_the_state_directory() -> None:
    state = Path("/nobody/.local/state/harness-doctor/run")
    assert machine_paths({}, Path("/nobody")).run_dirs == (state,)
    assert machine_paths({"XDG_RUNTIME_DIR": "rel"}, Path("/nobody")).run_dirs == (state,)
    login = {"XDG_RUNTIME_DIR": "/run/user/7"}
    assert machine_paths(login, Path("/nobody")).run_dirs == (Path("/run/user/7/harness-doctor"), state)
