"""Repairs are ended before every single thing that they do to a file: ``endings.py DIRECTORY apply|undo``.

Whatever is there then is old or new and whole, and taking it back leaves what was there before, to the last file.
"""

import os
import shutil
import sys
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from doctor.errors import UsageError
from doctor.gate.fixing.applying import apply
from doctor.model.fixing import RepairPlan
from tests.gate.fixing.conftest import POLICY, Bench

EVENTS = frozenset({"open", "os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir", "os.chmod", "ctypes.dlsym"})
"""The last one comes before two files change places."""

ENDED = 9
CODES = ("POL003", "END005", "RUN001", "SEC002")


def made(root: Path) -> Bench:
    """A project with something to repair of every kind: to edit, to make, and to close."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    bench = Bench(root)
    bench.write({**POLICY, "tmx": {"socket": "s"}})
    bench.settings('[endpoints.attic]\nurl = "https://x.example/v1"\napi_key = "k1-written-plainly"\n')
    (bench.project / ".git").mkdir()
    (bench.project / ".metawsm" / "processes").mkdir()
    (bench.project / ".metawsm").chmod(0o777)
    return bench


def end_at(number: int, below: str) -> None:
    """End this process before it touches a file below a directory for the ``number``-th time."""
    seen = count(1)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in EVENTS:
            return
        touched = event == "ctypes.dlsym" or any(str(each).startswith(below) for each in arguments[:2])
        if touched and next(seen) == number:
            os._exit(ENDED)

    sys.addaudithook(hook)


def ended(number: int, below: Path, action: Callable[[], object]) -> bool:
    """Whether an action was ended at its ``number``-th touch of a file; ``False``: it was through before."""
    child = os.fork()
    if child == 0:
        end_at(number, str(below))
        action()
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code not in {0, ENDED}:
        sys.exit(f"the action failed at {number}")
    return code == ENDED


def require_whole(bench: Bench, old: dict[str, Any], new: dict[str, Any], when: str) -> None:
    """Every file that belongs to the project is old or new; what is not there yet or any more is neither."""
    for path, (_, content) in bench.tree().items():
        known = [tree[path][1] for tree in (old, new) if path in tree]
        if known and content not in known:
            sys.exit(f"{when}: {path} is torn")
    for path in old.keys() & new.keys():
        if not (bench.root / path).exists():
            sys.exit(f"{when}: {path} is gone")


def take_back(bench: Bench, old: dict[str, Any], when: str) -> None:
    """Take back what was done, and expect what was there before."""
    try:
        undone = bench.undo()
    except UsageError as error:
        if "nothing to take back" not in error.message:
            raise
    else:
        if not undone.complete:
            sys.exit(f"{when}: not taken back: {undone.files}")
    if bench.tree() != old:
        sys.exit(f"{when}: left behind: {set(bench.tree().items()) ^ set(old.items())}")


def main() -> None:
    """End the applying, or the taking back, everywhere; say at how many places."""
    root, what = Path(sys.argv[1]) / "machine", sys.argv[2]
    bench = made(root)
    plan: RepairPlan = bench.plan(*CODES)[1]
    old = bench.tree()
    if apply(plan, bench.paths).failures:
        sys.exit("nothing was applied")
    new = bench.tree()
    for number in count(1):
        bench = made(root)
        if what == "apply":
            more = ended(number, root, partial(apply, plan, bench.paths))
        else:
            apply(plan, bench.paths)
            more = ended(number, root, bench.undo)
        when = f"{what}, ended at {number}"
        require_whole(bench, old, new, when)
        if what == "apply" or more:
            take_back(bench, old, when)
        if not more:
            sys.stdout.write(f"{number - 1}\n")
            return


if __name__ == "__main__":
    main()
