"""The documents of the commands about processes, by their published contracts."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from doctor.config.launch_schemas import launch_schemas
from doctor.executor.base import Submitted
from doctor.exit_codes import ExitCode
from doctor.journal.projection import ProcessRow
from doctor.journal.replay import Replay
from doctor.launch.documents import to_document
from doctor.model.failure import FailureKind
from doctor.model.finding import Finding, Severity
from doctor.model.process import Health, Outcome, OutcomeKind, ProcessView, State
from doctor.model.spec import LaunchSpec
from doctor.report.json_format import dumps
from doctor.report.launch_json import failed_json, processes_json, replay_json, specs_json

SECRET = "hunter2-hunter2"
FINDING = Finding(code="SKL001", severity=Severity.ERROR, subject="skill diary", message=f"{SECRET} is gone")
SHOWN_FINDING = {
    "code": "SKL001",
    "severity": "error",
    "subject": "skill diary",
    "message": "[redacted] is gone",
    "remedy": None,
    "docs": None,
    "location": None,
    "fixable": False,
    "fingerprint": FINDING.fingerprint,
}
WELL = {"ok": True, "exit_code": 0, "error": None}
ROW = ProcessRow(
    process_id="bob-1",
    run_id="run-1",
    stage="execute",
    runtime_id="codex",
    state=State.COMPLETED,
    directive_count=2,
    first_sequence=1,
    last_sequence=2,
    last_reason="execute: it ended",
    spawned_at="2026-05-04T11:57:00.000Z",
    changed_at="2026-05-04T11:58:00.000Z",
    ended_at="2026-05-04T11:58:00.000Z",
    outcome=Outcome(kind=OutcomeKind.EXITED, code=0),
)


def meets(name: str, document: dict[str, Any]) -> bool:
    """Whether the text that would be printed meets the schema of this name."""
    schema = launch_schemas(schema_id="urn:x:", dialect="https://json-schema.org/draft/2020-12/schema")[name]
    jsonschema.Draft202012Validator(schema).validate(json.loads(dumps(document)))
    return True


def strings(value: Any) -> Iterator[str]:
    """Every string in a JSON value, keys included."""
    if isinstance(value, str):
        yield value
    if isinstance(value, dict):
        yield from value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings(item)


def test_a_spec_is_told_whole_with_secrets_as_references(spec: LaunchSpec) -> None:
    document = specs_json([spec], [FINDING], [SECRET])
    assert document == {
        "schema_version": 1,
        "specs": [
            {
                "id": "3" * 64,
                "agent": "bob",
                "stage": "execute",
                "runtime_id": "codex",
                "harness_version": "0.169.0",
                "path": "/opt/bin/codex",
                "argv": ["/opt/bin/codex", "exec", "-"],
                "env": {
                    "LANG": "C.UTF-8",
                    "OPENAI_API_KEY": {"secret": "env:SHOP_KEY"},
                    "FILE_KEY": {"secret": "file:~/.keys/shop"},
                    "PASS_KEY": {"secret": "command", "command": ["pass", "show", "shop"]},
                },
                "cwd": "/home/u/p",
                "session": "bob-p",
                "mode": "headless",
                "prompt": {
                    "sha256": "d" * 64,
                    "path": "/home/u/p/.metawsm/launches/3/prompt.md",
                    "delivery": "stdin",
                    "typed": None,
                    "text": "Implement the ticket.\n",
                },
                "skills": [{"name": "diary", "path": "/s/diary/SKILL.md", "source": "repo", "sha256": "e" * 64}],
                "policy_sha256": "a" * 64,
                "named_profile": "office",
                "schema_version": 1,
                "profile": "builder",
                "program": {"real_path": "/opt/lib/codex.js", "size": 512, "mtime_ns": 17, "sha256": "c" * 64},
                "policy_path": "/home/u/p/.metawsm/policy.json",
                "model": "gpt-5",
                "endpoint": "local",
                "ticket": "SHOP-1",
                "notes": ["full_auto is --sandbox workspace-write"],
                "grants": ["write files in the workspace"],
            }
        ],
        "findings": [SHOWN_FINDING],
        **WELL,
    }
    assert meets("launch-specs", document)


def test_the_fields_of_the_contract_come_first_and_in_its_order(spec: LaunchSpec, failed: ProcessView) -> None:
    [told] = specs_json([spec], (), ())["specs"]
    assert list(told)[:15] == [
        *("id", "agent", "stage", "runtime_id", "harness_version", "path", "argv", "env", "cwd", "session", "mode"),
        *("prompt", "skills", "policy_sha256", "named_profile"),
    ]
    assert list(told["prompt"])[:2] == ["sha256", "path"]
    [process] = processes_json([failed], ())["processes"]
    assert list(process)[:12] == [
        *("process_id", "spec_id", "session", "agent", "stage", "runtime_id", "pid", "state", "health", "started_at"),
        *("ended_at", "outcome"),
    ]
    assert list(process["outcome"])[:5] == ["kind", "code", "signal", "failure", "evidence"]


def test_no_literal_value_of_a_secret_variable_leaves_in_any_part_of_a_spec(spec: LaunchSpec) -> None:
    told = replace(
        spec,
        env={"SHOP_TOKEN": SECRET, "SHORT_KEY": "abc", "EMPTY_KEY": "", "NOTE": f"not {SECRET}"},
        argv=("/opt/bin/codex", "--api-key", "abcdef-123", f"use {SECRET}"),
        prompt=replace(spec.prompt, text=f"log in with {SECRET}"),
        notes=(SECRET,),
    )
    document = specs_json([told], (), ())
    assert not [text for text in strings(document) if "hunter2" in text or "abcdef-123" in text]
    [shown] = document["specs"]
    assert shown["env"] == {
        "SHOP_TOKEN": "[redacted]",
        "SHORT_KEY": "[redacted]",
        "EMPTY_KEY": "",
        "NOTE": "not [redacted]",
    }
    assert shown["argv"] == ["/opt/bin/codex", "--api-key", "[redacted]", "use [redacted]"]
    assert meets("launch-specs", document)


def test_a_process_is_told_whole(running: ProcessView) -> None:
    document = processes_json([running], ())
    assert document == {
        "schema_version": 1,
        "processes": [
            {
                "process_id": "bob-333333333333-1",
                "spec_id": "3" * 64,
                "session": "bob-p",
                "agent": "bob",
                "stage": "execute",
                "runtime_id": "codex",
                "pid": 4711,
                "state": "running",
                "health": "healthy",
                "started_at": "2026-05-04T11:57:00.000Z",
                "ended_at": None,
                "outcome": None,
                "run_id": "run-1",
                "attempt": 1,
                "executor": "tmux",
                "harness_version": "0.169.0",
                "mode": "headless",
                "cwd": "/home/u/p",
                "last_output_at": "2026-05-04T11:59:58.000Z",
                "last_progress_at": "2026-05-04T11:59:00.000Z",
                "receipt": "delivered",
                "blocked": None,
                "evidence": [],
                "remedy": None,
                "survivors": [],
                "log_path": "/home/u/p/.metawsm/processes/bob-333333333333-1/log",
            }
        ],
        **WELL,
    }
    assert meets("processes", document)


def test_an_outcome_has_its_failure_evidence_and_remedy(failed: ProcessView) -> None:
    document = processes_json([failed], (), exit_code=ExitCode.FINDINGS)
    assert document["processes"][0]["outcome"] == {
        "kind": "exited",
        "code": 1,
        "signal": None,
        "failure": "not-logged-in",
        "evidence": ["Invalid API key", "Please run /login"],
        "remedy": "claude /login",
        "retry": False,
    }
    assert (document["ok"], document["exit_code"]) == (False, 1)
    assert meets("processes", document)


@pytest.mark.parametrize("failure", [*FailureKind, "exited(7)", "killed(SIGKILL)", "killed(SIGRTMIN+3)", None])
def test_every_failure_meets_the_schema(failed: ProcessView, failure: str | None) -> None:
    outcome = Outcome(kind=OutcomeKind.KILLED, signal="SIGKILL", failure=failure)
    assert meets("processes", processes_json([replace(failed, outcome=outcome)], ()))


def test_what_was_refused_and_found_stands_beside_the_processes() -> None:
    refusal = Submitted(process_id="bob-1", problem=FailureKind.CLI_MISSING, detail=f"no {SECRET}", remedy="install it")
    document = processes_json((), [SECRET], refusals=[refusal], findings=[FINDING], exit_code=ExitCode.FINDINGS)
    assert document == {
        "schema_version": 1,
        "processes": [],
        "refusals": [
            {"process_id": "bob-1", "problem": "cli-missing", "detail": "no [redacted]", "remedy": "install it"}
        ],
        "findings": [SHOWN_FINDING],
        "ok": False,
        "exit_code": 1,
        "error": None,
    }
    assert meets("processes", document)


def test_known_secrets_leave_no_part_of_a_process(failed: ProcessView) -> None:
    told = replace(
        failed,
        session=SECRET,
        agent=SECRET,
        cwd=f"/{SECRET}",
        blocked=SECRET,
        evidence=(SECRET,),
        remedy=SECRET,
        log_path=f"/{SECRET}/log",
        health=Health.BLOCKED,
        outcome=Outcome(kind=OutcomeKind.UNKNOWN, failure="unknown", evidence=(f"key {SECRET}",), remedy=SECRET),
    )
    assert not [text for text in strings(processes_json([told], [SECRET])) if "hunter2" in text]


def test_a_replay_tells_harnesses_by_stage_and_every_process() -> None:
    bare = replace(ROW, process_id="old-1", run_id=None, stage=None, runtime_id=None, outcome=None, ended_at=None)
    told = Replay(stages={"interview": ("claude_code", None), "execute": ("codex",)}, processes=(ROW, bare))
    document = replay_json(told, ())
    row: dict[str, Any] = {
        "process_id": "bob-1",
        "spec_id": None,
        "session": None,
        "agent": None,
        "stage": "execute",
        "runtime_id": "codex",
        "state": "completed",
        "started_at": "2026-05-04T11:57:00.000Z",
        "ended_at": "2026-05-04T11:58:00.000Z",
        "outcome": {
            "kind": "exited",
            "code": 0,
            "signal": None,
            "failure": None,
            "evidence": [],
            "remedy": None,
            "retry": None,
        },
        "run_id": "run-1",
        "attempt": None,
        "executor": None,
        "harness_version": None,
        "mode": None,
        "cwd": None,
        "policy_sha256": None,
        "named_profile": None,
        "ticket": None,
        "directives": 2,
        "last_reason": "execute: it ended",
    }
    unknown = {"process_id": "old-1", "run_id": None, "stage": None, "runtime_id": None, "outcome": None}
    assert document == {
        "schema_version": 1,
        "stages": {"interview": ["claude_code", None], "execute": ["codex"]},
        "processes": [row, {**row, **unknown, "ended_at": None}],
        "unreadable": [],
        **WELL,
    }
    assert meets("replay", document)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("launch-specs", {"specs": list, "findings": list}),
        ("processes", {"processes": list}),
        ("replay", {"stages": dict, "processes": list}),
    ],
)
def test_a_failure_is_a_document_of_the_same_schema_with_nothing_in_it(name: str, answer: dict[str, type[Any]]) -> None:
    document = failed_json(answer.items(), f"no {SECRET}", "mend it", [SECRET], exit_code=ExitCode.USAGE)
    assert document == {
        "schema_version": 1,
        **{key: type_() for key, type_ in answer.items()},
        "ok": False,
        "exit_code": 2,
        "error": {"message": "no [redacted]", "remedy": "mend it"},
    }
    assert meets(name, document)


def test_any_text_makes_one_ascii_document(running: ProcessView) -> None:
    text = dumps(processes_json([replace(running, agent="\x1b[2J\ud800\u2028ü")], ()))
    assert text.isascii()
    assert json.loads(text)["processes"][0]["agent"] == "\x1b[2J\ud800\u2028ü"


def test_a_spec_without_a_literal_secret_is_printed_as_the_document_that_can_be_started(spec: LaunchSpec) -> None:
    assert specs_json([spec], (), ())["specs"] == [to_document(spec)]
