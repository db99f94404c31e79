"""Settings that many change at once, or whose writers are killed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from doctor.config.paths import Paths
from doctor.config.profiles import active_profile, load_named_profile
from doctor.harness.registry import Registry, builtin_harnesses
from doctor.model.options import Options
from doctor.settings.store import Store

HERE = Path(__file__).parent
LIMIT_SECONDS = 300
FAST = b'agent.model = "codex:gpt-5.5"\n'
SLOW = b'agent.model = "claude:opus"\n' + b"# long\n" * 5000


@contextmanager
def crowds(options: Options, *, number: int, calls: int) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that are about to switch profiles; none is left."""
    argv = [sys.executable, str(HERE / "crowd.py"), str(options.home), str(options.cwd), str(calls)]
    every = [
        subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(number)
    ]
    try:
        yield every
    finally:
        for each in every:
            each.kill()
            each.communicate()


def test_two_hundred_switches_at_once_leave_every_reader_a_whole_choice(
    options: Options, store: Store, paths: Paths
) -> None:
    runners = Registry(builtin_harnesses()).specs()
    store.write("fast", FAST)
    store.write("slow", SLOW)
    store.point_to("fast")
    seen: set[tuple[str | None, bool]] = set()
    with crowds(options, number=4, calls=50) as every:
        for each in every:
            assert each.stdout is not None
            assert each.stdout.readline() == "ready\n"
        for each in every:
            assert each.stdin is not None
            each.stdin.write("\n")
            each.stdin.flush()
        while any(each.poll() is None for each in every):
            chosen = active_profile(flag=None, environment={}, paths=paths, runners=runners)
            seen.add((chosen.name, not chosen.problems))
            assert {name: store.read(name) for name in store.names()} == {"fast": FAST, "slow": SLOW}
        assert [each.communicate() for each in every] == [("50\n", "")] * 4
    assert seen == {("fast", True), ("slow", True)}
    assert store.pointer() in {"fast", "slow"}


def test_a_reader_meets_no_gap_while_the_active_profile_is_renamed(store: Store, paths: Paths) -> None:
    """Between the pointer and the file that it names, a rename may take the file away."""
    runners = Registry(builtin_harnesses()).specs()
    store.write("a", FAST)
    store.point_to("a")
    renamer = subprocess.Popen(
        [sys.executable, "-c", RENAMING, str(paths.config_dir)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    problems = []
    while renamer.poll() is None:
        chosen = active_profile(flag=None, environment={}, paths=paths, runners=runners)
        problems += [problem.message for problem in chosen.problems]
    renamer.communicate()
    assert (problems, renamer.returncode, load_named_profile(store.path("a"), runners=runners).problems) == ([], 0, ())


RENAMING = """
import sys
from pathlib import Path
from doctor.config.paths import Paths
from doctor.harness.registry import Registry, builtin_harnesses
from doctor.settings.store import Store

own = Path(sys.argv[1])
store = Store(Paths(config_dir=own, state_dir=own, cache_dir=own), runners=Registry(builtin_harnesses()).specs())
for _ in range(100):
    store.rename("a", "b")
    store.rename("b", "a")
"""


@pytest.mark.slow
def test_writers_killed_at_any_moment_leave_whole_files_and_a_pointer_that_leads_somewhere(
    options: Options, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, str(HERE / "crashes.py"), str(options.home), str(options.cwd), "200", "7"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        timeout=LIMIT_SECONDS,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.slow
def test_a_change_may_end_before_any_single_thing_that_it_does_to_a_file(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(HERE / "crash_points.py"), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        timeout=LIMIT_SECONDS,
    )
    assert (done.returncode, done.stderr) == (0, "")
    counts = dict(line.split("=") for line in done.stdout.splitlines())
    assert len(counts) == 8
    assert all(int(number) >= 5 for number in counts.values())
