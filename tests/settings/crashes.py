"""Writers that are killed at any moment: ``crashes.py HOME PROJECT TIMES SEED``; fails at what is torn."""

import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path

from doctor.config.paths import machine_paths
from doctor.errors import UsageError
from doctor.harness.registry import Registry, builtin_harnesses
from doctor.model.options import Options
from doctor.settings import verbs
from doctor.settings.store import Store

SMALL = b'agent.model = "codex:gpt-5.5"\n'
LARGE = SMALL + b"# long\n" * 20_000
WHOLE = (SMALL, LARGE)
LONGEST_LIFE = 0.1
"""Seconds; a change takes some ten milliseconds."""


def typed(argv: Sequence[str]) -> int:
    """Somebody replaces a small profile by a large one, or the other way round."""
    path = Path(argv[-1])
    path.write_bytes(SMALL if path.stat().st_size > len(SMALL) else LARGE)
    return 0


def write(options: Options, action: str) -> None:
    """Change settings until killed."""
    for number in count():
        name, other = ("fast", "slow")[:: 1 - 2 * (number % 2)]
        with suppress(UsageError):
            if action == "use":
                verbs.use(options, name)
            elif action == "create":
                verbs.create(options, f"new{number}", source=name)
                verbs.create(options, "again", source=name, force=True)
                verbs.use(options, f"new{number}")
            elif action == "edit":
                verbs.edit(options, other, typed)
            elif action == "rename":
                verbs.use(options, "a" if number % 2 else "b")
                verbs.rename(options, *("ab"[:: 1 - 2 * (number % 2)]))
            else:
                verbs.create(options, "brief", source=name, force=True)
                verbs.use(options, "brief")
                verbs.delete(options, "brief", force=True)


def main() -> None:
    """Kill one writer after the other, and look at what each one left."""
    home, project = Path(sys.argv[1]), Path(sys.argv[2])
    chance = random.Random(int(sys.argv[4]))
    options = Options(cwd=project, home=home, environment={"HOME": str(home)}, autoload=False)
    store = Store(machine_paths(options.environment, home), runners=Registry(builtin_harnesses()).specs())
    for name, content in (("fast", SMALL), ("slow", LARGE), ("a", SMALL)):
        store.write(name, content)
    store.point_to("fast")
    verbs.use(options, "fast")
    for number in range(int(sys.argv[3])):
        action = ("use", "create", "edit", "rename", "delete")[number % 5]
        child = os.fork()
        if child == 0:
            write(options, action)
        time.sleep(chance.uniform(0, LONGEST_LIFE))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        told = [name for name in store.names() if store.read(name) not in WHOLE]
        pointed = store.pointer()
        if told or (pointed is not None and pointed not in store.names()):
            sys.exit(f"after {action}: torn {told}, the pointer says {pointed!r} of {store.names()}")
        for path in store.paths.profiles_dir.glob("new*.toml"):
            if path.stem != pointed:
                store.remove(path.stem)
    verbs.use(options, "slow")


if __name__ == "__main__":
    main()
