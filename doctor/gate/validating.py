"""Checking files by themselves: the answer depends on nothing but what they say.

No harness is looked for, no variable and no setting of the machine counts, and there is no home directory. What is
left of the checks are those that judge what somebody wrote.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from doctor.__about__ import __version__
from doctor.config.executor_profiles import FoundExecutorProfile, load_executor_profile
from doctor.config.executor_roots import ExecutorRoot
from doctor.config.files import is_there
from doctor.config.machine import ActiveProfile, load_machine
from doctor.config.problems import Loaded
from doctor.config.profiles import load_named_profile
from doctor.config.project import DIRECTORY, POLICY_NAMES, find_project
from doctor.config.skills import FILE, find_skill
from doctor.diagnosis.identity import position
from doctor.diagnosis.rules import Rules
from doctor.diagnosis.run import examine, prepare
from doctor.errors import UsageError
from doctor.exit_codes import ExitCode
from doctor.harness.registry import Registry, builtin_harnesses
from doctor.model.finding import UNFINISHED, CheckResult, Finding, Severity, Status
from doctor.model.harness import SkillProblem
from doctor.model.location import Location
from doctor.model.machine import Machine
from doctor.model.options import Options
from doctor.model.report import PolicyRef, ProfileRef, Report
from doctor.records import dataclass
from doctor.report.redact import secret_values

NOWHERE = Path(os.devnull) / "nowhere"
"""A directory that cannot be there."""

OF_A_POLICY = (
    "POL",
    *("AGP001", "AGP002", "AGP003", "AGP005", "AGP008"),
    *("SEC001", "SKL002", "SKL003", "STG001", "STG003"),
)
OF_A_PROFILE = ("NPR001", "END001", "END003", "END005", "SEC001")
OF_A_MACHINE = ("NPR001", "END001", "END003", "END005")
OF_AN_EXECUTOR_PROFILE = ("EXP001", "EXP006")
"""What judges a file of each kind by what it says."""

HEAD = "start it with a YAML block between --- lines that gives name and description"
_WORST = (Status.PASSED, Status.SKIPPED, Status.FAILED, Status.TIMEOUT, Status.CRASHED)
_OF_SKILL_PROBLEM = {
    SkillProblem.NAME: ("SKL002", "rename its directory"),
    SkillProblem.ESCAPES: ("SKL002", "copy the file instead of linking to it"),
    SkillProblem.UNREADABLE: ("SKL003", "make it a readable text file"),
    SkillProblem.FRONTMATTER: ("SKL003", HEAD),
    SkillProblem.MISSING: ("SKL001", "name a SKILL.md that is there"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What one file's checks gave."""

    findings: tuple[Finding, ...]
    checks: tuple[CheckResult, ...]
    threshold: Severity = Severity.ERROR
    """Least severity that fails, as the file itself says."""


def kind_of(path: Path) -> str:
    """What a file is, told from its name.

    Raises:
        UsageError: Its name says nothing.
    """
    if path.name in POLICY_NAMES:
        return "policy"
    if path.name == FILE or path.parent.name == "skills":
        return "skill"
    if path.name == "machine.toml":
        return "machine"
    kinds = {".toml": "profile", ".json": "executor-profile"}
    if path.suffix.lower() not in kinds:
        raise UsageError(
            f"{path} is no policy, profile or skill by its name",
            remedy="say what it is: --as policy, profile, executor-profile, machine or skill",
        )
    return kinds[path.suffix.lower()]


def validate(files: Sequence[Path], options: Options, *, kind: str | None = None) -> Report:
    """Check files by themselves.

    Args:
        files: Relative ones are below ``options.cwd``. Two policies of one project are one file here.
        options: ``cwd``, ``fail_on``, ``today`` and ``environment`` count; of the last only which values are secret.
        kind: What they are; ``None`` tells from their names.

    Returns:
        A report with the findings of all of them, without agents, stages and harnesses. Its exit code is 1 where one
        of them has a finding at or above the threshold: ``fail_on``, else the strictest that one of the policies sets.

    Raises:
        UsageError: A file is not there, or what it is cannot be told.
    """
    paths = [Path(os.path.abspath(options.cwd / file)) for file in files]  # noqa: PTH100 - links stay as written
    for path in paths:
        if not is_there(path):
            raise UsageError(f"there is no file {path}", remedy="name one that is there")
    kinds = [kind or kind_of(path) for path in paths]
    judged = [_JUDGES[each](path, options) for each, path in _once(zip(kinds, paths, strict=True))]
    findings = sorted((each for one in judged for each in one.findings), key=position)
    threshold = options.fail_on or min(
        (one.threshold for one in judged), key=lambda each: each.rank, default=Severity.ERROR
    )
    failed = any(each.severity.rank >= threshold.rank for each in findings)
    project = find_project(cwd=options.cwd, home=options.home, policy=None)
    report = Report(
        version=__version__,
        exit_code=ExitCode.FINDINGS if failed else ExitCode.OK,
        fail_on=threshold,
        policy=PolicyRef(path=str(paths[0]) if kinds == ["policy"] else None),
        profile=ProfileRef(),
        findings=tuple(findings),
        rules=Rules(prepare(_alone(options)).plugins.checks),
        base=str(project.repository or project.root),
        workspace=options.environment.get("GITHUB_WORKSPACE") or None,
        checks=_together(one.checks for one in judged),
        secrets=secret_values(options.environment),
    )
    unfinished = any(each.status in UNFINISHED for each in report.checks)
    return replace(report, exit_code=ExitCode.INCOMPLETE) if unfinished else report


def _once(files: Iterable[tuple[str, Path]]) -> list[tuple[str, Path]]:
    """Each file once; of the two policies that a project must not have, the first."""
    kept: dict[tuple[str, Path], tuple[str, Path]] = {}
    for kind, path in files:
        kept.setdefault((kind, path.parent if _in_its_place(kind, path) else path), (kind, path))
    return list(kept.values())


def _in_its_place(kind: str, path: Path) -> bool:
    """Whether a policy stands where it is looked for, and a second one beside it would be seen."""
    return kind == "policy" and path.parent.name == DIRECTORY and path.name in POLICY_NAMES


def _together(results: Iterable[tuple[CheckResult, ...]]) -> tuple[CheckResult, ...]:
    """One result of each check: the worst of all files."""
    worst: dict[str, CheckResult] = {}
    for result in (each for one in results for each in one):
        known = worst.setdefault(result.code, result)
        if _WORST.index(result.status) > _WORST.index(known.status):
            worst[result.code] = result
    return tuple(worst[code] for code in sorted(worst))


def _policy(path: Path, options: Options) -> Judged:
    if _in_its_place("policy", path):
        return _examined(options, OF_A_POLICY, cwd=path.parent.parent)
    return _examined(options, OF_A_POLICY, cwd=path.parent, policy=path)


def _profile(path: Path, options: Options) -> Judged:
    loaded = load_named_profile(path, runners=_runners())
    return _examined(options, OF_A_PROFILE, profile_file=ActiveProfile(name=path.stem, path=path, loaded=loaded))


def _machine(path: Path, options: Options) -> Judged:
    return _examined(options, OF_A_MACHINE, machine_file=load_machine(path, runners=_runners()))


def _examined(
    options: Options, codes: tuple[str, ...], *, cwd: Path = NOWHERE, policy: Path | None = None, **pinned: Any
) -> Judged:
    """What these checks say where there is no machine, but for what is pinned."""
    defaults = {"machine_file": Loaded(value=Machine()), "profile_file": ActiveProfile()}
    examined = examine(_alone(options, cwd=cwd, policy=policy, select=codes), pinned=defaults | pinned)
    report = examined.report
    return Judged(
        findings=report.findings,
        checks=tuple(each for each in report.checks if each.code.startswith(codes)),
        threshold=Severity(examined.policy.doctor.fail_on) if examined.policy else Severity.ERROR,
    )


def _alone(options: Options, **changes: Any) -> Options:
    """Options without anything of the machine."""
    return Options(
        **{"cwd": NOWHERE, **changes},
        home=NOWHERE,
        environment={"PATH": "", **{f"DOCTOR_{name}_DIR": str(NOWHERE) for name in ("CONFIG", "STATE", "CACHE")}},
        today=options.today,
        cache=False,
        autoload=False,
    )


def _executor_profile(path: Path, options: Options) -> Judged:
    """A profile as such: what it starts belongs to the place where it will be used."""
    root = ExecutorRoot("project", path.parent, (path.parent,))
    found = FoundExecutorProfile(name=path.stem, root=root, path=path, loaded=load_executor_profile(path))
    return _examined(options, OF_AN_EXECUTOR_PROFILE, executor_profiles=(found,))


def _skill(path: Path, _options: Options) -> Judged:
    """A ``SKILL.md``, or the directory or link that has one; a link may not lead out of where it stands."""
    directory = path.parent if path.name == FILE else path
    path = directory / FILE
    fact = find_skill(directory.name, runtime_id="", project=NOWHERE, home=NOWHERE, harness_roots=(directory.parent,))
    findings: tuple[Finding, ...] = ()
    if fact.problem is not None:
        code, remedy = _OF_SKILL_PROBLEM[fact.problem]
        findings = (_said_of(path, code, Severity.ERROR, fact.problem_detail or "it cannot be used", remedy),)
    elif not (fact.description or "").strip():
        message = "it has no description; harnesses leave such a skill out"
        findings = (_said_of(path, "SKL003", Severity.WARNING, message, HEAD),)
    return Judged(findings=findings, checks=tuple(_result(code, findings) for code in ("SKL002", "SKL003")))


def _said_of(path: Path, code: str, severity: Severity, message: str, remedy: str) -> Finding:
    """A finding about a ``SKILL.md``."""
    return Finding(
        code=code,
        severity=severity,
        subject=f"skill {path.parent.name}",
        message=message,
        remedy=remedy,
        docs=f"doctor explain {code}",
        location=Location(path=str(path), line=1, column=1),
        key=str(path),
    )


def _result(code: str, findings: Iterable[Finding]) -> CheckResult:
    return CheckResult(
        code=code, status=Status.FAILED if any(each.code == code for each in findings) else Status.PASSED
    )


def _runners() -> Any:
    return Registry(builtin_harnesses()).specs()


_JUDGES: dict[str, Callable[[Path, Options], Judged]] = {
    "policy": _policy,
    "profile": _profile,
    "executor-profile": _executor_profile,
    "machine": _machine,
    "skill": _skill,
}
