"""Settings that many commands change at once, or whose commands are killed.

``nox -s crash`` does it much more often. ``DOCTOR_TEST_SWITCHES`` says how many switch at once, ``DOCTOR_TEST_CRASHES``
how many are killed, ``DOCTOR_TEST_SEED`` when.
"""

import os
import random
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.bench import Bench
from tests.e2e.named import pointed, profile, put, settings

pytestmark = pytest.mark.crash

SWITCHES = int(os.environ.get("DOCTOR_TEST_SWITCHES", "24"))
AT_ONCE = 25
CRASHES = int(os.environ.get("DOCTOR_TEST_CRASHES", "20"))
SEED = int(os.environ.get("DOCTOR_TEST_SEED", "1"))

SMALL = 'agent.model = "codex:gpt-5.5"\n'
LARGE = 'agent.model = "claude:opus"\n' + "# long\n" * 30_000
WHOLE = {SMALL, LARGE}
QUIET = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


@contextmanager
def started(bench: Bench, *commands: tuple[str, ...]) -> "Iterator[list[subprocess.Popen[bytes]]]":
    """Commands that run side by side; none is left."""
    every = [
        subprocess.Popen([*bench.argv, *command], cwd=bench.project, env=bench.environment, **QUIET)  # type: ignore[call-overload]
        for command in commands
    ]
    try:
        yield every
    finally:
        for each in every:
            each.kill()
            each.wait()


def torn(bench: Bench) -> list[str]:
    """What no reader may see: a profile that is not one of those written, or a pointer that leads nowhere."""
    name = pointed(bench)
    found = [] if name is None or profile(bench, name).exists() else [f"the pointer says {name!r}"]
    for path in profile(bench, "x").parent.glob("*.toml"):
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            continue  # deleted since it was listed
        if text not in WHOLE:
            found.append(f"{path.name} holds {len(text)} characters")
    return found


def test_many_switches_at_once_leave_every_reader_a_whole_choice(bench: Bench) -> None:
    put(bench, "fast", SMALL)
    put(bench, "slow", LARGE)
    bench.ask("profile", "use", "fast")
    seen: set[str | None] = set()
    for begin in range(0, SWITCHES, AT_ONCE):
        numbers = range(begin, min(begin + AT_ONCE, SWITCHES))
        commands = [("profile", "use", ("fast", "slow")[number % 2]) for number in numbers]
        with started(bench, *commands) as every:
            while any(each.poll() is None for each in every):
                assert torn(bench) == []
                seen.add(pointed(bench))
                listed = bench.ask("profile", "list")
                assert [each["name"] for each in listed["profiles"] if not each["ok"]] == []
                assert listed["active"] in {"fast", "slow"}
            assert {each.returncode for each in every} == {0}
    assert seen <= {"fast", "slow"}
    assert torn(bench) == []


def commands(bench: Bench, number: int) -> tuple[tuple[str, ...], ...]:
    """What is killed: every command that changes a profile or the pointer."""
    return (
        ("profile", "use", ("fast", "slow")[number % 2]),
        ("profile", "create", f"new{number}", "--from", ("fast", "slow")[number % 2]),
        ("profile", "edit", ("fast", "slow")[number % 2]),
        ("profile", "create", "fast", "--from", "slow", "--force"),
        ("profile", "use", "--clear"),
    )


def test_a_command_that_is_killed_at_any_point_leaves_old_or_new_files(bench: Bench) -> None:
    chance = random.Random(SEED)
    (bench.root / "wanted").write_text(LARGE, encoding="utf-8")
    bench.environment["TMPDIR"] = str(bench.root)
    bench.environment["EDITOR"] = str(bench.program("editor", f'cat {bench.root}/wanted >"$1"'))
    put(bench, "fast", SMALL)
    put(bench, "slow", LARGE)
    bench.ask("profile", "use", "fast")
    lasts = {}
    for command in commands(bench, 0):
        began = time.monotonic()
        assert bench.run(*command).returncode == 0
        lasts[command[:2]] = time.monotonic() - began
    for number in range(CRASHES):
        put(bench, "fast", SMALL)
        command = commands(bench, number + 1)[number % 5]
        after = chance.uniform(0.4, 1.1) * lasts[command[:2]]
        with started(bench, command) as [running]:
            try:
                running.wait(after)
            except subprocess.TimeoutExpired:
                running.kill()
        assert torn(bench) == [], f"seed {SEED}, {number}: {command} after {after:.3f} s"
    bench.ask("profile", "use", "slow")
    listed = bench.ask("profile", "list")
    assert (listed["active"], [each["name"] for each in listed["profiles"] if not each["ok"]]) == ("slow", [])
    bench.until(lambda: bench.processes() == [], "the editors to end")
    shown = {path.name for path in settings(bench).iterdir()}
    assert {name for name in shown if not name.startswith(".")} == {"profiles", "active-profile"}
