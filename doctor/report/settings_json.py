"""The JSON documents of the commands about settings. Fields are added, never removed, within a schema version.

Each is one object: first what was asked for, then ``ok``, ``exit_code`` and ``error``, which say how it went.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from doctor.exit_codes import ExitCode
from doctor.report.json_format import Object, answer, milliseconds
from doctor.report.redact import HIDDEN, Redactor, is_secret_name

if TYPE_CHECKING:
    from doctor.settings.importing import Imports
    from doctor.settings.init import Setup
    from doctor.settings.results import (
        Change,
        Daemon,
        Difference,
        EndpointEntry,
        EndpointVerdict,
        ProfileEntry,
        Shadow,
        Shown,
        Source,
        Used,
        Value,
        Written,
    )


def profiles_json(entries: Sequence["ProfileEntry"], secrets: Iterable[str]) -> Object:
    """The document of ``doctor profile list``."""
    clean = Redactor(secrets)
    active = next((entry.name for entry in entries if entry.active), None)
    return answer({"active": clean.optional(active), "profiles": [_profile(entry, clean) for entry in entries]})


def shown_json(shown: "Shown", secrets: Iterable[str]) -> Object:
    """The document of ``doctor profile show``."""
    clean = Redactor(secrets)
    return answer({"name": clean.optional(shown.name), "values": [_value(value, clean) for value in shown.values]})


def difference_json(difference: "Difference", secrets: Iterable[str]) -> Object:
    """The document of ``doctor profile diff``."""
    clean = Redactor(secrets)
    return answer({"a": clean(difference.a), "b": clean(difference.b), "changes": _changes(difference.changes, clean)})


def used_json(used: "Used", secrets: Iterable[str]) -> Object:
    """The document of ``doctor profile use``."""
    clean = Redactor(secrets)
    return answer(
        {
            "previous": clean.optional(used.previous),
            "active": clean.optional(used.active),
            "changes": _changes(used.changes, clean),
            "shadowed": [_value(value, clean) for value in used.shadowed],
            "daemons": _daemons(used.daemons, clean),
            "scope": used.scope,
        }
    )


def written_json(written: "Written", secrets: Iterable[str]) -> Object:
    """The document of a command that made, changed or removed one profile or endpoint."""
    return answer(_written(written, Redactor(secrets)))


def several_json(written: Sequence["Written"], secrets: Iterable[str]) -> Object:
    """The document of a command that made several profiles."""
    clean = Redactor(secrets)
    return answer({"profiles": [_written(each, clean) for each in written]})


def imports_json(imports: "Imports", secrets: Iterable[str], *, exit_code: ExitCode = ExitCode.OK) -> Object:
    """The document of ``doctor profile import``."""
    clean = Redactor(secrets)
    profiles = [
        {
            "name": clean(each.name),
            "source": clean(each.source),
            "path": clean.optional(each.path),
            "problem": clean.optional(each.problem),
        }
        for each in imports.profiles
    ]
    notes = [
        {"key": clean(note.key), "message": clean(note.message), "path": clean(note.path), "line": note.line}
        for note in imports.notes
    ]
    return answer({"profiles": profiles, "notes": notes}, exit_code)


def endpoints_json(entries: Sequence["EndpointEntry"], secrets: Iterable[str]) -> Object:
    """The document of ``doctor endpoint list``."""
    clean = Redactor(secrets)
    return answer({"endpoints": [_endpoint(entry, clean) for entry in entries]})


def verdicts_json(
    verdicts: Sequence["EndpointVerdict"], secrets: Iterable[str], *, exit_code: ExitCode = ExitCode.OK
) -> Object:
    """The document of ``doctor endpoint test``."""
    clean = Redactor(secrets)
    return answer({"endpoints": [_verdict(verdict, clean) for verdict in verdicts]}, exit_code)


def setup_json(setup: "Setup", secrets: Iterable[str]) -> Object:
    """The document of ``doctor init``."""
    clean = Redactor(secrets)
    files = [
        {"path": clean(file.path), "what": clean(file.what), "exists": file.exists, "written": file.written}
        for file in setup.files
    ]
    return answer(
        {
            "route": clean(setup.route),
            "files": files,
            "found": clean(setup.found),
            "steps": [clean(step) for step in setup.steps],
        }
    )


def shown_value(key: str, value: str, clean: Redactor) -> str:
    """A value as it may leave: hidden where it is a variable's whose name says that it is a secret."""
    parent, _, name = key.rpartition(".")
    variable = parent == "env" or parent.endswith(".env")
    return HIDDEN if value and variable and is_secret_name(name) else clean(value)


def _profile(entry: "ProfileEntry", clean: Redactor) -> Object:
    return {
        "name": clean(entry.name),
        "kind": entry.kind,
        "active": entry.active,
        "description": clean(entry.description),
        "path": clean.optional(entry.path),
        "ok": entry.ok,
        "problem": clean.optional(entry.problem),
    }


def _value(value: "Value", clean: Redactor) -> Object:
    return {
        "key": clean(value.key),
        "value": shown_value(value.key, value.value, clean),
        "source": _source(value.source, clean),
        "shadows": [_shadow(value.key, shadow, clean) for shadow in value.shadows],
    }


def _shadow(key: str, shadow: "Shadow", clean: Redactor) -> Object:
    return {"value": shown_value(key, shadow.value, clean), "source": _source(shadow.source, clean)}


def _source(source: "Source", clean: Redactor) -> Object:
    return {"kind": source.kind, "path": clean.optional(source.path), "line": source.line}


def _changes(changes: Sequence["Change"], clean: Redactor) -> list[Object]:
    return [_change(change, clean) for change in changes]


def _change(change: "Change", clean: Redactor) -> Object:
    before, after = (
        None if value is None else shown_value(change.key, value, clean) for value in (change.before, change.after)
    )
    return {"key": clean(change.key), "before": before, "after": after}


def _daemons(daemons: Sequence["Daemon"], clean: Redactor) -> list[Object]:
    return [_daemon(daemon, clean) for daemon in daemons]


def _daemon(daemon: "Daemon", clean: Redactor) -> Object:
    values = {clean(key): shown_value(key, value, clean) for key, value in daemon.values.items()}
    return {"pid": daemon.pid, "ok": daemon.ok, "error": clean.optional(daemon.error), "values": values}


def _written(written: "Written", clean: Redactor) -> Object:
    return {
        "name": clean(written.name),
        "path": clean(written.path),
        "changes": _changes(written.changes, clean),
        "daemons": _daemons(written.daemons, clean),
    }


def _endpoint(entry: "EndpointEntry", clean: Redactor) -> Object:
    return {
        "name": clean(entry.name),
        "url": clean(entry.url),
        "kind": entry.kind,
        "key": clean.optional(entry.key),
        "default": entry.default,
        "source": _source(entry.source, clean),
        "ok": entry.ok,
        "problem": clean.optional(entry.problem),
    }


def _verdict(verdict: "EndpointVerdict", clean: Redactor) -> Object:
    return {
        "name": clean(verdict.name),
        "url": clean(verdict.url),
        "reachable": verdict.reachable,
        "auth": verdict.auth,
        "model": verdict.model,
        "detail": clean(verdict.detail),
        "duration_ms": milliseconds(verdict.duration_ms),
    }
