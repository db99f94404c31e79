"""Attesting what was checked, found and resolved, and comparing with it later.

The same state gives the same claim, wherever the project lies, whoever asks and whenever. So nothing in the evidence
is a path, a time or a duration, and nothing that only describes is in it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from doctor.__about__ import __version__
from doctor.config.attestation import SECTIONS, VERSION, Attestation, claim_of
from doctor.diagnosis.run import Examined
from doctor.errors import UsageError
from doctor.exit_codes import ExitCode
from doctor.gate.locking import resolved
from doctor.model.finding import Finding
from doctor.model.harness import HarnessFact
from doctor.model.lock import Lock, LockedStart
from doctor.model.meaning import canonical, sha256_of
from doctor.model.options import Options
from doctor.model.stage import Stage
from doctor.records import dataclass
from doctor.report.json_format import TOOL, Object
from doctor.report.redact import Redactor, redactor_for

MOST_ITEMS = 50
"""Things that differ in one section that are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A section that is not as it was attested."""

    section: str
    attested: str
    """Its hash then."""

    seen: str
    """Its hash now."""

    items: tuple[str, ...]
    """What differs in it, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What comparing with an attestation gave."""

    attested: str
    """The claim then."""

    seen: str
    """The claim now."""

    differences: tuple[Difference, ...]

    @property
    def exit_code(self) -> ExitCode:
        """``OK`` where nothing differs."""
        return ExitCode.FINDINGS if self.differences else ExitCode.OK


def attest(examined: Examined, *, now: datetime) -> Object:
    """The attestation of a diagnosis, as a JSON document.

    Args:
        examined: The diagnosis.
        now: When it is made; no part of the claim.

    Raises:
        UsageError: The configuration cannot be read, so there is nothing to attest.
    """
    evidence = evidence_of(examined)
    sections = {name: sha256_of(value) for name, value in evidence.items()}
    return {
        "attestation": VERSION,
        "claim": claim_of(sections),
        "sections": sections,
        "evidence": evidence,
        "tool": {"name": TOOL, "version": __version__},
        "made_at": now.isoformat(timespec="seconds"),
    }


def evidence_of(examined: Examined) -> dict[str, Any]:
    """What an attestation says of a diagnosis, by section, as plain values.

    Raises:
        UsageError: The configuration cannot be read.
    """
    lock = resolved(examined, to="attest")
    report, profile = examined.report, lock.profile
    evidence: dict[str, Any] = {
        "options": _options(examined.prepared.options),
        "policy": {"sha256": lock.policy.sha256, "embedded_default": report.policy.embedded_default},
        "profile": {"name": profile.name, "sha256": profile.sha256} if profile else None,
        "harnesses": _harnesses(lock, report.harnesses),
        "skills": {
            f"{name} for {runtime_id}": {"source": skill.source, "sha256": skill.sha256, "files": skill.files}
            for runtime_id, skills in lock.skills.items()
            for name, skill in skills.items()
        },
        "prompts": {name: start.prompt for name, start in lock.agents.items()},
        "agents": {name: _start(start, *_AGENT_KEYS) for name, start in lock.agents.items()},
        "stages": {name: _start(start, *_STAGE_KEYS) for name, start in lock.stages.items()},
        "checks": {result.code: str(result.status) for result in report.checks},
        "findings": _findings(report.findings, "found")
        + _findings((each.finding for each in report.ignored), "ignored")
        + _findings(report.known, "known"),
    }
    clean = redactor_for(report)
    return {name: _clean(evidence[name], clean) for name in SECTIONS}


def _harnesses(lock: Lock, facts: Iterable[HarnessFact]) -> dict[str, Any]:
    """Those that an agent or a stage runs on."""
    used = {start.harness for start in (*lock.agents.values(), *lock.stages.values())}
    return {
        fact.runtime_id: {
            "version": lock.harnesses.get(fact.runtime_id),
            "found": fact.found,
            "auth": str(fact.auth),
        }
        for fact in sorted(facts, key=lambda each: each.runtime_id)
        if fact.runtime_id in used
    }


def _clean(value: Any, clean: Redactor) -> Any:
    """Plain values without secrets: what is hashed is what is shown."""
    if isinstance(value, Mapping):
        return {clean(name): _clean(item, clean) for name, item in value.items()}
    if isinstance(value, list):
        return [_clean(item, clean) for item in value]
    return clean(value) if isinstance(value, str) else value


_STAGE_KEYS = ("harness", "model", "endpoint", "host")
_AGENT_KEYS = ("stage", "profile", "options", *_STAGE_KEYS)


def _start(start: LockedStart, *keys: str) -> dict[str, str | None]:
    return {each.name: getattr(start, each.name) for each in fields(start) if each.name in keys}


def _findings(findings: Iterable[Finding], state: str) -> list[dict[str, Any]]:
    """Findings by what they are known by, in an order that depends on nothing else."""
    counted = Counter((each.code, str(each.severity), each.fingerprint) for each in findings)
    return [
        {"code": code, "severity": severity, "fingerprint": fingerprint, "state": state, "count": count}
        for (code, severity, fingerprint), count in sorted(counted.items())
    ]


def _options(options: Options) -> dict[str, Any]:
    """The options that decide what is looked at."""
    return {
        "select": sorted({each.strip().upper() for each in options.select}),
        "ignore": sorted({each.strip().upper() for each in options.ignore}),
        "keyword": options.keyword,
        "profile": options.profile,
        "runtime": options.runtime,
        "stage": str(options.stage) if options.stage else None,
        "online": options.online,
    }


def compare(made: Attestation, examined: Examined) -> Verdict:
    """Whether everything is as it was attested.

    Args:
        made: The attestation.
        examined: A diagnosis with the attestation's options.

    Raises:
        UsageError: The configuration cannot be read.
    """
    evidence = evidence_of(examined)
    sections = {name: sha256_of(value) for name, value in evidence.items()}
    differences = tuple(
        Difference(
            section=name,
            attested=made.sections[name],
            seen=sections[name],
            items=tuple(_items(made.evidence[name], evidence[name]))[:MOST_ITEMS],
        )
        for name in SECTIONS
        if made.sections[name] != sections[name]
    )
    return Verdict(attested=made.claim, seen=claim_of(sections), differences=differences)


def _items(then: Any, now: Any) -> Iterable[str]:
    """What differs between two values of one section, in words."""
    before, after = _by_name(then), _by_name(now)
    for name in sorted({*before, *after}):
        if before.get(name) == after.get(name):
            continue
        if name not in before:
            yield f"{name}: {_said(after[name])} is new"
        elif name not in after:
            yield f"{name}: {_said(before[name])} is gone"
        else:
            yield f"{name}: was {_said(before[name])}, is {_said(after[name])}"


def _by_name(value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return {
            f"{name} {own}" if isinstance(each, Mapping) else str(name): item
            for name, each in value.items()
            for own, item in (each.items() if isinstance(each, Mapping) else (("", each),))
        }
    if isinstance(value, list):
        return {_finding_name(each): each.get("state", "") if isinstance(each, Mapping) else "" for each in value}
    return {} if value is None else {"value": value}


def _finding_name(value: Any) -> str:
    if not isinstance(value, Mapping):
        return canonical(value)
    return " ".join(str(value.get(key, "")) for key in ("code", "severity", "fingerprint"))


def _said(value: Any) -> str:
    text = value if isinstance(value, str) else canonical(value)
    return text[:12] if len(text) == 64 and text.isalnum() else text  # noqa: PLR2004 - digits of a sha256


def options_of(made: Attestation, options: Options) -> Options:
    """The options that an attestation was made with, on the machine of ``options``.

    Raises:
        UsageError: They are none that this program has, or they ask for the network and ``options`` does not.
    """
    said = made.evidence["options"]
    if isinstance(said, Mapping) and said.get("online") is True and not options.online:
        raise UsageError(
            "the attestation was made with checks that use the network",
            remedy="allow them here too: doctor verify --online",
        )
    try:
        return replace(
            options,
            select=_texts(said["select"]),
            ignore=_texts(said["ignore"]),
            keyword=_text(said["keyword"]),
            profile=_text(said["profile"]),
            runtime=_text(said["runtime"]),
            stage=Stage(said["stage"]) if said["stage"] is not None else None,
            online=said["online"] is True,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"the attestation's options cannot be used: {error}") from error


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise TypeError(f"expected a list of texts, found {canonical(value)[:60]}")
    return tuple(value)


def _text(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise TypeError(f"expected a text, found {canonical(value)[:60]}")
    return value
