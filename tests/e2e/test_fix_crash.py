"""However ``doctor fix --apply`` is killed, every file is old or new, and ``doctor fix --undo`` takes it back.

``nox -s crash`` kills it at many more points. ``DOCTOR_TEST_FIX_CRASHES`` says at how many, ``DOCTOR_TEST_SEED`` where.
"""

import os
import random
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

pytestmark = pytest.mark.crash

BLOCK = 10
"""Times that one test kills it."""

BLOCKS = max(1, int(os.environ.get("DOCTOR_TEST_FIX_CRASHES", "10")) // BLOCK)
SEED = int(os.environ.get("DOCTOR_TEST_SEED", "1"))
WRITING = 0.03
"""Seconds around which it is done with writing once it has begun."""

KEY = "k1-written-in-plain-text"
POLICY = """\
{
  "version": 2,
  "tmx": {"socket": "mine"},
  "agent_profiles": [
    {"name": "p", "runner": "shell", "runner_options": {"command": "bash"}, "runner": "shell"}
  ],
  "agnets": [{"name": "a", "profile": "p"}]
}
"""
MACHINE = f"""\
# mine
[endpoints.attic]  # up there
url = "https://attic.example/v1"
api_key = "{KEY}"  # by hand
kindd = "openai"
"""
Tree = dict[str, tuple[int, bytes | None]]
Run = Callable[..., subprocess.CompletedProcess[str]]


class Machine:
    """One project and one machine with much to repair."""

    def __init__(self, home: Path, project: Path) -> None:
        self.project = project
        self.settings = home / ".config" / "harness-doctor"
        self.state = home / ".local" / "state" / "harness-doctor" / "fixes"
        self.settings.mkdir(parents=True)
        self.metawsm = project / ".metawsm"
        (project / ".git").mkdir()
        (self.metawsm / "processes").mkdir(parents=True)
        self.write()

    def write(self) -> None:
        """Make everything wrong again."""
        for path, content, mode in (
            (self.metawsm / "policy.json", POLICY, 0o666),
            (self.settings / "machine.toml", MACHINE, 0o644),
        ):
            path.write_text(content)
            path.chmod(mode)

    def tree(self) -> Tree:
        """Every file and directory that repairs may touch: its mode and its content."""
        every = [path for root in (self.project, self.settings) for path in (root, *root.rglob("*"))]
        return {str(path): (path.stat().st_mode, path.read_bytes() if path.is_file() else None) for path in every}


def killed(
    argv: tuple[str, ...], machine: Machine, environment: Mapping[str, str], after: float, *, writing: bool
) -> bool:
    """Run it, and kill it so many seconds after its start, or after it began to write; ``False``: it was through."""
    locked = machine.state / ".lock"
    locked.unlink(missing_ok=True)
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    command = (*argv, "fix", "--apply")
    with subprocess.Popen(command, cwd=machine.project, env=dict(environment), **quiet) as running:  # type: ignore[call-overload]
        while writing and not locked.exists() and running.poll() is None:
            time.sleep(0.0005)
        try:
            running.wait(after)
        except subprocess.TimeoutExpired:
            running.kill()
            return True
    return False


def is_old_or_new(now: Tree, old: Tree, new: Tree) -> bool:
    """Whether every file that belongs here has one of two contents; others are what an end in the middle leaves."""
    known = {path: {tree[path][1] for tree in (old, new) if path in tree} for path in (*old, *new)}
    whole = all(now[path][1] in contents for path, contents in known.items() if path in now)
    return whole and all(path in now for path in old.keys() & new.keys())


@pytest.mark.parametrize("seed", range(SEED, SEED + BLOCKS))
def test_a_repair_that_is_killed_at_any_point_can_be_taken_back(
    doctor_argv: tuple[str, ...],
    run_doctor: Run,
    private_environment: dict[str, str],
    private_home: Path,
    private_project: Path,
    seed: int,
) -> None:
    chance = random.Random(seed)
    machine = Machine(private_home, private_project)
    old = machine.tree()
    began = time.monotonic()
    assert run_doctor("fix", "--apply").returncode == 0
    lasts = time.monotonic() - began
    new = machine.tree()
    assert KEY not in str({path: content for path, (_, content) in new.items() if not path.endswith(".key")})
    assert run_doctor("fix", "--undo").returncode == 0
    assert machine.tree() == old

    for number in range(BLOCK):
        writing = chance.random() < 0.8
        after = chance.uniform(0, WRITING) if writing else chance.uniform(0.1, 1) * lasts
        done = not killed(doctor_argv, machine, private_environment, after, writing=writing)
        start = "writing" if writing else "its start"
        when = f"seed {seed}, number {number}: {'through' if done else 'killed'} {after:.4f} s after {start}"
        print(when)  # noqa: T201 - shown where the test fails
        assert is_old_or_new(machine.tree(), old, new), when
        undone = run_doctor("fix", "--undo", "--format", "json")
        assert undone.returncode in {0, 2}, f"{when}: {undone.stdout}"
        assert undone.returncode == 0 or "nothing to take back" in undone.stdout, f"{when}: {undone.stdout}"
        assert machine.tree() == old, when

    assert run_doctor("fix", "--apply").returncode == 0
    assert machine.tree() == new
