"""The JSON document of ``doctor fix``. Fields are added, never removed, within a schema version."""

from collections.abc import Iterable, Sequence

from doctor.exit_codes import ExitCode
from doctor.model.fixing import Application, FileChange, Repair, RepairPlan, UndoneFile
from doctor.report.fix_diff import diff
from doctor.report.json_format import Object, answer, finding_object
from doctor.report.redact import Redactor


def repairs_json(
    plan: RepairPlan,
    repairs: Sequence[Repair],
    *,
    action: str,
    identity: str | None,
    exit_code: ExitCode,
) -> Object:
    """The document of a plan, or of one that was carried out.

    Args:
        plan: What was planned.
        repairs: What became of each finding.
        action: ``plan`` or ``apply``.
        identity: By which it can be taken back.
        exit_code: How it went.
    """
    clean = Redactor(plan.secrets)
    return _document(
        action,
        identity,
        exit_code,
        fixes=[_repair(repair, clean) for repair in repairs],
        files=[_change(change, plan.project, clean) for change in plan.files],
    )


def undone_json(identity: str, files: Sequence[UndoneFile], secrets: Iterable[str], *, exit_code: ExitCode) -> Object:
    """The document of an application that was taken back."""
    clean = Redactor(secrets)
    shown = [
        {**_file(file.path, "undo", clean), "state": str(file.state), "reason": clean.optional(file.reason)}
        for file in files
    ]
    return _document("undo", identity, exit_code, files=shown)


def applications_json(applications: Sequence[Application], secrets: Iterable[str]) -> Object:
    """The document of what can be taken back."""
    clean = Redactor(secrets)
    shown = [
        {
            "id": each.id,
            "time": each.time,
            "state": each.state,
            "titles": [clean(title) for title in each.titles],
            "files": [clean(path) for path in each.files],
        }
        for each in applications
    ]
    return _document("list", None, ExitCode.OK, applications=shown)


def _document(
    action: str,
    identity: str | None,
    exit_code: ExitCode,
    *,
    fixes: Sequence[Object] = (),
    files: Sequence[Object] = (),
    applications: Sequence[Object] = (),
) -> Object:
    lists = {"fixes": list(fixes), "files": list(files), "applications": list(applications)}
    return answer({"action": action, "id": identity, **lists}, exit_code)


def _repair(repair: Repair, clean: Redactor) -> Object:
    return {
        "finding": finding_object(repair.finding, clean),
        "title": clean.optional(repair.fix.title if repair.fix else None),
        "files": [clean(file.path) for file in repair.fix.files] if repair.fix else [],
        "state": str(repair.state),
        "reason": clean.optional(repair.reason),
    }


def _change(change: FileChange, project: str, clean: Redactor) -> Object:
    action = "copy" if change.copy_of else "make" if change.is_new else "edit" if change.before is not None else "mode"
    lines = "".join(f"{line.text}\n" for line in diff(change, project, clean))
    return {
        **_file(change.path, action, clean),
        "mode": None if change.mode is None else f"{change.mode:o}",
        "diff": lines,
    }


def _file(path: str, action: str, clean: Redactor) -> Object:
    return {"path": clean(path), "action": action, "mode": None, "diff": None, "state": None, "reason": None}
