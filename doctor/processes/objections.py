"""What stands against starting a spec again, for whoever wants more than that it is what it was."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from doctor.diagnosis.run import Examined, examine
from doctor.errors import DoctorError
from doctor.exit_codes import ExitCode
from doctor.launch.documents import to_document
from doctor.model.binding import Binding
from doctor.model.canonical import content_of
from doctor.model.finding import UNFINISHED, Severity
from doctor.model.options import Options
from doctor.model.report import Report, touches
from doctor.model.spec import LaunchSpec, Mode
from doctor.processes.order import Order
from doctor.processes.plan import for_executor, spec_of
from doctor.report.redact import Redactor


def objections(
    spec: LaunchSpec, options: Options, *, executor: str, progress: Callable[[str], None] | None = None
) -> tuple[str, ...]:
    """What a diagnosis has against it, a sentence each; nothing where neither ``locked`` nor ``baseline`` is asked for.

    Errors count that touch its agent and are not in the baseline. With ``locked``, everything has to be as it is
    locked, and the spec has to be the one that the same order would make now: what is locked is what would run now.

    Args:
        spec: As read from its document.
        options: ``locked`` and ``baseline`` count; the named profile, the mode and the directory are the spec's.
        executor: What would run it.
        progress: Told, in a few words, what is being done.

    Raises:
        UsageError: The baseline cannot be read, or an option names something that does not exist.
        RegistrationError: A plugin is malformed.
    """
    if not options.locked and options.baseline is None:
        return ()
    options = replace(
        options,
        profile=options.profile if options.profile is not None else spec.named_profile,
        interactive=spec.mode is Mode.INTERACTIVE,
        agent_cwd=Path(spec.cwd),
    )
    examined = examine(options, progress=progress)
    report = for_executor(examined.report, executor)
    binding = next((each for each in report.agents if (each.agent, each.stage) == (spec.agent, spec.stage)), None)
    found = [*_findings(report, touches(binding) if binding else ("*", f"agent:{spec.agent}"))]
    if report.exit_code is not ExitCode.USAGE:
        if binding is None:
            found.append(f"the policy has no agent {spec.agent!r} at stage {spec.stage}")
        elif options.locked:
            found += _another(spec, Order(options=options, ticket=spec.ticket), examined, binding)
    return tuple(map(Redactor(report.secrets), found))


def _findings(report: Report, tags: tuple[str, ...]) -> Iterator[str]:
    """What touches these, as for a launch; everything where the configuration cannot be understood."""
    for result in report.checks:
        if result.status in UNFINISHED:
            yield f"{result.code} did not end: {result.reason}"
    understood = report.exit_code is not ExitCode.USAGE
    for each in report.findings:
        if each.severity is Severity.ERROR and not (understood and set(tags).isdisjoint(each.affects)):
            yield f"{each.code} {each.subject}: {each.message}"


def _another(spec: LaunchSpec, order: Order, examined: Examined, binding: Binding) -> Iterator[str]:
    """In what the spec differs from the one that the same order makes now, whatever its id says: anybody can make one.

    What only the order knows is taken from the spec: the task and the ticket, as the mode and the directory.
    """
    try:
        # The id stands for the task, to see where that is in the prompt: nothing else can have it in it.
        before, _, after = spec_of(replace(order, prompt=spec.id), examined, binding).prompt.text.partition(spec.id)
        text = spec.prompt.text
        has_task = len(text) > len(before + after) and text.startswith(before) and text.endswith(after)
        task = text[len(before) : len(text) - len(after)] if has_task else None
        made = spec_of(replace(order, prompt=task), examined, binding)
    except DoctorError as error:
        yield f"no spec of it can be made now: {error.message}"
        return
    was, now = (content_of(to_document(each)) for each in (spec, made))
    for name, value in was.items():
        if value != now[name]:
            yield _difference(name, value, now[name])


def _difference(name: str, was: object, now: object) -> str:
    if name == "policy_sha256":
        return "the policy was changed since the spec was made"
    known = all(value is None or isinstance(value, str) for value in (was, now))
    return f"its {name} is {was}, and would be {now} now" if known else f"its {name} would be another one now"
