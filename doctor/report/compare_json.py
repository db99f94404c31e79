"""The JSON document of ``doctor compare``. Fields are added, never removed, within a schema version."""

from doctor.model.comparison import Approval, Change, Comparison, SideRef
from doctor.report.json_format import Object, answer, dumps, finding_object, location_object
from doctor.report.redact import Redactor


def render(comparison: Comparison) -> str:
    """The comparison as one JSON document in ASCII, a change per line."""
    return dumps(to_dict(comparison))


def to_dict(comparison: Comparison) -> Object:
    """The comparison as plain values, secrets removed."""
    clean = Redactor(comparison.secrets)
    content = {
        "base": clean(comparison.base.name),
        "head": clean(comparison.head.name),
        "verdict": str(comparison.verdict),
        "changes": [_change(change, clean) for change in comparison.changes],
        "sides": {"base": _side(comparison.base, clean), "head": _side(comparison.head, clean)},
        "approvals": [_approval(approval, clean) for approval in comparison.approvals],
        "findings": [finding_object(finding, clean) for finding in comparison.findings],
        "notices": [clean(notice) for notice in comparison.notices],
    }
    return answer(content, comparison.exit_code)


def clean_words(text: str | None, clean: Redactor) -> str | None:
    """A value without secrets: it may be a command, with one behind an option."""
    return clean.argv([text])[0] if text is not None else None


def _side(side: SideRef, clean: Redactor) -> Object:
    return {
        "name": clean(side.name),
        "kind": side.kind,
        "commit": side.commit,
        "policy": clean.optional(side.policy),
    }


def _change(change: Change, clean: Redactor) -> Object:
    return {
        "subject": clean(change.subject),
        "field": change.field,
        "before": clean_words(change.before, clean),
        "after": clean_words(change.after, clean),
        "class": str(change.verdict),
        "reason": clean_words(change.reason, clean),
        "fingerprint": change.fingerprint,
        "location": location_object(change.location, clean),
        "group": change.group,
        "side": "base" if change.in_base else "head",
        "denied": change.denied,
        "approved": change.approval is not None,
    }


def _approval(approval: Approval, clean: Redactor) -> Object:
    return {
        "fingerprint": approval.fingerprint,
        "who": clean(approval.who),
        "why": clean(approval.why),
        "until": approval.until,
        "state": str(approval.state),
        "location": location_object(approval.location, clean),
    }
