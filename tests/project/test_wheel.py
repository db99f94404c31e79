import os
import sys
from importlib import metadata
from pathlib import Path, PurePosixPath

import pytest

import doctor

pytestmark = pytest.mark.skipif(
    "DOCTOR_TEST_INSTALLED" not in os.environ, reason="only the built wheel can show this: run `nox -s tests`"
)

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def files() -> set[str]:
    return {str(path) for path in metadata.files("harness-doctor") or ()}


def test_the_tests_run_on_the_wheel_and_not_on_the_checkout() -> None:
    import checks
    import profiles

    homes = [Path(str(module.__file__)) for module in (doctor, checks, profiles)]
    assert [home for home in homes if not home.is_relative_to(sys.prefix)] == []


def test_the_checkout_is_not_importable() -> None:
    assert not {"", str(CHECKOUT)} & set(sys.path)


@pytest.mark.parametrize("package", ["doctor", "checks", "profiles"])
def test_each_package_says_that_it_is_typed(files: set[str], package: str) -> None:
    assert f"{package}/py.typed" in files


@pytest.mark.parametrize("package", ["doctor", "checks", "profiles"])
def test_every_file_of_a_package_is_in_the_wheel(files: set[str], package: str) -> None:
    sources = (path for path in (CHECKOUT / package).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    expected = {path.relative_to(CHECKOUT).as_posix() for path in sources}
    assert expected - files == set()


def test_the_licence_is_in_the_wheel(files: set[str]) -> None:
    assert any(PurePosixPath(name).name == "LICENSE" for name in files)


def test_nothing_else_becomes_importable(files: set[str]) -> None:
    tops = {PurePosixPath(name).parts[0] for name in files if name.endswith((".py", ".so"))}
    assert tops == {"doctor", "checks", "profiles"}


def test_every_command_is_installed() -> None:
    scripts = {point.name: point.value for point in metadata.entry_points(group="console_scripts")}
    assert scripts["doctor"] == scripts["harness-doctor"] == "doctor.cli:main"
    assert scripts["agent-runner"] == "doctor.cli.agent_runner:main"


def test_the_version_of_the_distribution_is_the_package_s() -> None:
    assert doctor.__version__ == metadata.version("harness-doctor")
