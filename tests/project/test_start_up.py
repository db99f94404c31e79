import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from doctor.report.formats import MACHINE

HEAVY = (
    "doctor.daemon",
    "doctor.executor",
    "doctor.federation",
    "doctor.forum",
    "doctor.orchestrator",
    "doctor.runner",
    "aiohttp",
    "http.client",
    "http.server",
    "httpx",
    "httpx2",
    "redis",
    "requests",
    "rich.markdown",
    "textual",
    "urllib.request",
    "urllib3",
)
"""What no diagnosis may import, with everything below it."""

RARE = (
    "difflib",
    "doctor.config.lock",
    "doctor.diagnosis.baseline",
    "doctor.diagnosis.fixes",
    "doctor.diagnosis.locked",
    "doctor.gate",
    *(f"doctor.report.{name}" for name in MACHINE),
    "html",
    "jsonschema",
    "tomlkit",
    "xml",
)
"""What a diagnosis imports only where it was asked for: baselines, locks, repairs and the formats for machines."""

RUN = "import sys; from doctor.cli import main; sys.exit(main(sys.argv[1:]))"


def imported(arguments: list[str], cwd: Path, environment: Mapping[str, str]) -> set[str]:
    """The modules that a run of the command imports, as ``-X importtime`` lists them on stderr."""
    completed = subprocess.run(
        [sys.executable, "-I", "-X", "importtime", "-c", RUN, *arguments],
        cwd=cwd,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    lines = [line for line in completed.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


def heavy(modules: set[str], names: tuple[str, ...] = HEAVY) -> set[str]:
    """Those of ``modules`` that stand in ``names`` or below one of its entries."""
    return {module for module in modules if module.startswith(tuple(f"{name}." for name in names)) or module in names}


def test_the_list_of_imports_is_read() -> None:
    assert heavy({"json", "rich.markdown", "textual.app"}) == {"rich.markdown", "textual.app"}


@pytest.mark.parametrize("form", ["table", "plain", "json"])
def test_a_check_imports_nothing_that_belongs_to_running_agents(
    form: str, private_project: Path, private_environment: dict[str, str]
) -> None:
    modules = imported(["check", "--format", form], private_project, private_environment)
    assert "doctor.cli" in modules
    assert heavy(modules) == set()
    assert heavy(modules, RARE) == set()


def test_the_version_is_printed_without_importing_the_diagnosis(
    private_project: Path, private_environment: dict[str, str]
) -> None:
    modules = imported(["--version"], private_project, private_environment)
    assert not {"doctor.diagnosis", "rich", "yaml", "packaging", "importlib.metadata"} & modules


def test_importing_the_package_costs_no_other_module_of_it(
    private_project: Path, private_environment: dict[str, str]
) -> None:
    completed = subprocess.run(
        [sys.executable, "-Ic", "import sys, doctor; print(*sorted(m for m in sys.modules if m.startswith('doctor')))"],
        cwd=private_project,
        env=private_environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert completed.stdout.split() == ["doctor"]
