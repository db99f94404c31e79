"""A machine and a project of their own, for whatever reads and changes settings."""

from pathlib import Path

import pytest

from doctor.config.paths import Paths, machine_paths
from doctor.harness.registry import Registry, builtin_harnesses
from doctor.model.options import Options
from doctor.settings.store import Store


@pytest.fixture
def options(tmp_path: Path) -> Options:
    home, project = tmp_path / "home", tmp_path / "project"
    home.mkdir()
    (project / ".git").mkdir(parents=True)
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    return Options(cwd=project, home=home, environment=environment, autoload=False)


@pytest.fixture
def paths(options: Options) -> Paths:
    return machine_paths(options.environment, options.home)


@pytest.fixture
def store(paths: Paths) -> Store:
    return Store(paths, runners=Registry(builtin_harnesses()).specs())
