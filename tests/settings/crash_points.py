"""Each change is ended before every single thing that it does to a file: ``crash_points.py DIRECTORY``."""

import os
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import profiles
from doctor.config.paths import machine_paths
from doctor.harness.registry import Registry, builtin_harnesses
from doctor.model.options import Options
from doctor.settings import verbs
from doctor.settings.store import Store

SMALL = b'agent.model = "codex:gpt-5.5"\n'
LARGE = b'agent.model = "claude:opus"\n' + b"# long\n" * 20_000
EVENTS = frozenset({"open", "os.rename", "os.remove", "os.link", "os.mkdir", "os.truncate", "os.chmod"})
ENDED = 9


def replaced(argv: Any) -> int:
    """Somebody writes another profile into the copy."""
    Path(argv[-1]).write_bytes(LARGE)
    return 0


ACTIONS: dict[str, Callable[[Options], object]] = {
    "use": lambda options: verbs.use(options, "slow"),
    "use a starter": lambda options: verbs.use(options, "codex"),
    "clear": lambda options: verbs.use(options, None),
    "create": lambda options: verbs.create(options, "new", source="slow"),
    "replace": lambda options: verbs.create(options, "fast", source="slow", force=True),
    "edit": lambda options: verbs.edit(options, "fast", replaced),
    "rename": lambda options: verbs.rename(options, "fast", "quick"),
    "delete": lambda options: verbs.delete(options, "fast", force=True),
}


def endings(directory: Path, action: str) -> int:
    """How many ends an action came to before it was through."""
    for number in count(1):
        home, project = directory / f"{action} {number}", directory / "project"
        home.mkdir()
        options = Options(cwd=project, home=home, environment={"HOME": str(home)}, autoload=False)
        store = Store(machine_paths(options.environment, home), runners=Registry(builtin_harnesses()).specs())
        store.write("fast", SMALL)
        store.write("slow", LARGE)
        store.point_to("fast")
        child = os.fork()
        if child == 0:
            end_at(number, str(home))
            ACTIONS[action](options)
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        require_whole(store, f"{action}, ended at {number}")
        if code != ENDED:
            return number - 1 if code == 0 else sys.exit(f"{action} failed")
    raise AssertionError


def end_at(number: int, below: str) -> None:
    """End this process before it touches a file below a directory for the ``number``-th time."""
    seen = count(1)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in EVENTS and any(str(each).startswith(below) for each in arguments[:2]) and next(seen) == number:
            os._exit(ENDED)

    sys.addaudithook(hook)


def require_whole(store: Store, when: str) -> None:
    """Every file is one of those that were written, and the pointer leads to one of them."""
    allowed = (SMALL, LARGE, profiles.starter("codex"))
    pointed = store.pointer()
    if any(store.read(name) not in allowed for name in store.names()):
        sys.exit(f"{when}: a file is torn")
    if pointed is not None and pointed not in store.names():
        sys.exit(f"{when}: the pointer says {pointed!r}, and there are {store.names()}")


def main() -> None:
    """Say how many ends each action came to."""
    directory = Path(sys.argv[1])
    (directory / "project" / ".git").mkdir(parents=True)
    for action in ACTIONS:
        sys.stdout.write(f"{action}={endings(directory, action)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
