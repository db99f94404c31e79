"""Comparing two sides: each is read and resolved once, the machine's harnesses are asked once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace

from doctor.config.machine import ActiveProfile
from doctor.config.problems import Loaded
from doctor.diagnosis.facts import machine_file, profile_file
from doctor.diagnosis.run import prepare
from doctor.errors import UsageError
from doctor.exit_codes import ExitCode
from doctor.gate.comparing.approvals import Recorded, approval_changes, approve, read_approvals
from doctor.gate.comparing.beside import beside_changes, selection_change
from doctor.gate.comparing.crew import crew_changes
from doctor.gate.comparing.denying import Denials
from doctor.gate.comparing.executors import executor_changes, executor_harnesses
from doctor.gate.comparing.files import plugin_changes, skill_changes
from doctor.gate.comparing.harness_files import harness_file_changes
from doctor.gate.comparing.meaning import Meaning, bound_harnesses, known_programs, named_harnesses, read_policy
from doctor.gate.comparing.named_files import named_files
from doctor.gate.comparing.policies import policy_changes
from doctor.gate.comparing.problems import finding_of, submodule_findings
from doctor.gate.comparing.profiles import active_profile_changes, is_named_profile, profile_changes
from doctor.gate.comparing.programs import program_changes
from doctor.gate.comparing.sides import Side, Surroundings, opened, own_paths
from doctor.gate.comparing.values import Draft
from doctor.harness.base import HarnessContext
from doctor.harness.probe import Prober
from doctor.harness.registry import Registry
from doctor.model.comparison import Change, Comparison, Verdict
from doctor.model.finding import Finding, Severity
from doctor.model.harness import HarnessFact
from doctor.model.machine import Machine
from doctor.model.options import Options
from doctor.model.policy import Policy
from doctor.records import dataclass
from doctor.report.redact import secret_values
from doctor.resolve import MODEL_VARIABLE, RUNTIME_VARIABLE

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be compared, and what may not pass."""

    base: str
    head: str | None = None
    """``None``: the working tree."""

    deny: tuple[str, ...] = ()
    approvals: str | None = None
    """A file of approvals that counts instead of the project's."""

    accept_new_approvals: bool = False


def compare(options: Options, request: Request, *, progress: Progress | None = None) -> Comparison:
    """What changes in meaning from one side to the other.

    Nothing is started but git and the harnesses' own questions for their version, and nothing is written but the
    cache of those. ``DOCTOR_RUNTIME`` and ``DOCTOR_MODEL`` do not count: they would hide what changed.

    Raises:
        UsageError: A side is neither a revision nor a directory nor a file, or a term of ``deny`` means nothing.
        RegistrationError: A plugin is malformed.
    """
    denials = Denials(request.deny)
    hiding = (RUNTIME_VARIABLE, MODEL_VARIABLE)
    environment = {name: value for name, value in options.environment.items() if name not in hiding}
    options = replace(options, environment=environment)
    prepared = prepare(options)
    around = Surroundings(options=options, registry=prepared.registry, paths=prepared.paths, project=prepared.project)
    with ExitStack() as stack:
        if progress is not None:
            progress("reading both sides")
        base, head = (stack.enter_context(opened(name, around)) for name in (request.base, request.head))
        made = _Comparing(around=around, request=request, base=base, head=head, progress=progress)
        named = [is_named_profile(side) for side in (base, head)]
        if any(named):
            _refuse_mixture(named, request)
            drafts, findings = made.profiles()
        else:
            drafts, findings = made.projects()
        recorded = read_approvals(base, head, options, request.approvals)
        of_sides = [*findings, *made.told]
        drafts = [*drafts, *approval_changes(recorded, accepted=request.accept_new_approvals)]
        changes = [made.change(draft) for draft in drafts if draft.judged.verdict is not Verdict.EQUAL]
    return made.finished(changes, recorded, denials, findings=of_sides, notices=made.notices)


def _refuse_mixture(named: Sequence[bool], request: Request) -> None:
    """Named profiles are compared with each other only.

    Raises:
        UsageError: One side is a named profile and the other is none.
    """
    if not all(named):
        one, other = (request.base, request.head or "the working tree")
        raise UsageError(
            f"one of {one!r} and {other!r} is a named profile, and the other is none",
            remedy="name two profiles, two policies or two projects",
        )


class _Comparing:
    """One comparison on its way.

    Args:
        around: What both sides have in common.
        request: What is to be compared.
        base, head: The sides, laid out.
        progress: Told, in a few words, what is being done.
    """

    def __init__(
        self, *, around: Surroundings, request: Request, base: Side, head: Side, progress: Progress | None
    ) -> None:
        self.around = around
        self.request = request
        self.base = base
        self.head = head
        self.progress = progress
        self.told: list[Finding] = []
        self.notices: list[str] = []
        self._policies: list[Loaded[Policy]] = []
        self._lacking = False

    def profiles(self) -> tuple[list[Draft], list[Finding]]:
        """Two named profiles."""
        drafts, problems = profile_changes(self.base, self.head, self.around.registry)
        findings = [finding_of(problem, side) for side, each in problems for problem in each]
        return drafts, findings

    def projects(self) -> tuple[list[Draft], list[Finding]]:
        """Two policies with what lies beside them."""
        registry = self.around.registry
        self._policies = [read_policy(side, registry) for side in (self.base, self.head)]
        sides = (self.base, self.head)
        findings = [
            finding_of(problem, side)
            for side, loaded in zip(sides, self._policies, strict=True)
            for problem in loaded.problems
        ]
        findings += list(submodule_findings(self.base, self.head))
        drafts: list[Draft] = []
        if not any(loaded.problems for loaded in self._policies):
            was, now = self._meanings()
            drafts += policy_changes(was.policy, now.policy)
            drafts += crew_changes(was, now)
            drafts += active_profile_changes(was.active, now.active, was.named, now.named)
            drafts += program_changes(was.machine, now.machine, registry)
            if not (self.base.file or self.head.file):
                drafts.append(selection_change(self.base, self.head, lacking=self._lacking))
                drafts += self._harness_files(was, now)
        if not (self.base.file or self.head.file):
            drafts += beside_changes(self.base, self.head)
            drafts += skill_changes(self.base, self.head, registry)
            drafts += plugin_changes(self.base, self.head)
            drafts += executor_changes(self.base, self.head, registry)
        return drafts, findings

    def _harness_files(self, was: Meaning, now: Meaning) -> Iterator[Draft]:
        """Changes of what harnesses read, with what only the policies name."""
        named = named_files((was.policy, now.policy))
        for side in (self.base, self.head):
            side.fetch(named.every)
        registry = self.around.registry
        bound = bound_harnesses((was, now), registry)
        bound += [each for side in (self.base, self.head) for each in executor_harnesses(side, registry)]
        yield from harness_file_changes(self.base, self.head, list(dict.fromkeys(bound)), named)

    def _meanings(self) -> tuple[Meaning, Meaning]:
        around = self.around
        options, registry = around.options, around.registry
        places = [own_paths(side, around) for side in (self.base, self.head)]
        machines = [machine_file(paths, registry) for paths in places]
        self.told += dict.fromkeys(finding_of(problem, None) for each in machines for problem in each.problems)
        actives = [
            profile_file(options, paths, registry, settings, side.project)
            for paths, settings, side in zip(places, machines, (self.base, self.head), strict=True)
        ]
        self._lacking = bool(actives[-1].problems)
        for problem in dict.fromkeys(problem for active in actives for problem in active.problems):
            self.notices.append(f"the named profile is left out: {problem.message}")
        facts = known_programs(registry, self._asked(registry, machines[-1], actives))
        made = [
            Meaning(
                side,
                loaded,
                registry=registry,
                machine=settings.value or Machine(),
                active=active if not active.problems else ActiveProfile(),
                harnesses=facts,
            )
            for side, loaded, settings, active in zip(
                (self.base, self.head), self._policies, machines, actives, strict=True
            )
        ]
        return made[0], made[1]

    def _asked(
        self, registry: Registry, settings: Loaded[Machine], actives: Sequence[ActiveProfile]
    ) -> Mapping[str, HarnessFact]:
        """What the harnesses that either side may use say of themselves; those of this machine, whichever side."""
        around, options = self.around, self.around.options
        policies = [loaded.value for loaded in self._policies if loaded.value is not None]
        profiles = [active.loaded.value if active.loaded else None for active in actives]
        named = named_harnesses(policies, profiles, registry)
        asked = Registry(harness for harness in registry.harnesses if harness.id in named)
        if self.progress is not None:
            self.progress(f"asking {len(asked.ids)} harnesses")
        prober = Prober(
            registry=asked,
            context=HarnessContext(home=options.home, project=around.project.root, environment=options.environment),
            machine=settings.value or Machine(),
            cache_file=around.paths.cache_dir / "probes.json" if options.cache else None,
            timeout=options.timeout,
            jobs=options.jobs,
        )
        facts = prober.harnesses()
        prober.save()
        return facts

    def change(self, draft: Draft) -> Change:
        """A draft with its place."""
        side = self.base if draft.in_base else self.head
        location = None
        if draft.path is not None:
            location = side.file_place(draft.path, draft.pointer)
        elif draft.pointer is not None and self._policies:
            document = self._policies[0 if draft.in_base else 1].document
            location = side.place(document.at(draft.pointer)) if document else None
        return Change(
            subject=draft.subject,
            field=draft.field,
            group=draft.group,
            before=draft.before,
            after=draft.after,
            verdict=draft.judged.verdict,
            reason=draft.judged.reason,
            identity=draft.identity,
            location=location,
            in_base=draft.in_base,
            text=draft.text,
        )

    def finished(
        self,
        changes: Sequence[Change],
        recorded: Recorded,
        denials: Denials,
        *,
        findings: Sequence[Finding],
        notices: Sequence[str],
    ) -> Comparison:
        """The comparison, with what was approved let through and the rest denied."""
        ordered = sorted(changes, key=lambda change: -change.verdict.rank)
        accept = self.request.accept_new_approvals
        judged, approvals, stale = approve(ordered, recorded, self.around.options.today, accept_new=accept)
        final = tuple(replace(each, denied=each.approval is None and denials.hits(each)) for each in judged)
        every = (*findings, *recorded.problems, *stale)
        broken = any(finding.severity is Severity.ERROR for finding in every)
        denied = any(change.denied for change in final)
        return Comparison(
            base=self.base.ref,
            head=self.head.ref,
            changes=final,
            approvals=approvals,
            findings=every,
            unreadable=any(finding.severity is Severity.ERROR for finding in findings),
            notices=tuple(notices),
            exit_code=ExitCode.USAGE if broken else ExitCode.FINDINGS if denied else ExitCode.OK,
            secrets=self.secrets(),
        )

    def secrets(self) -> tuple[str, ...]:
        """Values of secret variables, of this process and of every process that a side would start."""
        environments = [
            profile.runner_options.env
            for loaded in self._policies
            if loaded.value is not None
            for profile in loaded.value.agent_profiles
        ]
        every = [self.around.options.environment, *environments]
        return tuple(dict.fromkeys(value for each in every for value in secret_values(each)))
