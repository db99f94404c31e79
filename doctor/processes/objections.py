"""What stands against starting a spec again, for whoever wants more than that it is what it was."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from doctor.diagnosis.run import examine
from doctor.model.binding import Binding
from doctor.model.finding import UNFINISHED, Severity
from doctor.model.options import Options
from doctor.model.report import Report, touches
from doctor.model.spec import LaunchSpec
from doctor.processes.plan import for_executor
from doctor.report.redact import Redactor


def objections(
    spec: LaunchSpec, options: Options, *, executor: str, progress: Callable[[str], None] | None = None
) -> tuple[str, ...]:
    """What a diagnosis has against it, a sentence each; nothing where neither ``locked`` nor ``baseline`` is asked for.

    Errors count that touch its agent and are not in the baseline. With ``locked``, everything has to be as it is
    locked, and the spec has to be one that the policy of now makes: what is locked is what would run now.

    Args:
        spec: As read from its document.
        options: ``locked`` and ``baseline`` count; the named profile is the spec's.
        executor: What would run it.
        progress: Told, in a few words, what is being done.

    Raises:
        UsageError: The baseline cannot be read, or an option names something that does not exist.
        RegistrationError: A plugin is malformed.
    """
    if not options.locked and options.baseline is None:
        return ()
    profile = options.profile if options.profile is not None else spec.named_profile
    report = for_executor(examine(replace(options, profile=profile), progress=progress).report, executor)
    binding = next((each for each in report.agents if (each.agent, each.stage) == (spec.agent, spec.stage)), None)
    if binding is None:
        return (f"the policy has no agent {spec.agent!r} at stage {spec.stage}",)
    clean = Redactor(report.secrets)
    found = (*_findings(report, binding), *(_moved(spec, report, binding) if options.locked else ()))
    return tuple(clean(each) for each in found)


def _findings(report: Report, binding: Binding) -> Iterator[str]:
    tags = touches(binding)
    for result in report.checks:
        if result.status in UNFINISHED:
            yield f"{result.code} did not end: {result.reason}"
    for each in report.findings:
        if each.severity is Severity.ERROR and (not each.affects or not set(tags).isdisjoint(each.affects)):
            yield f"{each.code} {each.subject}: {each.message}"


def _moved(spec: LaunchSpec, report: Report, binding: Binding) -> Iterator[str]:
    if spec.policy_sha256 != report.policy.sha256:
        yield "the policy was changed since the spec was made"
    now = {"harness": binding.runtime.value, "model": binding.model.value, "endpoint": binding.endpoint.value}
    was = {"harness": spec.runtime_id, "model": spec.model, "endpoint": spec.endpoint}
    for name, value in was.items():
        if value != now[name]:
            yield f"its {name} is {value}, and would be {now[name]} now"
