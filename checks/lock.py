"""LCK: everything is as it was when somebody agreed to it and locked it."""

from collections.abc import Iterator

import doctor

Moves = tuple[doctor.LockMove, ...]
LockFile = doctor.Loaded[doctor.Lock]

LOCKED_IN = "locked in .metawsm/doctor.lock"
REMEDY = "if that is meant, look at all of it and accept it (doctor lock); otherwise put it back"


def _moved(check: doctor.Check, lock_file: LockFile, moves: Moves, *sections: str) -> Iterator[doctor.Finding]:
    """A finding for each value of these sections that is not as it was locked."""
    document = lock_file.document
    for move in moves:
        if move.section in sections:
            yield check.finding(
                move.subject,
                f"{move.words} ({LOCKED_IN})" if move.locked and move.seen else move.words,
                remedy=REMEDY,
                location=document.at_key(move.pointer) if document else None,
                affects=move.affects,
                key=f"{move.subject} {move.field}",
            )


class LCK001(doctor.Check):
    """The project has a lock, and it can be read.

    With `--locked`, what runs has to be what somebody agreed to. Without a lock nobody did. This family is looked at
    only with `--locked`.
    """

    def run(self, lock_file: LockFile) -> Iterator[doctor.Finding]:
        """Fails when ``.metawsm/doctor.lock`` is missing, malformed, or of a version that is not read here."""
        for problem in lock_file.problems:
            newer = problem.rule == "version"
            yield self.finding(
                problem.subject,
                problem.message,
                remedy=problem.remedy if newer else "look at what is resolved (doctor), then write it: doctor lock",
                location=problem.location,
                affects=("*",),
            )


class LCK002(doctor.Check):
    """The policy and the active profile mean what they meant when they were locked.

    Formatting, comments and the order of keys are no change.
    """

    def run(self, lock_file: LockFile, lock_moves: Moves) -> Iterator[doctor.Finding]:
        """Fails when the policy means something else, or another profile, or another content of it, is active."""
        yield from _moved(self, lock_file, lock_moves, "policy", "profile")


class LCK003(doctor.Check):
    """Every harness has the version that was locked.

    A new release can know other flags, ask other questions and follow other defaults.
    """

    reads = ("process",)

    def run(self, lock_file: LockFile, lock_moves: Moves) -> Iterator[doctor.Finding]:
        """Fails when a harness has another version, is gone, or was not in use when the lock was written."""
        yield from _moved(self, lock_file, lock_moves, "harnesses")


class LCK004(doctor.Check):
    """Every skill and every prompt says what it said when it was locked.

    They are instructions: whoever changes them changes what agents do.
    """

    def run(self, lock_file: LockFile, lock_moves: Moves) -> Iterator[doctor.Finding]:
        """Fails when the content of a skill or a prompt is another one, or a skill comes from another root."""
        yield from _moved(self, lock_file, lock_moves, "skills", "prompts")


class LCK005(doctor.Check):
    """Every agent and every stage runs on what was locked.

    That is its harness, model, endpoint and the endpoint's host, its profile and its options.
    """

    def run(self, lock_file: LockFile, lock_moves: Moves) -> Iterator[doctor.Finding]:
        """Fails when any of these is another one, an agent is gone, or one is there that is not in the lock."""
        yield from _moved(self, lock_file, lock_moves, "agents", "stages")


@doctor.hookimpl
def doctor_register_checks() -> list[type[doctor.Check]]:
    """The checks of this family."""
    return [LCK001, LCK002, LCK003, LCK004, LCK005]
