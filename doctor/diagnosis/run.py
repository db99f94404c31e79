"""One diagnosis from options to report."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from time import perf_counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from doctor.__about__ import __version__
from doctor.config.machine import ActiveProfile
from doctor.config.paths import Paths, machine_paths
from doctor.config.policy import load_policy
from doctor.config.problems import Loaded
from doctor.config.project import Project, find_project
from doctor.diagnosis.again import again
from doctor.diagnosis.check import Check
from doctor.diagnosis.engine import FACT_LIMIT, Engine, Outcome
from doctor.diagnosis.execution import fails
from doctor.diagnosis.facts import BUILTIN_FACTS
from doctor.diagnosis.facts_graph import FactGraph
from doctor.diagnosis.identity import identifier
from doctor.diagnosis.ignore import IgnoreList, ignore_problems
from doctor.diagnosis.plugins import PluginSet, load_plugins
from doctor.diagnosis.rules import Rules
from doctor.diagnosis.selection import select
from doctor.diagnosis.trust import TrustStore
from doctor.errors import Unavailable
from doctor.exit_codes import ExitCode
from doctor.harness.probe import MOST_AT_ONCE
from doctor.harness.process import end_all
from doctor.harness.registry import Registry, builtin_harnesses
from doctor.model.finding import UNFINISHED, CheckResult, Finding, Severity, Status
from doctor.model.harness import HarnessFact
from doctor.model.location import Location
from doctor.model.machine import Machine
from doctor.model.options import Options
from doctor.model.policy import Policy
from doctor.model.report import PolicyRef, ProfileRef, Report
from doctor.records import dataclass
from doctor.report.redact import secret_values
from doctor.resolve import MODEL_VARIABLE, RUNTIME_VARIABLE, Resolution, canonical_runtime, known_model

if TYPE_CHECKING:
    from doctor.diagnosis.baseline import Baseline

T = TypeVar("T")

LONGEST_PROBE = 30.0
"""Seconds; the longest limit of an adapter's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What is known before anything is checked."""

    options: Options
    project: Project
    paths: Paths
    plugins: PluginSet
    registry: Registry
    selected: tuple[Check, ...]

    @property
    def nothing_selected(self) -> bool:
        """Whether only the checks that always run are left, and none of them was asked for by name."""
        asked = tuple(name.strip().upper() for name in self.options.select)
        return all(check.always and not check.code.startswith(asked or ("-",)) for check in self.selected)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A report, and what it was made from."""

    report: Report
    prepared: Prepared
    policy: Policy | None
    """``None`` where it cannot be read."""

    fact: Callable[[str], Any]
    """A fact by name; raises what computing it raised."""


def prepare(options: Options) -> Prepared:
    """Find the project, load the plugins and choose the checks.

    Raises:
        UsageError: The selection or a harness name matches nothing.
        RegistrationError: A plugin is malformed.
    """
    project = find_project(cwd=options.cwd, home=options.home, policy=options.policy)
    paths = machine_paths(options.environment, options.home)
    plugins = load_plugins(
        options,
        project_root=project.root,
        trust=TrustStore(paths.state_dir),
        facts=BUILTIN_FACTS,
        harnesses=builtin_harnesses(),
    )
    registry = Registry(plugins.harnesses)
    canonical_runtime(registry, options.runtime, "--runtime")
    canonical_runtime(registry, options.environment.get(RUNTIME_VARIABLE), RUNTIME_VARIABLE)
    known_model(registry, options.environment.get(MODEL_VARIABLE))
    selected = select(plugins.checks, options, modify=plugins.modify_selection)
    return Prepared(
        options=options,
        project=project,
        paths=paths,
        plugins=plugins,
        registry=registry,
        selected=tuple(selected),
    )


def diagnose(
    options: Options | None = None, *, progress: Callable[[str], None] | None = None, **changes: Any
) -> Report:
    """Discover, validate, resolve and check; start nothing and write nothing but the probe cache.

    Args:
        options: What to look at; ``None`` looks at the current directory and environment.
        progress: Told, in a few words, what is being done.
        **changes: Fields of ``Options`` to change.

    Raises:
        UsageError: An option names something that does not exist.
        RegistrationError: A plugin is malformed.
    """
    return examine(replace(options or Options(), **changes), progress=progress).report


def examine(
    options: Options, *, progress: Callable[[str], None] | None = None, pinned: Mapping[str, Any] = MappingProxyType({})
) -> Examined:
    """Diagnose, and keep what was read for whoever acts on it.

    Args:
        options: What to look at.
        progress: Told, in a few words, what is being done.
        pinned: Values of facts, by name, that are taken instead of being computed.

    Raises:
        UsageError: An option names something that does not exist.
        RegistrationError: A plugin is malformed.
    """
    begun = perf_counter()
    prepared = prepare(options)
    if progress is not None:
        progress(f"asking {len(prepared.registry.ids)} harnesses, running {len(prepared.selected)} checks")
    try:
        examined = _examine(prepared, pinned)
    except KeyboardInterrupt:
        end_all()
        raise
    return replace(examined, report=replace(examined.report, duration_ms=(perf_counter() - begun) * 1000))


def _examine(prepared: Prepared, pinned: Mapping[str, Any]) -> Examined:
    options, project, plugins = prepared.options, prepared.project, prepared.plugins
    policy_file = load_policy(project.policy_path, runners=prepared.registry.specs(), rival=project.rival_policy)
    ignores = (policy_file.value or Policy()).doctor.ignore
    ignore_list = IgnoreList(ignores, today=options.today)
    locate = _locator(policy_file)
    baseline = _baseline(options)
    values = {
        "options": options,
        "environment": options.environment,
        "home": options.home,
        "project": project,
        "paths": prepared.paths,
        "registry": prepared.registry,
        "policy_file": policy_file,
        "untrusted_plugins": plugins.untrusted,
        **pinned,
    }
    engine = Engine(
        plugins.checks,
        FactGraph((fact for fact in plugins.facts if fact.name not in pinned), values),
        options,
        selected=prepared.selected,
        locate=locate,
        ignored=ignore_list.ignores,
        identify=identify_by(policy_file, prepared),
        started=plugins.started,
        finished=plugins.finished,
    )
    engine.fact_limit = _fact_limit(prepared)
    outcome = engine.run()
    known = frozenset[int]()
    if baseline is not None:
        known, outcome = _matched(baseline, outcome, engine, options)
    late = ignore_problems(
        ignores,
        outcome.findings,
        options.today,
        results=outcome.results,
        known=[check.code for check in plugins.checks],
        locate=locate,
    )
    report = _report(prepared, policy_file, engine, _with_late(outcome, late), ignore_list, known=known)
    return Examined(report=report, prepared=prepared, policy=policy_file.value, fact=engine.fact)


def identify_by(policy_file: Loaded[Policy], prepared: Prepared) -> Callable[[Finding], str]:
    """A function from a finding to what it is known by in this project."""
    data = policy_file.document.data if policy_file.document else None
    return identifier(data, root=prepared.project.root, home=prepared.options.home)


def _baseline(options: Options) -> "Baseline | None":
    """The baseline that was asked for.

    Raises:
        UsageError: It cannot be read.
    """
    if options.baseline is None:
        return None
    from doctor.diagnosis.baseline import read_baseline  # noqa: PLC0415 - most runs have none

    return read_baseline(options.baseline)


def _matched(
    baseline: "Baseline", outcome: Outcome, engine: Engine, options: Options
) -> tuple[frozenset[int], Outcome]:
    """The numbers of the findings that are known, and the outcome with what is wrong with the baseline."""
    from doctor.diagnosis.baseline import match, stale  # noqa: PLC0415 - most runs have no baseline

    untold = any(result.status in UNFINISHED for result in outcome.results)
    matched = match(baseline, outcome.findings, _or_else(engine, "bindings", (), told=untold))
    if options.stage is not None or options.runtime is not None:
        return matched.known, outcome  # what is not looked at cannot be missed
    harnesses: Mapping[str, HarnessFact] = _or_else(engine, "harnesses", {}, told=untold)
    absent = {fact.runtime_id for fact in harnesses.values() if not fact.found}
    return matched.known, _with_late(outcome, stale(baseline, matched, results=outcome.results, absent=absent))


def _with_late(outcome: Outcome, late: tuple[Finding, ...]) -> Outcome:
    """The outcome with findings that could only be made once every check had ended, if their checks were selected."""
    codes = {result.code for result in outcome.results}.intersection(finding.code for finding in late)
    results = tuple(
        replace(result, status=Status.FAILED) if result.code in codes else result for result in outcome.results
    )
    added = (finding for finding in late if finding.code in codes)
    return Outcome(results, (*outcome.findings, *added), outcome.notices)


def _report(
    prepared: Prepared,
    policy_file: Loaded[Policy],
    engine: Engine,
    outcome: Outcome,
    ignore_list: IgnoreList,
    *,
    known: frozenset[int],
) -> Report:
    applied = ignore_list.apply(outcome.findings)
    errors = [finding for finding in applied.kept if finding.severity is Severity.ERROR]
    kept, set_aside, results = _parted(outcome, applied.kept, known)
    active: ActiveProfile = engine.fact("profile_file")
    machine_file: Loaded[Machine] = engine.fact("machine_file")
    told = any(result.status in UNFINISHED for result in outcome.results)
    harnesses: Mapping[str, HarnessFact] = _or_else(engine, "harnesses", {}, told=told)
    resolution: Resolution = _or_else(engine, "resolution", Resolution(stages=(), bindings=()), told=told)
    options, project = prepared.options, prepared.project
    threshold = options.fail_on or Severity((policy_file.value or Policy()).doctor.fail_on)
    report = Report(
        version=__version__,
        exit_code=ExitCode.OK,
        policy=_policy_ref(prepared.project, policy_file),
        profile=ProfileRef(active=active.name, path=str(active.path) if active.path else None, source=active.source),
        harnesses=tuple(harnesses.values()),
        stages=resolution.stages,
        agents=resolution.bindings,
        skills=_or_else(engine, "skills", {}, told=told),
        findings=kept,
        ignored=applied.ignored,
        known=set_aside,
        fail_on=threshold,
        rules=Rules(prepared.plugins.checks),
        base=str(project.repository or project.root),
        workspace=options.environment.get("GITHUB_WORKSPACE") or None,
        again=again(options),
        checks=results,
        blocked=frozenset(tag for finding in errors for tag in finding.affects),
        notices=outcome.notices,
        origins=engine.fact("origins"),
        secrets=secret_values(prepared.options.environment),
    )
    engine.fact("prober").save()
    readable = not (policy_file.problems or machine_file.problems or active.problems)
    return replace(
        report,
        exit_code=_exit_code(report, readable=readable, threshold=threshold, empty=prepared.nothing_selected),
    )


def _parted(
    outcome: Outcome, findings: tuple[Finding, ...], known: frozenset[int]
) -> tuple[tuple[Finding, ...], tuple[Finding, ...], tuple[CheckResult, ...]]:
    """The findings that count, those of them that are known, and how the checks ended but for these.

    Args:
        outcome: What was found.
        findings: What of it is not ignored.
        known: Numbers of the outcome's findings.
    """
    if not known:
        return findings, (), outcome.results
    numbers = {id(outcome.findings[number]) for number in known}
    kept = tuple(finding for finding in findings if id(finding) not in numbers)
    return (
        kept,
        tuple(finding for finding in findings if id(finding) in numbers),
        _passing_but_for(outcome.results, kept),
    )


def _passing_but_for(results: tuple[CheckResult, ...], left: tuple[Finding, ...]) -> tuple[CheckResult, ...]:
    """The results, where a check of which nothing is left that makes it fail has passed."""
    failing = {finding.code for finding in left if fails(finding)}
    return tuple(
        replace(result, status=Status.PASSED)
        if result.status is Status.FAILED and result.code not in failing
        else result
        for result in results
    )


def _exit_code(report: Report, *, readable: bool, threshold: Severity, empty: bool) -> ExitCode:
    if not readable:
        return ExitCode.USAGE
    if any(result.status in UNFINISHED for result in report.checks):
        return ExitCode.INCOMPLETE
    if any(finding.severity.rank >= threshold.rank for finding in report.findings):
        return ExitCode.FINDINGS
    return ExitCode.NOTHING_RAN if empty else ExitCode.OK


def _policy_ref(project: Project, policy_file: Loaded[Policy]) -> PolicyRef:
    return PolicyRef(
        path=str(project.policy_path) if project.policy_path else None,
        sha256=policy_file.document.sha256 if policy_file.document else None,
        embedded_default=project.policy_path is None,
    )


def _locator(policy_file: Loaded[Policy]) -> Callable[[str], Location | None]:
    document = policy_file.document
    return document.at if document is not None else lambda _: None


def _or_else(engine: Engine, fact: str, otherwise: T, *, told: bool) -> T:
    """A fact's value, or ``otherwise`` where there is none.

    Args:
        engine: Has the facts.
        fact: Its name.
        otherwise: What an unreadable configuration leaves.
        told: Whether checks already tell of a fact that failed or gave no answer; a failure nobody tells is raised.
    """
    try:
        value: T = engine.fact(fact)
    except Unavailable:
        return otherwise
    except Exception:  # whatever a plugin's fact or adapter raised; see ``told``
        if not told:
            raise
        return otherwise
    return value


def _fact_limit(prepared: Prepared) -> float:
    """Seconds that a fact may take: the engine's own limit, on top of what probing every harness may take.

    Each harness is asked for its version and its login within 30 s each at the most, unless ``--timeout`` says
    otherwise, and so many at once.
    """
    questions = 2 * len(prepared.registry.ids)
    waves = -(-questions // (prepared.options.jobs or MOST_AT_ONCE))
    return FACT_LIMIT + waves * (prepared.options.timeout or LONGEST_PROBE)
