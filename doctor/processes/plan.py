"""From an order to launch specs: everything is examined before anything starts."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from doctor.config.names import name_problem, nearest
from doctor.config.project import DIRECTORY
from doctor.diagnosis.run import Examined, examine
from doctor.errors import UsageError
from doctor.exit_codes import ExitCode
from doctor.launch.specs import compile_spec
from doctor.model.binding import Binding
from doctor.model.finding import Severity
from doctor.model.report import Report, touches
from doctor.model.spec import LaunchSpec
from doctor.processes.order import Order
from doctor.processes.workplace import Workplace, workplace_of
from doctor.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an order comes to."""

    report: Report
    """Of the whole diagnosis; its findings are those that touch what was ordered."""

    specs: tuple[LaunchSpec, ...]
    refused: tuple[Binding, ...]
    """Ordered bindings that an error finding touches; they never become specs."""

    place: Workplace | None
    """``None`` where the policy cannot be read."""

    @property
    def exit_code(self) -> ExitCode:
        """Why nothing may be started; ``OK`` where everything may."""
        if self.report.exit_code in {ExitCode.USAGE, ExitCode.INCOMPLETE}:
            return self.report.exit_code
        return ExitCode.FINDINGS if self.refused else ExitCode.OK


def plan(order: Order, *, progress: Callable[[str], None] | None = None) -> Plan:
    """Diagnose, and make a spec of every ordered binding that passed.

    Raises:
        UsageError: The order names an agent or a ticket that cannot be, or there is nothing to launch.
        RegistrationError: A plugin is malformed.
    """
    _refuse_ticket(order.ticket)
    examined = examine(order.options, progress=progress)
    examined = replace(examined, report=for_executor(examined.report, order.executor))
    policy = examined.policy
    if policy is None or examined.report.exit_code is ExitCode.USAGE:
        return Plan(report=examined.report, specs=(), refused=(), place=None)
    ordered = _ordered(order, examined.report.agents, [agent.name for agent in policy.agents])
    refused = tuple(each for each in ordered if not examined.report.agent_ok(each))
    specs = tuple(spec_of(order, examined, each) for each in ordered if each not in refused)
    return Plan(
        report=_about(examined.report, ordered),
        specs=specs,
        refused=refused,
        place=workplace_of(
            order.options,
            project=examined.prepared.project,
            policy=policy,
            registry=examined.prepared.registry,
            executors=examined.prepared.plugins.executors,
        ),
    )


def _refuse_ticket(ticket: str | None) -> None:
    problem = name_problem(ticket) if ticket is not None else None
    if problem is not None:
        raise UsageError(f"--ticket {ticket!r} {problem}", remedy="give it a name such as PROJ-12")


def _ordered(order: Order, bindings: Sequence[Binding], known: Sequence[str]) -> tuple[Binding, ...]:
    """The bindings that an order means, in the policy's order."""
    by_name = {binding.agent: binding for binding in bindings}
    for name in order.agents:
        if name not in known:
            near = nearest(name, known)
            hint = f"did you mean {near!r}?" if near else f"agents: {', '.join(known)}"
            raise UsageError(f"the policy has no agent {name!r}", remedy=hint)
        if name not in by_name:
            raise UsageError(f"agent {name!r} does not work at stage {order.options.stage}", remedy="leave --stage out")
    wanted = set(order.agents or by_name)
    found = tuple(binding for binding in bindings if binding.agent in wanted)
    if not found:
        raise UsageError(f"no agent works at stage {order.options.stage}", remedy="leave --stage out")
    return found


def spec_of(order: Order, examined: Examined, binding: Binding) -> LaunchSpec:
    """The spec that an order makes of one binding.

    Raises:
        LaunchRefused: Nothing can be started for it.
        UsageError: It has no harness.
    """
    policy, prepared = examined.policy, examined.prepared
    harness = prepared.registry.get(binding.runtime.value or "")
    if policy is None or harness is None:  # a binding without a harness has an error finding, and got no further
        raise UsageError(f"agent {binding.agent!r} has no harness", remedy="doctor says why")
    facts = examined.fact("harnesses")
    named = examined.fact("named_profile")
    carrier = prepared.registry.get(harness.carrier) if harness.carrier else None
    return compile_spec(
        binding=binding,
        profile=policy.agent_profiles[binding.profile_index],
        harness=harness,
        fact=facts[(carrier or harness).id],
        skills=[examined.fact("skills")[name, harness.id] for name in binding.skills],
        named_profile=examined.report.profile.active,
        named_env=named.env if named else {},
        policy_path=examined.report.policy.path,
        policy_sha256=examined.report.policy.sha256,
        cwd=str(order.options.agent_cwd or prepared.project.root),
        directory=prepared.project.root / DIRECTORY,
        interactive=order.options.interactive,
        task=order.prompt,
        ticket=order.ticket,
    )


def for_executor(report: Report, executor: str) -> Report:
    """The report without what only stands in the way of agents in tmux, where they run elsewhere."""
    if executor == "tmux":
        return report
    findings = tuple(each for each in report.findings if each.subject != "tmux")
    errors = (each for each in findings if each.severity is Severity.ERROR)
    return replace(report, findings=findings, blocked=frozenset(tag for each in errors for tag in each.affects))


def _about(report: Report, ordered: Sequence[Binding]) -> Report:
    """The report with only those findings that say something about what was ordered."""
    tags = {tag for binding in ordered for tag in touches(binding)}
    findings = tuple(
        finding
        for finding in report.findings
        if not finding.affects or not tags.isdisjoint(finding.affects) or finding.severity is not Severity.ERROR
    )
    return replace(report, findings=findings, agents=tuple(ordered))
