from collections.abc import Callable
from pathlib import Path

import pytest

import doctor
from checks.lock import LCK001, LCK002, LCK003, LCK004, LCK005
from doctor.config.lock import load_lock
from doctor.testing import run_check

SHA = "a" * 64
LOCK = f"""version = 1

[policy]
sha256 = "{SHA}"

[harnesses]
codex = "0.169.0"

[agents]
bob = {{ harness = "codex" }}
"""


@pytest.fixture
def lock_file(tmp_path: Path) -> Callable[..., doctor.Loaded[doctor.Lock]]:
    """``lock_file(text)`` is a lock as read; without a text there is none."""

    def make(text: str | None = LOCK) -> doctor.Loaded[doctor.Lock]:
        path = tmp_path / "doctor.lock"
        if text is not None:
            path.write_text(text, encoding="utf-8")
        return load_lock(path)

    return make


def move(section: str, subject: str = "harness codex", pointer: str = "/harnesses/codex") -> doctor.LockMove:
    return doctor.LockMove(
        section=section,
        subject=subject,
        field="version",
        locked="0.169.0",
        seen="0.170.1",
        pointer=pointer,
        affects=("runtime:codex",),
    )


def test_a_lock_that_can_be_read_is_fine(lock_file: Callable[..., doctor.Loaded[doctor.Lock]]) -> None:
    assert run_check(LCK001, lock_file=lock_file()).status == "passed"


@pytest.mark.parametrize(
    ("text", "seen", "remedy"),
    [
        (None, "does not exist", "doctor lock"),
        ("version = 1\n<<<<<<< HEAD\n", "", "doctor lock"),
        ("version = 2\n", "newer than 1", "update harness-doctor"),
        ('version = 1\npolicy = { sha256 = "x" }\n', "64 hex digits", "doctor lock"),
        (LOCK + "[harneses]\n", "harneses", "doctor lock"),
    ],
)
def test_a_lock_that_says_nothing_that_can_be_trusted_fails(
    lock_file: Callable[..., doctor.Loaded[doctor.Lock]], text: str | None, seen: str, remedy: str
) -> None:
    outcome = run_check(LCK001, lock_file=lock_file(text))
    assert outcome.status == "failed"
    assert {each.affects for each in outcome.findings} == {("*",)}
    assert any(seen in f"{each.subject}: {each.message}" for each in outcome.findings)
    assert any(remedy in (each.remedy or "") for each in outcome.findings)


@pytest.mark.parametrize(
    ("check", "sections"),
    [
        (LCK002, {"policy", "profile"}),
        (LCK003, {"harnesses"}),
        (LCK004, {"skills", "prompts"}),
        (LCK005, {"agents", "stages"}),
    ],
)
def test_each_check_tells_what_moved_in_its_own_sections(
    lock_file: Callable[..., doctor.Loaded[doctor.Lock]], check: type[doctor.Check], sections: set[str]
) -> None:
    every = ("policy", "profile", "harnesses", "skills", "prompts", "agents", "stages")
    moves = tuple(move(section, subject=section) for section in every)
    outcome = run_check(check, lock_file=lock_file(), lock_moves=moves)
    assert {each.subject for each in outcome.findings} == sections


def test_what_moved_is_said_with_both_values_and_the_place_in_the_lock(
    lock_file: Callable[..., doctor.Loaded[doctor.Lock]],
) -> None:
    [finding] = run_check(LCK003, lock_file=lock_file(), lock_moves=(move("harnesses"),)).findings
    assert finding.message == ("harness codex: version was 0.169.0, is 0.170.1 (locked in .metawsm/doctor.lock)")
    assert finding.affects == ("runtime:codex",)
    assert finding.location is not None
    assert (finding.location.line, finding.location.pointer) == (7, "/harnesses/codex")
    assert "doctor lock" in (finding.remedy or "")


def test_nothing_that_moved_is_nothing_to_tell(lock_file: Callable[..., doctor.Loaded[doctor.Lock]]) -> None:
    for check in (LCK002, LCK003, LCK004, LCK005):
        assert run_check(check, lock_file=lock_file(), lock_moves=()).status == "passed"
