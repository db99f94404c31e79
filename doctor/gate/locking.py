"""Writing a lock: what is resolved today becomes what was agreed to."""

from pathlib import Path

from doctor.config.files import is_there
from doctor.config.lock import load_lock, lock_path, lock_text
from doctor.config.problems import Loaded
from doctor.diagnosis.locked import moves
from doctor.diagnosis.run import Examined
from doctor.errors import UsageError
from doctor.exit_codes import ExitCode
from doctor.gate.places import update_file
from doctor.model.finding import Severity
from doctor.model.lock import Lock, LockMove
from doctor.records import dataclass
from doctor.report.redact import redactor_for


@dataclass(frozen=True, slots=True, kw_only=True)
class LockChange:
    """What writing a lock changes."""

    path: str
    lock: Lock
    changes: tuple[LockMove, ...]
    """What is not as the lock that is there says; empty where there is none to compare with."""

    before: str
    """``none``, ``unreadable`` or ``read``: the lock that is there."""

    refusal: str | None
    """Why it is not written without being told to; ``None``: nothing stands against it."""


def resolved(examined: Examined, *, to: str) -> Lock:
    """What is resolved, as a lock of it would say.

    Args:
        examined: The diagnosis.
        to: What is to be done with it, for the error.

    Raises:
        UsageError: The configuration cannot be read.
    """
    if examined.report.exit_code is ExitCode.USAGE or examined.policy is None:
        raise UsageError(
            f"the configuration cannot be read, so there is nothing to {to}", remedy="mend what doctor says about it"
        )
    lock: Lock = examined.fact("lock_now")()
    return lock


def plan_lock(examined: Examined) -> LockChange:
    """What the lock of what was resolved is, and what that changes.

    Args:
        examined: A whole diagnosis, of all agents and stages.

    Raises:
        UsageError: The configuration cannot be read, or the lock's place is a link to something else.
    """
    now = resolved(examined, to="lock")
    path = lock_path(examined.prepared.project.root)
    text = lock_text(now)
    if redactor_for(examined.report)(text) != text:
        raise UsageError(
            "the lock would hold what looks like a secret: in a name of an agent, skill, model, endpoint or profile",
            remedy="take it out of the name (doctor says where, see SEC001)",
        )
    loaded = load_lock(path) if is_there(path) else None
    if loaded is not None and loaded.value is None and path.is_symlink():
        raise UsageError(
            f"{path} is a link to something that is no lock, so it is left as it is",
            remedy=f"look at what it names, and remove the link: rm {path}",
        )
    return LockChange(
        path=str(path),
        lock=now,
        changes=moves(loaded.value, now) if loaded and loaded.value else (),
        before="none" if loaded is None else "read" if loaded.value else "unreadable",
        refusal=_refusal(examined, loaded),
    )


def _refusal(examined: Examined, loaded: Loaded[Lock] | None) -> str | None:
    report = examined.report
    newer = next((each for each in loaded.problems if each.rule == "version"), None) if loaded else None
    if newer is not None:
        return f"the lock that is there cannot be read: {newer.message}"
    errors = [finding for finding in (*report.findings, *report.known) if finding.severity is Severity.ERROR]
    if errors:
        more = f" and {len(errors) - 1} more" if len(errors) > 1 else ""
        return f"there are errors: {errors[0].code} about {errors[0].subject}{more}"
    if report.exit_code is ExitCode.INCOMPLETE:
        return "a check did not end, so nobody knows what would be agreed to"
    return None


def write_lock(change: LockChange) -> bool:
    """Write it, and say whether that changed the file.

    Raises:
        UsageError: The file cannot be written.
    """
    return update_file(Path(change.path), lock_text(change.lock))
