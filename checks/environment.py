"""ENV: the machine has the tools that everything else stands on."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import doctor

Tools = Callable[[str], doctor.ProgramFact]

TMUX_MINIMUM = "3.0"
TMUX_KEEPS_EXIT_CODES = "3.5"
GIT_MINIMUM = "2.30"
PYTHON_MINIMUM = (3, 11)

PACKAGES = ("doctor", "checks", "profiles")
"""Top-level packages of this distribution."""

DISTRIBUTION = "harness_doctor"
"""Its name as metadata directories spell it."""


def _tool_findings(
    check: doctor.Check, name: str, minimum: str, fact: doctor.ProgramFact, policy_file: doctor.Loaded[doctor.Policy]
) -> Iterator[doctor.Finding]:
    """What keeps one tool from being used. Without a policy file nothing is about to start, so it is a warning."""
    severity = doctor.Severity.WARNING if policy_file.document is None else doctor.Severity.ERROR
    if not fact.found:
        yield check.finding(
            name,
            f"{name} was not found on PATH; {minimum} or newer is needed",
            remedy=f"install it: apt install {name}, dnf install {name} or brew install {name}",
            severity=severity,
            affects=("*",),
        )
    elif fact.problem is doctor.Problem.TIMEOUT:
        raise doctor.ProbeTimeout(f"{name} at {fact.path} did not say its version in time")
    elif fact.version is None:
        yield check.finding(
            name,
            f"{name} at {fact.path} did not say its version ({fact.problem_detail or 'no version in its answer'}); "
            f"{minimum} or newer is needed",
            remedy=f"run {name} by hand and repair or replace it",
            severity=doctor.Severity.WARNING,
            affects=("*",),
        )
    elif not doctor.version_at_least(fact.version, minimum):
        yield check.finding(
            name,
            f"{name} {fact.version} is at {fact.path}; {minimum} or newer is needed",
            remedy=f"upgrade {name} to {minimum} or newer",
            severity=severity,
            affects=("*",),
        )


class ENV001(doctor.Check):
    """tmux is there and new enough.

    Every agent runs in a tmux session. It is an error where there is a policy to start from, and a warning where
    the embedded default is only looked at.
    """

    reads = ("process",)

    def run(self, tools: Tools, policy_file: doctor.Loaded[doctor.Policy]) -> Iterator[doctor.Finding]:
        """Fails when tmux is absent or older than 3.0."""
        yield from _tool_findings(self, "tmux", TMUX_MINIMUM, tools("tmux"), policy_file)


class ENV002(doctor.Check):
    """git is there and new enough.

    Workspaces are git worktrees. It is an error where there is a policy to start from, and a warning where the
    embedded default is only looked at.
    """

    reads = ("process",)

    def run(self, tools: Tools, policy_file: doctor.Loaded[doctor.Policy]) -> Iterator[doctor.Finding]:
        """Fails when git is absent or older than 2.30."""
        yield from _tool_findings(self, "git", GIT_MINIMUM, tools("git"), policy_file)


class ENV003(doctor.Check):
    """This tool runs on a Python it supports.

    An installer refuses older versions; running from a checkout with an older interpreter gets past that.
    """

    reads = ()

    def run(self) -> Iterator[doctor.Finding]:
        """Fails when the running Python is older than 3.11."""
        running = tuple(sys.version_info[:3])
        if running < PYTHON_MINIMUM:
            wanted = ".".join(map(str, PYTHON_MINIMUM))
            yield self.finding(
                "python",
                f"python {'.'.join(map(str, running))} at {sys.executable} runs this tool; {wanted} or newer is needed",
                remedy=f"install the tool with python {wanted} or newer",
                affects=("*",),
            )


class ENV004(doctor.Check):
    """The packages `doctor`, `checks` and `profiles` are this tool's own.

    The names are short, and others use them: another distribution, or a directory of the project when Python is
    started in it. Then part of what runs is not this tool.
    """

    severity = doctor.Severity.WARNING

    def run(self) -> Iterator[doctor.Finding]:
        """Fails when one of the packages is imported from elsewhere, or another distribution brings the same one."""
        home = Path(__file__).resolve().parent.parent
        for name, seen in misplaced(home, {name: _origin(name) for name in PACKAGES}).items():
            yield self.finding(
                f"package {name}",
                f"package {name} is imported from {seen}; expected {home / name}",
                remedy="install the tool on its own: pipx install harness-doctor",
            )
        for name, metadata in rival_distributions(home).items():
            yield self.finding(
                f"package {name}",
                f"another distribution ({metadata}) brings a package called {name} into {home}",
                remedy="install the tool on its own: pipx install harness-doctor",
                key=f"{name} {metadata}",
            )


def misplaced(home: Path, origins: Mapping[str, Path | None]) -> dict[str, str]:
    """Package name to where it really is, for those that do not lie directly in ``home``."""
    return {name: str(origin) if origin else "nowhere" for name, origin in origins.items() if origin != home / name}


def rival_distributions(home: Path) -> dict[str, str]:
    """Package name to the metadata directory beside it of a distribution of that name."""
    found = {}
    with os.scandir(home) as entries:
        for entry in entries:
            name = entry.name.partition("-")[0].lower()
            if entry.name.endswith((".dist-info", ".egg-info")) and name in PACKAGES:
                found[name] = entry.name
    return found


def _origin(name: str) -> Path | None:
    """Directory that an import of ``name`` reads from, without importing it."""
    from importlib.util import find_spec  # noqa: PLC0415 - only needed here

    spec = find_spec(name)
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]).resolve() if places else None


class ENV005(doctor.Check):
    """tmux keeps the exit codes of what it ran.

    Before 3.5 tmux can lose the signal that a child ended, and then reports a dead pane without its exit code. This
    tool records exit codes itself; what you read from tmux may be empty all the same.
    """

    severity = doctor.Severity.INFO
    requires = ("ENV001",)
    reads = ("process",)

    def run(self, tools: Tools) -> Iterator[doctor.Finding]:
        """Reports a tmux older than 3.5."""
        version = tools("tmux").version
        if version is not None and not doctor.version_at_least(version, TMUX_KEEPS_EXIT_CODES):
            yield self.finding(
                "tmux",
                f"tmux {version} can lose the exit code of a pane; {TMUX_KEEPS_EXIT_CODES} and newer keep it",
                remedy=f"upgrade tmux to {TMUX_KEEPS_EXIT_CODES} where you read exit codes from it",
            )


@doctor.hookimpl
def doctor_register_checks() -> list[type[doctor.Check]]:
    """The checks of this family."""
    return [ENV001, ENV002, ENV003, ENV004, ENV005]
