"""JSON: one document with everything, for other programs. Fields are added, never removed, within a schema version."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from doctor.exit_codes import ExitCode
from doctor.model.binding import Binding, Choice, StageBinding
from doctor.model.finding import CheckResult, Finding, IgnoredFinding, Severity
from doctor.model.harness import Candidate, HarnessFact
from doctor.model.location import Location
from doctor.model.report import Report
from doctor.records import dataclass
from doctor.report.redact import Redactor, redactor_for

SCHEMA_VERSION = 1
TOOL = "harness-doctor"

Object = dict[str, Any]


def render(report: Report) -> str:
    """The report as one JSON document in ASCII, an agent, finding, check or other item per line."""
    return "".join(chunks(report))


def chunks(report: Report) -> Iterator[str]:
    """What ``render`` gives, in pieces."""
    return _pieces(_writer(report).members())


def dumps(document: Object) -> str:
    """A JSON document in ASCII with one line per key, and per item of a list of objects.

    Indenting every value would take ten times as long and nobody reads it twice.
    """
    members = ((key, iter(value) if _has_objects(value) else value) for key, value in document.items())
    return "".join(_pieces(members))


def answer(content: Object, exit_code: ExitCode = ExitCode.OK, *, error: Object | None = None) -> Object:
    """A command's whole document: what was asked for, and how it went.

    Args:
        content: The command's own keys.
        exit_code: What it ends with.
        error: Why there is no answer, and the next step.
    """
    ending = {"ok": exit_code is ExitCode.OK, "exit_code": int(exit_code), "error": error}
    return {"schema_version": SCHEMA_VERSION, **content, **ending}


def _has_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _pieces(members: Iterable[tuple[str, Any]]) -> Iterator[str]:
    """A document whose lists of objects are iterators."""
    opening = "{"
    for key, value in members:
        yield f"{opening}\n {_text(key)}: "
        if isinstance(value, Iterator):
            yield from _list(value)
        else:
            yield _text(value)
        opening = ","
    yield "\n}\n"


def _list(items: Iterator[Object]) -> Iterator[str]:
    opening = "["
    for item in items:
        yield f"{opening}\n  {_text(item)}"
        opening = ","
    yield "[]" if opening == "[" else "\n ]"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False)


def to_dict(report: Report) -> Object:
    """The report as plain values, secrets removed; what ``render`` prints."""
    members = _writer(report).members()
    return {key: list(value) if isinstance(value, Iterator) else value for key, value in members}


def _writer(report: Report) -> "_Writer":
    return _Writer(report=report, clean=redactor_for(report))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writer:
    """Turns one report into plain values."""

    report: Report
    clean: Redactor

    def members(self) -> Iterator[tuple[str, Any]]:
        """Keys and values of the document; a list of objects is an iterator, so that there is one at a time."""
        report = self.report
        facts = {fact.runtime_id: fact for fact in report.harnesses}
        document = {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": TOOL, "version": report.version},
            "ok": report.ok,
            "exit_code": int(report.exit_code),
            "policy": {
                "path": self.clean.optional(report.policy.path),
                "sha256": report.policy.sha256,
                "embedded_default": report.policy.embedded_default,
            },
            "profile": {
                "active": self.clean.optional(report.profile.active),
                "path": self.clean.optional(report.profile.path),
                "source": report.profile.source,
            },
            "harnesses": (self.harness(fact) for fact in report.harnesses),
            "stages": (self.stage(row, facts.get(row.runtime.value or "")) for row in report.stages),
            "agents": (self.agent(binding, facts.get(binding.runtime.value or "")) for binding in report.agents),
            "findings": (finding_object(finding, self.clean) for finding in report.findings),
            "ignored": (self.ignored(ignored) for ignored in report.ignored),
            "known": (finding_object(finding, self.clean) for finding in report.known),
            "checks": (self.check(result) for result in report.checks),
            "summary": {str(severity): report.count(severity) for severity in reversed(Severity)},
            "duration_ms": milliseconds(report.duration_ms),
        }
        return iter(document.items())

    def harness(self, fact: HarnessFact) -> Object:
        program = fact.program
        return {
            "runtime_id": fact.runtime_id,
            "title": self.clean(fact.title),
            "found": fact.found,
            "path": self.clean.optional(program.path),
            "path_source": program.path_source,
            "version": self.clean.optional(program.version),
            "version_text": self.clean.optional(program.version_text),
            "version_source": program.version_source,
            "auth": str(fact.auth),
            "auth_detail": self.clean.optional(fact.auth_detail),
            "status": self.report.harness_status(fact),
            "problem": str(program.problem) if program.problem else None,
            "candidates": [self.candidate(candidate) for candidate in program.candidates],
            "duration_ms": milliseconds(program.duration_ms),
        }

    def candidate(self, candidate: Candidate) -> Object:
        return {
            "source": candidate.source,
            "path": self.clean.optional(candidate.path),
            "problem": self.clean.optional(candidate.problem),
        }

    def stage(self, row: StageBinding, fact: HarnessFact | None) -> Object:
        origins = self.report.origins
        return {
            "stage": str(row.stage),
            **self.runtime(row.runtime, fact),
            **self.model(row.model),
            "endpoint": self.clean.optional(row.endpoint.value),
            "endpoint_source": row.endpoint.source,
            "ok": self.report.stage_ok(row),
            "runtime_location": self.line(
                origins.runtime(row.runtime.source, row.stage, row.profile_index) if origins else None
            ),
            **self.origins(row),
        }

    def agent(self, binding: Binding, fact: HarnessFact | None) -> Object:
        launch = binding.launch
        return {
            "agent": self.clean(binding.agent),
            "profile": self.clean(binding.profile),
            "stage": str(binding.stage),
            **self.runtime(binding.runtime, fact),
            **self.model(binding.model),
            "endpoint": self.clean.optional(binding.endpoint.value),
            "endpoint_source": binding.endpoint.source,
            "ok": self.report.agent_ok(binding),
            "session": self.clean(binding.session),
            "prompt_sha256": binding.prompt_sha256,
            "skills": [self.skill(name, binding.runtime.value or "") for name in binding.skills],
            "argv": self.clean.argv(launch.argv) if launch else None,
            "notes": [self.clean(note) for note in launch.notes] if launch else [],
            "grants": [self.clean(grant) for grant in launch.grants] if launch else [],
            **self.origins(binding),
        }

    def runtime(self, runtime: Choice, fact: HarnessFact | None) -> Object:
        return {
            "runtime_id": self.clean.optional(runtime.value),
            "source": runtime.source,
            "shadowed": [self.clean(weaker) for weaker in runtime.shadowed],
            "path": self.clean.optional(fact.program.path) if fact else None,
            "version": self.clean.optional(fact.program.version) if fact else None,
        }

    def model(self, model: Choice) -> Object:
        return {"model": self.clean.optional(model.value), "model_source": model.source}

    def origins(self, row: Binding | StageBinding) -> Object:
        """Where the row's model and endpoint stand, and what the model hides."""
        stage, origins = row.stage, self.report.origins
        return {
            "model_location": self.line(origins.model(row.model.source, stage, row.profile_index) if origins else None),
            "model_shadowed": [self.clean(weaker) for weaker in row.model.shadowed],
            "model_unused": [self.clean(spec) for spec in row.unused_models],
            "endpoint_location": self.line(origins.endpoint(row.endpoint, stage) if origins else None),
        }

    def line(self, location: Location | None) -> Object | None:
        return {"path": self.clean(location.path), "line": location.line} if location else None

    def skill(self, name: str, runtime_id: str) -> Object:
        fact = self.report.skills.get((name, runtime_id))
        return {
            "name": self.clean(name),
            "path": self.clean.optional(fact.path) if fact else None,
            "source": str(fact.source) if fact and fact.source else None,
            "sha256": fact.sha256 if fact else None,
        }

    def ignored(self, ignored: IgnoredFinding) -> Object:
        return {
            **finding_object(ignored.finding, self.clean),
            "reason": self.clean(ignored.reason),
            "until": ignored.until,
        }

    def check(self, result: CheckResult) -> Object:
        return {
            "code": result.code,
            "status": str(result.status),
            "reason": self.clean.optional(result.reason),
            "duration_ms": milliseconds(result.duration_ms),
        }


def finding_object(finding: Finding, clean: Redactor) -> Object:
    """A finding as plain values, secrets removed by ``clean``."""
    return {
        "code": finding.code,
        "severity": str(finding.severity),
        "subject": clean(finding.subject),
        "message": clean(finding.message),
        "remedy": clean.optional(finding.remedy),
        "docs": finding.docs,
        "location": location_object(finding.location, clean),
        "fixable": finding.fixable,
        "fingerprint": finding.fingerprint,
    }


def location_object(location: Location | None, clean: Redactor) -> Object | None:
    """A place as plain values, secrets removed."""
    if location is None:
        return None
    return {
        "path": clean(location.path),
        "line": location.line,
        "column": location.column,
        "pointer": clean.optional(location.pointer),
    }


def milliseconds(duration: float) -> float:
    """A duration with microseconds as its last digits."""
    return round(duration, 3)
