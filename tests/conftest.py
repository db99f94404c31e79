"""What every room's tests may ask for: a machine of their own, and the ``doctor`` command on it."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.fake_model.server import FakeModel

TOOLS = ("bash", "git", "sh", "tmux")
"""What a private PATH holds besides the programs that a test adds."""

LIVE = ("e2e", "processes", "coordinator", "gate/comparing", "runner/acceptance")
"""Rooms whose tests run whole agents or many a git, or are about what only the tests use."""

SYSTEM = ("executor", "launch", "nex", "runner")
"""Rooms whose tests start processes and talk to them."""

LIMIT_SECONDS = 120
"""Ends a command that hangs; no test measures time with it."""


def pytest_configure() -> None:
    """Hand SIGINT on to what tests start as a terminal would, also where these tests run in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Three for two processors: a third of the tests' time is waiting for what they started (measured)."""
    return max(2, (os.cpu_count() or 1) * 3 // 2)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what tells as much on one interpreter, or two, as on all."""
    tests = Path(__file__).parent
    for mark, rooms in ((pytest.mark.live, LIVE), (pytest.mark.system, SYSTEM)):
        for item in items:
            if any(item.path.is_relative_to(tests / room) for room in rooms):
                item.add_marker(mark)


@pytest.fixture(scope="session", autouse=True)
def nobody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test sees the settings of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(("DOCTOR_", "XDG_")) and not name.startswith("DOCTOR_TEST_"):
                patch.delenv(name)
        patch.setenv("HOME", str(tmp_path_factory.mktemp("nobody")))
        yield


@pytest.fixture
def private_bin(tmp_path: Path) -> Path:
    """The only directory on the private machine's PATH: tools that the doctor itself asks for, no harness."""
    directory = tmp_path / "private" / "bin"
    directory.mkdir(parents=True)
    for name in TOOLS:
        if (path := shutil.which(name)) is not None:
            (directory / name).symlink_to(path)
    return directory


@pytest.fixture
def private_home(tmp_path: Path) -> Path:
    """An empty home directory."""
    directory = tmp_path / "private" / "home"
    directory.mkdir(parents=True)
    return directory


@pytest.fixture
def private_project(tmp_path: Path) -> Path:
    """An empty directory to run in."""
    directory = tmp_path / "private" / "project"
    directory.mkdir(parents=True)
    return directory


@pytest.fixture
def private_environment(private_bin: Path, private_home: Path) -> dict[str, str]:
    """The whole environment of the private machine; a test may add to it."""
    return {"HOME": str(private_home), "PATH": str(private_bin), "LANG": "C.UTF-8", "TERM": "dumb"}


@pytest.fixture
def install_program(private_bin: Path) -> Callable[[str, str], Path]:
    """Put a shell script on the private PATH: ``install_program(name, body)``."""

    def install(name: str, body: str) -> Path:
        path = private_bin / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    return install


@pytest.fixture(scope="session")
def doctor_argv() -> tuple[str, ...]:
    """How the ``doctor`` command is started: the installed script where there is one."""
    script = Path(sys.executable).parent / "doctor"
    if script.is_file():
        return (str(script),)
    return (sys.executable, "-Ic", "import sys; from doctor.cli import main; sys.exit(main())")


def captured(
    argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str], limit: float = LIMIT_SECONDS
) -> subprocess.CompletedProcess[str]:
    """What a program said that was run without input, however it ended; ``limit`` seconds are the longest."""
    return subprocess.run(
        argv,
        cwd=cwd,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=limit,
    )


@pytest.fixture
def run_doctor(
    doctor_argv: tuple[str, ...], private_environment: Mapping[str, str], private_project: Path
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command on the private machine, without input: ``run_doctor("check", "--format", "json")``."""

    def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return captured([*doctor_argv, *arguments], cwd=cwd or private_project, environment=private_environment)

    return run


@pytest.fixture(scope="session")
def harness_bin() -> Path:
    """The directory of the real agent CLIs."""
    directory = os.environ.get("DOCTOR_TEST_HARNESS_BIN")
    if not directory:
        pytest.skip("no real agent CLIs: run `nox -s harness`, or set DOCTOR_TEST_HARNESS_BIN=$(sh .ci/harnesses)")
    return Path(directory)


@pytest.fixture
def fake_model() -> Iterator[FakeModel]:
    """A model server on loopback; ``tests/fake_model/directives.py`` says what a prompt can ask of it."""
    with FakeModel() as model:
        yield model
    assert model.failures == ()
