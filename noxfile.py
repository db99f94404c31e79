"""What a change must pass; ``nox -l`` lists it. Versions and dependencies are read from ``pyproject.toml``."""

import os
import secrets
import shutil
import subprocess
import sys
from functools import cache
from itertools import chain
from pathlib import Path

import nox
from packaging.requirements import Requirement
from packaging.version import Version

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "venv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "typing", "reference", "tests"]

PYPROJECT = nox.project.load_toml("pyproject.toml")
SUPPORTED = nox.project.python_versions(PYPROJECT)
DEPENDENCIES: list[str] = PYPROJECT["project"]["dependencies"]
EXTRAS: dict[str, list[str]] = PYPROJECT["project"]["optional-dependencies"]
DISTRIBUTIONS = Path(".nox") / "dist"
PLUGIN_TESTS = Path("tests") / "plugin"
ONCE = "not harness and not crash"
"""All tests that have no session of their own."""

EVERYWHERE = f"{ONCE} and not slow and not live"
"""Those whose result may depend on the interpreter."""

LIBRARIES = f"{EVERYWHERE} and not system"
"""Those whose result may depend on the versions of libraries."""

HARNESSES_UNAVAILABLE = 3


def interpreter(version: str) -> str | None:
    """The first Python of this version that really runs; a version manager's shim may exist and refuse to."""
    program = f"python{version}"
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    candidates = [shutil.which(program), *sorted(pyenv.glob(f"versions/{version}.*/bin/{program}"), reverse=True)]
    return next((str(path) for path in candidates if path is not None and runs(str(path), version)), None)


def runs(path: str, version: str) -> bool:
    """Whether the program at ``path`` is a Python of this version."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run([path, "-Ic", code], capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and answer.stdout.strip() == version


@cache
def interpreters() -> dict[str, str]:
    """The supported versions of Python that are on this machine, each with its path."""
    found = {version: interpreter(version) for version in SUPPORTED}
    return {version: path for version, path in found.items() if path is not None}


def offer_interpreters() -> list[str]:
    """Put each interpreter where nox looks first, and return the versions that are there."""
    for version, path in interpreters().items():
        if shutil.which(f"python{version}") != path:
            os.environ["PATH"] = os.pathsep.join((str(Path(path).parent), os.environ["PATH"]))
    return list(interpreters())


PRESENT = offer_interpreters()
OLDEST, NEWEST = (PRESENT or SUPPORTED)[0], (PRESENT or SUPPORTED)[-1]


def group(name: str) -> list[str]:
    """The requirements of one of the project's dependency groups."""
    return list(nox.project.dependency_groups(PYPROJECT, name))


def floors() -> list[str]:
    """The lowest version of each dependency, the extras' too, that ``pyproject.toml`` allows, as pins."""
    lowest = []
    for requirement in map(Requirement, (*DEPENDENCIES, *chain.from_iterable(EXTRAS.values()))):
        version = min(Version(item.version) for item in requirement.specifier if item.operator == ">=")
        lowest.append(f"{requirement.name}=={version}")
    return lowest


def install_wheel(session: nox.Session, *requirements: str) -> None:
    """Install the built wheel, what it needs and ``requirements``; nothing of the checkout becomes importable."""
    [wheel] = DISTRIBUTIONS.glob("*.whl")
    session.install(str(wheel), *requirements)
    # The version is the same at every build, so pip would keep what is installed.
    session.install("--force-reinstall", "--no-deps", str(wheel))


def run_pytest(session: nox.Session, *arguments: str) -> None:
    """Run pytest in isolated mode, without the working directory on the module path."""
    session.run("python", "-Im", "pytest", *arguments, *session.posargs, env={"DOCTOR_TEST_INSTALLED": "1"})


@nox.session
def build(session: nox.Session) -> None:
    """Build the sdist, and the wheel from it."""
    session.install("build")
    shutil.rmtree(DISTRIBUTIONS, ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", str(DISTRIBUTIONS), silent=True)


@nox.session(python=PRESENT or SUPPORTED, requires=["build"])
def tests(session: nox.Session) -> None:
    """Run the tests against the built wheel, on each supported Python that is on this machine."""
    absent = [version for version in SUPPORTED if version not in PRESENT]
    if absent:
        session.log(f"not on this machine: Python {', '.join(absent)}")
    install_wheel(session, *group("test"))
    marks = {NEWEST: EVERYWHERE, OLDEST: ONCE}.get(str(session.python), LIBRARIES)
    run_pytest(session, "-n", "auto", "--dist", "worksteal", "-m", marks, f"--ignore={PLUGIN_TESTS}")


@nox.session(python=OLDEST, requires=["build"])
def minimums(session: nox.Session) -> None:
    """Run the tests on the lowest versions that the dependencies allow."""
    constraints = Path(session.virtualenv.location) / "minimums.txt"
    constraints.write_text("\n".join(floors()) + "\n", encoding="utf-8")
    install_wheel(session, *group("test"), "--constraint", str(constraints))
    run_pytest(session, "-n", "auto", "--dist", "worksteal", "-m", LIBRARIES, f"--ignore={PLUGIN_TESTS}")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, formatting and which room imports which."""
    session.install(*group("lint"), *DEPENDENCIES)
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("lint-imports")


@nox.session
def typing(session: nox.Session) -> None:
    """Check types, strictly: package, tests, scripts and this file."""
    session.install(*group("typing"), *DEPENDENCIES)
    session.run("mypy", *session.posargs)


@nox.session(requires=["build"])
def reference(session: nox.Session) -> None:
    """Compare the generated reference with what the code says; ``-- --write`` writes it."""
    install_wheel(session)
    session.run("python", "reference/generate.py", *(session.posargs or ["--check"]))


@nox.session(python=OLDEST, requires=["build"])
def plugin(session: nox.Session) -> None:
    """Install the sample third-party plugin and see its check, harness and format appear."""
    install_wheel(session, *group("test"))
    samples = [str(path.parent) for path in sorted(PLUGIN_TESTS.rglob("pyproject.toml"))]
    session.install("--force-reinstall", "--no-deps", *samples)
    run_pytest(session, str(PLUGIN_TESTS))


@nox.session(python=OLDEST, requires=["build"])
def crash(session: nox.Session) -> None:
    """Kill the doctor at 100 points, repairs at 200; start and stop 20 agents 10 times, restart runners 100 times."""
    install_wheel(session, *group("test"))
    seed = os.environ.get("DOCTOR_TEST_SEED") or str(secrets.randbelow(1_000_000))
    session.log(f"DOCTOR_TEST_SEED={seed} repeats it")
    session.env.update({"DOCTOR_TEST_SEED": seed, "DOCTOR_TEST_CRASHES": "100", "DOCTOR_TEST_ROUNDS": "10"})
    session.env.update({"DOCTOR_TEST_RESTARTS": "25", "DOCTOR_TEST_FIX_CRASHES": "200"})
    run_pytest(session, "-n", "auto", "--dist", "worksteal", "-m", "crash")


@nox.session(python=OLDEST, requires=["build"])
def benchmark(session: nox.Session) -> None:
    """Measure start-up and scale against their limits; ``-- --write`` records them, ``-- --quick`` only tries."""
    install_wheel(session, *group("test"))  # the agent runner's coordinator is one of the tests'
    session.run("python", "-I", "tests/benchmark/benchmark.py", *session.posargs)


@nox.session(python=OLDEST, requires=["build"])
def harness(session: nox.Session) -> None:
    """Run the tests that start real agent CLIs, installed outside the checkout first."""
    answer = subprocess.run(["sh", ".ci/harnesses"], stdout=subprocess.PIPE, text=True, check=False)  # noqa: S607 - sh is a system's own
    if answer.returncode == HARNESSES_UNAVAILABLE:
        session.skip("the agent CLIs cannot be installed here; .ci/harnesses said why")
    if answer.returncode:
        session.error(f".ci/harnesses failed with exit status {answer.returncode}")
    install_wheel(session, *group("test"))
    session.env["DOCTOR_TEST_HARNESS_BIN"] = answer.stdout.strip()
    run_pytest(session, "-n", "auto", "--dist", "worksteal", "-m", "harness")


if __name__ == "__main__":
    sys.exit("run this through nox: nox -l")
