"""Reading an attestation, and what holds it together."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from doctor.config.issues import Issues
from doctor.config.leaves import Vocabulary
from doctor.config.loading import load, newer
from doctor.config.problems import Loaded
from doctor.config.typed import BAD
from doctor.model.fields import key
from doctor.model.meaning import sha256_of
from doctor.records import dataclass

VERSION = 1
SECTIONS = ("options", "policy", "profile", "harnesses", "skills", "prompts", "agents", "stages", "checks", "findings")
"""The parts of an attestation, in their order."""

_REMEDY = "get the attestation from whoever made it again, or make a new one: doctor attest"
_SHA256 = r"[0-9a-f]{64}"
_DIGEST = "64 hex digits"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestedTool:
    """What attested. No part of the claim."""

    name: str = key("Its name.")
    version: str = key("Its version.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """What was checked, found and resolved, with its hashes."""

    attestation: int = key("Version of this format; 1.", minimum=1)
    claim: str = key("Hash over the hashes of the sections.", pattern=_SHA256, expected=_DIGEST)
    sections: Mapping[str, str] = key("Hash of each section of the evidence.", pattern=_SHA256, expected=_DIGEST)
    evidence: Mapping[str, Any] = key("What was checked, found and resolved, by section.")
    tool: AttestedTool = key("What attested; no part of the claim.")
    made_at: str = key("When, in UTC; no part of the claim.")


def claim_of(sections: Mapping[str, str]) -> str:
    """The claim over the hashes of sections."""
    return sha256_of({"attestation": VERSION, "sections": dict(sections)})


def load_attestation(path: Path, *, content: bytes | None = None) -> Loaded[Attestation]:
    """Read an attestation, with everything that is wrong with it: also where it does not fit its own hashes.

    Args:
        path: The file.
        content: What to take for the file's content instead of reading it.
    """
    return load(path, "json", Attestation, runners=(), rules=_rules, content=content)


def _rules(made: Attestation, _data: Any, _words: Vocabulary, issues: Issues) -> None:
    if newer(made.attestation, "attestation", known=VERSION, issues=issues):
        return
    if BAD in (made.sections, made.evidence, made.claim) or BAD in made.sections.values():
        return
    _evidence_rules(made, issues)
    for group in ("sections", "evidence"):
        for name in getattr(made, group):
            if name not in SECTIONS:
                issues.add("unknown-key", f"there is no section {name}", group, name, remedy=_REMEDY, at_key=True)
    if claim_of(made.sections) != made.claim:
        issues.add("value", "the claim does not fit the hashes of the sections", "claim", remedy=_REMEDY)


def _evidence_rules(made: Attestation, issues: Issues) -> None:
    for name in SECTIONS:
        if name not in made.sections:
            issues.add("value", f"the section {name} is missing", "sections", remedy=_REMEDY)
        elif name not in made.evidence:
            issues.add("value", f"the section {name} is missing", "evidence", remedy=_REMEDY)
        elif sha256_of(made.evidence[name]) != made.sections[name]:
            issues.add(
                "value", "this is not what was attested: it does not fit its hash", "evidence", name, remedy=_REMEDY
            )
