"""The tables of launches and processes: golden text, and what must never reach a terminal."""

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from doctor.executor.base import Submitted
from doctor.journal.projection import ProcessRow
from doctor.journal.replay import Replay
from doctor.model.failure import FailureKind
from doctor.model.process import Health, Outcome, OutcomeKind, ProcessView, Receipt, State
from doctor.model.spec import Delivery, LaunchSpec
from doctor.report.launch_table import processes_table, refusals_text, replay_table, specs_table
from doctor.report.launch_words import duration, size_of
from doctor.report.style import Style

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
FOR_U = Style(home="/home/u")
SECRET = "hunter2-hunter2"
HOSTILE = "a\x1b[2J\x9b1m\u202eb\nc\rd\u2028\ud800\x07"

SPECS = """\
cwd  ~/p

agent  stage    harness        mode      session  prompt       model
bob    execute  codex 0.169.0  headless  bob-p    stdin, 22 B  gpt-5 at local
bob: full_auto is --sandbox workspace-write
"""
PROCESSES = """\
process             stage     harness      state      health     age  outcome
bob-333333333333-1  execute   codex        > running  ✓ healthy  3m
eve-444444444444-2  evaluate  claude_code  ✗ failed              2h   exited 1

eve-444444444444-2
  ✗ failed  exited 1 45s ago: not-logged-in; starting it again as it is does not help
    | Invalid API key
    | Please run /login
    → claude /login
  ! survivors  outlived by 4800, 4801
    → doctor stop eve-444444444444-2
"""
BLOCKED = """\
process             stage    harness  state      health     age
bob-333333333333-1  execute  codex    > running  ! blocked  3m

bob-333333333333-1
  ! blocked  trust
    | Do you trust the files in this folder?
    → codex
      then say yes
"""
REFUSED = """\
bob-1
  ✗ failed  not started: cli-missing: codex is gone
    → npm install codex

eve-1
  ✗ failed  not started
"""
REPLAYED = """\
stage      harnesses
interview  claude_code, unknown
execute    codex

process  agent  stage    harness  version  state        outcome   run
bob-1    bob    execute  codex    0.169.0  ✓ completed  exited 0  run-1
old-1           unknown  unknown           ✗ failed

passed over, because they cannot be understood: 2 events
"""


def shown(*views: ProcessView, style: Style = FOR_U, secrets: tuple[str, ...] = ()) -> str:
    """The table of these processes, at noon."""
    return processes_table(views, secrets, style, now=NOW)


def test_specs_are_shown_with_their_directory_above_them(spec: LaunchSpec) -> None:
    assert specs_table([spec], (), FOR_U) == SPECS


def test_directories_that_differ_have_a_column(spec: LaunchSpec) -> None:
    text = specs_table([spec, replace(spec, agent="eve", cwd="/srv/q", notes=())], (), Style(home="/home/u", width=100))
    assert [line.split()[-1] for line in text.splitlines()[:3]] == ["cwd", "~/p", "/srv/q"]


def test_a_shell_command_of_the_policy_is_marked(spec: LaunchSpec) -> None:
    shell = replace(spec, runtime_id="shell", harness_version=None, argv=("/bin/sh", "-c", "make\x1b[2J all"), notes=())
    assert specs_table([shell], ()).splitlines()[-1] == "bob: a shell runs this text of the policy: make\\x1b[2J all"
    assert "a shell runs" not in specs_table([replace(shell, argv=("/bin/sh",))], ())


def test_details_are_argv_and_grants(spec: LaunchSpec) -> None:
    told = replace(spec, argv=("/opt/bin/codex", "--api-key", SECRET))
    assert specs_table([told], (), Style(verbose=True)).splitlines()[-2:] == [
        "bob: /opt/bin/codex --api-key [redacted]",
        "bob: may write files in the workspace",
    ]


@pytest.mark.parametrize(
    ("delivery", "text", "said"),
    [
        (Delivery.ARGV, "ü" * 600, "argv, 1.2 kB"),
        (Delivery.NONE, "x", "not given, 1 B"),
        (Delivery.NONE, "", "bob-p    none"),
    ],
)
def test_the_way_and_size_of_a_prompt_are_told_and_not_its_text(
    spec: LaunchSpec, delivery: Delivery, text: str, said: str
) -> None:
    told = replace(spec, prompt=replace(spec.prompt, delivery=delivery, text=text))
    table = specs_table([told], (), Style(width=100))
    assert said in table
    assert "üüü" not in table


def test_processes_are_shown_with_what_is_wrong_below_them(running: ProcessView, failed: ProcessView) -> None:
    assert shown(running, failed) == PROCESSES


def test_a_process_that_waits_for_somebody_says_for_what(running: ProcessView) -> None:
    waiting = replace(
        running,
        health=Health.BLOCKED,
        blocked="trust",
        evidence=("Do you trust the files in this folder?",),
        remedy="codex\nthen say yes",
    )
    assert shown(waiting) == BLOCKED


def test_agents_have_a_column_where_the_process_is_not_named_by_them_or_details_are_wanted(
    running: ProcessView,
) -> None:
    assert "agent" not in shown(running)
    assert shown(replace(running, process_id="p-1")).split()[:2] == ["process", "agent"]
    assert shown(running, style=Style(verbose=True)).split()[:2] == ["process", "agent"]


@pytest.mark.parametrize(
    ("outcome", "state", "said"),
    [
        (Outcome(kind=OutcomeKind.EXITED, code=0), State.COMPLETED, "exited 0"),
        (Outcome(kind=OutcomeKind.KILLED, signal="SIGKILL"), State.FAILED, "killed by SIGKILL"),
        (Outcome(kind=OutcomeKind.FAILED_TO_START), State.FAILED, "failed to start"),
        (Outcome(kind=OutcomeKind.TERMINAL_LOST), State.RUNNING, "terminal lost"),
        (Outcome(kind=OutcomeKind.UNKNOWN), State.FAILED, "unknown"),
    ],
)
def test_every_end_can_be_told_from_the_others(running: ProcessView, outcome: Outcome, state: State, said: str) -> None:
    assert shown(replace(running, state=state, outcome=outcome)).splitlines()[1].endswith(f"3m   {said}")


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        ("exited(7)", "✗ failed  exited 7 1m ago"),
        ("quota", "✗ failed  exited 7 1m ago: quota; starting it again can help"),
    ],
)
def test_a_failure_is_named_where_it_says_more_than_the_end(running: ProcessView, failure: str, said: str) -> None:
    retry = True if failure == "quota" else None
    outcome = Outcome(kind=OutcomeKind.EXITED, code=7, failure=failure, retry=retry)
    ended = replace(running, state=State.FAILED, ended_at="2026-05-04T11:58:30.000Z", outcome=outcome)
    assert shown(ended).splitlines()[-1] == f"  {said}"


def test_a_run_that_ended_well_without_its_prompt_is_told(running: ProcessView) -> None:
    ended = replace(
        running,
        state=State.COMPLETED,
        receipt=Receipt.NOT_DELIVERED,
        outcome=Outcome(kind=OutcomeKind.EXITED, code=0),
    )
    assert shown(ended).splitlines()[-1] == "  ! prompt  its prompt was not delivered"


def test_what_was_refused_is_told_with_why() -> None:
    problem = Submitted(
        process_id="bob-1", problem=FailureKind.CLI_MISSING, detail="codex is gone", remedy="npm install codex"
    )
    assert refusals_text([problem, Submitted(process_id="eve-1")], ()) == REFUSED


def test_a_replay_is_stages_then_processes() -> None:
    row = ProcessRow(
        process_id="bob-1",
        run_id="run-1",
        agent="bob",
        stage="execute",
        runtime_id="codex",
        harness_version="0.169.0",
        state=State.COMPLETED,
        directive_count=2,
        first_sequence=1,
        last_sequence=2,
        last_reason="r",
        spawned_at="2026-05-04T11:57:00.000Z",
        changed_at="2026-05-04T11:57:00.000Z",
        outcome=Outcome(kind=OutcomeKind.EXITED, code=0),
    )
    bare = ProcessRow(
        process_id="old-1",
        state=State.FAILED,
        directive_count=1,
        first_sequence=3,
        last_sequence=3,
        last_reason="r",
        spawned_at="t",
        changed_at="t",
    )
    stages = {"interview": ("claude_code", None), "execute": ("codex",)}
    assert replay_table(Replay(stages=stages, processes=(row, bare), unreadable=(4, 5)), ()) == REPLAYED


def test_nothing_is_empty_text() -> None:
    texts = [specs_table([], ()), shown(), refusals_text([], ()), replay_table(Replay(stages={}, processes=()), ())]
    assert texts == [""] * 4


def test_colour_marks_states_only_when_asked_for(running: ProcessView, failed: ProcessView) -> None:
    assert "\x1b" not in shown(running, failed)
    colored = shown(running, failed, style=Style(color=True))
    assert "\x1b[36m> running" in colored
    assert "\x1b[31m✗ failed\x1b[0m  exited 1" in colored


def test_a_stream_without_symbols_gets_ascii(running: ProcessView, failed: ProcessView) -> None:
    assert shown(running, failed, style=Style(unicode=False)).isascii()


@pytest.mark.parametrize("verbose", [False, True])
def test_nothing_that_others_wrote_acts_on_the_terminal(
    spec: LaunchSpec, running: ProcessView, *, verbose: bool
) -> None:
    style = Style(verbose=verbose)
    outcome = Outcome(kind=OutcomeKind.KILLED, signal="SIGKILL", failure=HOSTILE, evidence=(HOSTILE,), remedy=HOSTILE)
    view = replace(
        running,
        process_id=HOSTILE,
        agent=HOSTILE,
        session=HOSTILE,
        runtime_id=HOSTILE,
        blocked=HOSTILE,
        started_at=HOSTILE,
        evidence=(HOSTILE,),
        remedy=HOSTILE,
        outcome=outcome,
    )
    told = replace(
        spec,
        agent=HOSTILE,
        session=HOSTILE,
        runtime_id=HOSTILE,
        harness_version=HOSTILE,
        model=HOSTILE,
        endpoint=HOSTILE,
        cwd=HOSTILE,
        argv=(HOSTILE, HOSTILE),
        notes=(HOSTILE,),
        grants=(HOSTILE,),
    )
    refusal = Submitted(process_id=HOSTILE, problem=FailureKind.UNKNOWN, detail=HOSTILE, remedy=HOSTILE)
    text = shown(view, style=style) + specs_table([told], (), style) + refusals_text([refusal], (), style)
    bad = {each for each in text if unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"}} | set(text) & {"\u202e"}
    assert bad == {"\n"}


def test_known_secrets_are_hidden_everywhere(spec: LaunchSpec, failed: ProcessView) -> None:
    outcome = Outcome(kind=OutcomeKind.EXITED, code=1, failure="unknown", evidence=(SECRET,), remedy=SECRET)
    text = shown(replace(failed, agent=SECRET, outcome=outcome), secrets=(SECRET,))
    text += specs_table([replace(spec, session=SECRET, argv=("x", SECRET))], (SECRET,), Style(verbose=True))
    text += specs_table([replace(spec, env={"A_TOKEN": SECRET}, notes=(SECRET,))], ())
    text += refusals_text([Submitted(process_id="p-1", detail=SECRET, remedy=SECRET)], (SECRET,))
    assert "hunter2" not in text


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0s"), (59.9, "59s"), (60, "1m"), (3599, "59m"), (7200, "2h"), (200_000, "2d")]
)
def test_durations_are_told_in_their_largest_unit(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(("size", "said"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (204_800, "204.8 kB")])
def test_sizes_are_told_in_bytes_or_thousands(size: int, said: str) -> None:
    assert size_of(size) == said


@pytest.mark.parametrize("started", ["2026-05-04T11:57:00", "yesterday"])
def test_a_time_that_cannot_be_compared_is_shown_as_it_is(running: ProcessView, started: str) -> None:
    assert started in shown(replace(running, started_at=started))


def test_a_clock_that_runs_behind_makes_no_negative_age(running: ProcessView) -> None:
    assert " 0s\n" in shown(replace(running, started_at="2026-05-04T12:00:09.000Z"))
