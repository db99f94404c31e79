"""Where this tool keeps its own files on a machine."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from doctor.records import dataclass

APPLICATION = "harness-doctor"

_DECIDING = ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Directories of this tool; none of them needs to exist."""

    config_dir: Path
    """``machine.toml``, ``profiles/``, ``active-profile``."""

    state_dir: Path
    cache_dir: Path
    login_dir: Path | None = None
    """This tool's part of the directory that lasts as long as the user is logged in; ``None`` where there is none."""

    @property
    def run_dirs(self) -> tuple[Path, ...]:
        """Where running processes of this tool may be reached, the preferred one first."""
        own = self.state_dir / "run"
        return (self.login_dir, own) if self.login_dir is not None else (own,)

    @property
    def machine_file(self) -> Path:
        """Settings of this machine."""
        return self.config_dir / "machine.toml"

    @property
    def profiles_dir(self) -> Path:
        """Named profiles, one file each."""
        return self.config_dir / "profiles"

    @property
    def active_profile_file(self) -> Path:
        """Holds the name of the active profile, on one line."""
        return self.config_dir / "active-profile"

    def profile_file(self, name: str) -> Path:
        """The file of a named profile. ``name`` must be a valid name."""
        return self.profiles_dir / f"{name}.toml"


def machine_paths(environment: Mapping[str, str], home: Path) -> Paths:
    """The directories for one environment.

    ``DOCTOR_CONFIG_DIR``, ``DOCTOR_STATE_DIR`` and ``DOCTOR_CACHE_DIR`` win where they hold an absolute path. Else
    the platform's own convention holds, as platformdirs knows it for this process. An environment or home directory
    that is not this process's (a test's, another user's) gets the XDG directories below it on every platform, since
    platformdirs can only be asked about its own process. On Linux both answers are the same, and importing
    platformdirs would take a twentieth of a whole check.

    A relative path in a variable counts as unset, as XDG has it, and a relative or empty ``home`` gives way to that
    of the password database: nothing of this tool's may depend on where it was started.
    """
    home = _absolute_home(home)
    own = home == Path.home() and all(environment.get(name) == os.environ.get(name) for name in _DECIDING)
    standard = _platform_directory if own and sys.platform != "linux" else _xdg_directory

    def directory(what: str) -> Path:
        override = environment.get(f"DOCTOR_{what.upper()}_DIR", "").strip()
        return Path(override) if Path(override).is_absolute() else standard(what, environment, home)

    login = environment.get("XDG_RUNTIME_DIR", "").strip()
    return Paths(
        config_dir=directory("config"),
        state_dir=directory("state"),
        cache_dir=directory("cache"),
        login_dir=Path(login) / APPLICATION if login.startswith("/") else None,
    )


def _absolute_home(home: Path) -> Path:
    if home.is_absolute():
        return home
    import pwd  # noqa: PLC0415 - only an unusual environment needs it, and only POSIX has it

    try:
        known = Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        return Path("/")
    return known if known.is_absolute() else Path("/")


def _platform_directory(what: str, _environment: Mapping[str, str], _home: Path) -> Path:
    from platformdirs import PlatformDirs  # noqa: PLC0415 - not needed where the variables are set

    directories = PlatformDirs(APPLICATION, appauthor=False)
    return {
        "config": directories.user_config_path,
        "state": directories.user_state_path,
        "cache": directories.user_cache_path,
    }[what]


def _xdg_directory(what: str, environment: Mapping[str, str], home: Path) -> Path:
    default = {"config": ".config", "state": ".local/state", "cache": ".cache"}[what]
    base = environment.get(f"XDG_{what.upper()}_HOME", "").strip()
    return (Path(base) if base.startswith("/") else home / default) / APPLICATION
