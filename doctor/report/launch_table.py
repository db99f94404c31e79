"""Launches and processes as tables for people, then what is wrong with any of them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from doctor.executor.base import Submitted
from doctor.model.process import Health, ProcessView
from doctor.model.spec import LaunchSpec
from doctor.report.grid import Column, draw
from doctor.report.launch_json import redactor_of
from doctor.report.launch_words import SHELL, Words, ending, prompt_of, prompt_problem, retry
from doctor.report.paint import paint
from doctor.report.redact import Redactor
from doctor.report.style import PLAIN, Style
from doctor.report.visible import visible, visible_lines

if TYPE_CHECKING:
    from doctor.journal.projection import ProcessRow
    from doctor.journal.replay import Replay

UNKNOWN = "unknown"
"""What the journal does not say."""

SPEC_COLUMNS = (
    Column("agent"),
    Column("stage", "word"),
    Column("harness", "word"),
    Column("mode", "word"),
    Column("session"),
    Column("prompt", "word"),
    Column("model"),
    Column("cwd", "path"),
)
PROCESS_COLUMNS = (
    Column("process", "word"),
    Column("agent"),
    Column("stage", "word"),
    Column("harness", "word"),
    Column("state", "status"),
    Column("health", "status"),
    Column("age", "word"),
    Column("outcome", "word"),
)
STAGE_COLUMNS = (Column("stage", "word"), Column("harnesses"))
ROW_COLUMNS = (
    Column("process", "word"),
    Column("agent"),
    Column("stage", "word"),
    Column("harness", "word"),
    Column("version", "word"),
    Column("state", "status"),
    Column("outcome"),
    Column("run"),
)


def specs_table(specs: Sequence[LaunchSpec], secrets: Iterable[str], style: Style = PLAIN) -> str:
    """What would be started; empty text where that is nothing.

    A directory that all of them start in stands above the table. Below it stand the commands that a shell would run,
    choices made for the installed versions, and with ``style.verbose`` every argv.
    """
    if not specs:
        return ""
    words = Words(redactor_of(specs, secrets), style)
    shared = len({spec.cwd for spec in specs}) == 1
    head = f"cwd  {words.path(specs[0].cwd)}\n\n" if shared else ""
    rows = [_spec_row(spec, words, cwd="" if shared else words.path(spec.cwd)) for spec in specs]
    lines = [line for spec in specs for line in _about_spec(spec, words, verbose=style.verbose)]
    return head + draw(SPEC_COLUMNS, rows, style) + _lines(lines)


def _spec_row(spec: LaunchSpec, words: Words, *, cwd: str) -> Sequence[str]:
    return (
        words.text(spec.agent),
        str(spec.stage),
        " ".join(filter(None, (words.text(spec.runtime_id), words.text(spec.harness_version)))),
        str(spec.mode),
        words.text(spec.session),
        prompt_of(spec),
        " at ".join(filter(None, (words.text(spec.model), words.text(spec.endpoint)))),
        cwd,
    )


def _about_spec(spec: LaunchSpec, words: Words, *, verbose: bool) -> Iterator[str]:
    agent = words.text(spec.agent)
    if is_shell_command(spec):
        yield f"{agent}: a shell runs this text of the policy: {words.command(spec.argv[-1:])}"
    yield from (f"{agent}: {words.text(note)}" for note in spec.notes)
    if verbose:
        yield f"{agent}: {words.command(spec.argv)}"
        yield from (f"{agent}: may {words.text(grant)}" for grant in spec.grants)


def is_shell_command(spec: LaunchSpec) -> bool:
    """Whether the policy's own text is what a shell is given to run."""
    return spec.runtime_id == SHELL and len(spec.argv) > 1


def processes_table(
    processes: Sequence[ProcessView], secrets: Iterable[str], style: Style = PLAIN, *, now: datetime
) -> str:
    """Processes and how they do, then evidence and remedy for each that is blocked or failed.

    Agents have a column of their own with ``style.verbose``, or where a process is not named by its agent.

    Args:
        processes: What to show; empty text where that is nothing.
        secrets: Values that must not leave.
        style: Everything in it but ``quiet`` is used.
        now: The moment that times are told from.
    """
    if not processes:
        return ""
    words = Words(Redactor(secrets), style, now)
    blocks = [block for view in processes for block in (_about_process(view, words),) if block]
    told = all(view.process_id.startswith(f"{view.agent}-") for view in processes) and not style.verbose
    rows = [_process_row(view, words, agent="" if told else words.text(view.agent)) for view in processes]
    table = draw(PROCESS_COLUMNS, rows, style)
    return "\n".join([table, *map(_lines, blocks)])


def _process_row(view: ProcessView, words: Words, *, agent: str) -> Sequence[str]:
    return (
        words.text(view.process_id),
        agent,
        str(view.stage),
        words.text(view.runtime_id),
        str(view.state),
        "" if view.state.is_final else str(view.health),
        words.age(view.started_at),
        ending(view.outcome) if view.outcome else "",
    )


def _about_process(view: ProcessView, words: Words) -> list[str]:
    """What is to be said about a process that needs somebody; no lines where there is nothing."""
    lines: list[str] = []
    if view.blocked is not None or view.health is Health.BLOCKED:
        lines += _trouble("blocked", words.text(view.blocked), view.evidence, view.remedy, words)
    outcome = view.outcome
    if outcome is not None and outcome.failure is not None:
        said = "; ".join(filter(None, (words.failure(view, outcome), retry(outcome))))
        lines += _trouble("failed", said, outcome.evidence, outcome.remedy, words)
    if missing := prompt_problem(view):
        lines += _trouble("prompt", missing, (), None, words)
    if view.survivors:
        said = f"outlived by {', '.join(map(str, view.survivors))}"
        lines += _trouble("survivors", said, (), f"doctor stop {view.process_id}", words)
    return [paint(words.text(view.process_id), "bold", color=words.style.color), *lines] if lines else []


_KINDS = {"failed": "error"}
"""What of a process is an error; everything else warns."""


def _trouble(what: str, said: str, evidence: Iterable[str], remedy: str | None, words: Words) -> Iterator[str]:
    style = words.style
    kind = _KINDS.get(what, "warning")
    head = paint(f"{style.symbol(kind)} {what}", kind, color=style.color)
    yield f"  {head}  {said}" if said else f"  {head}"
    for line in evidence:
        yield "    " + paint(f"| {visible(words.clean(line))}", "dim", color=style.color)
    yield from _remedy(remedy, words)


def _remedy(remedy: str | None, words: Words) -> Iterator[str]:
    """A remedy's own lines, never broken, since there may be a command in it."""
    for number, line in enumerate(visible_lines(words.clean(remedy)) if remedy else ()):
        yield f"      {line}" if number else f"    {words.style.arrow} {line}"


def replay_table(told: "Replay", secrets: Iterable[str], style: Style = PLAIN) -> str:
    """The harnesses of each stage, then every process that the journal tells of; empty text where that is nothing."""
    if not told.processes:
        return ""
    words = Words(Redactor(secrets), style)
    stages = [
        (words.text(stage), ", ".join(words.text(runtime_id) or UNKNOWN for runtime_id in ids))
        for stage, ids in told.stages.items()
    ]
    parts = [draw(STAGE_COLUMNS, stages, style)] if stages else []
    parts.append(draw(ROW_COLUMNS, [_told_row(row, words) for row in told.processes], style))
    if told.unreadable:
        parts.append(f"passed over, because they cannot be understood: {len(told.unreadable)} events\n")
    return "\n".join(parts)


def _told_row(row: "ProcessRow", words: Words) -> Sequence[str]:
    return (
        words.text(row.process_id),
        words.text(row.agent),
        words.text(row.stage) or UNKNOWN,
        words.text(row.runtime_id) or UNKNOWN,
        words.text(row.harness_version),
        str(row.state),
        ending(row.outcome) if row.outcome else "",
        words.text(row.run_id),
    )


def refusals_text(refusals: Sequence[Submitted], secrets: Iterable[str], style: Style = PLAIN) -> str:
    """What was not started at all, each with why and the next step."""
    words = Words(Redactor(secrets), style)
    return "\n".join(_lines(_refusal(each, words)) for each in refusals)


def _refusal(refusal: Submitted, words: Words) -> Iterator[str]:
    yield paint(words.text(refusal.process_id), "bold", color=words.style.color)
    said = ": ".join(filter(None, (words.text(refusal.problem), words.text(refusal.detail))))
    yield from _trouble("failed", f"not started: {said}" if said else "not started", (), refusal.remedy, words)


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
