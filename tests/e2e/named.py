"""Named profiles and settings of a bench, as files."""

import os
from pathlib import Path

from tests.e2e.bench import Bench


def settings(bench: Bench) -> Path:
    """Where this machine's settings are."""
    return bench.home / ".config" / "harness-doctor"


def profile(bench: Bench, name: str) -> Path:
    """The file of a named profile."""
    return settings(bench) / "profiles" / f"{name}.toml"


def put(bench: Bench, name: str, text: str) -> Path:
    """Write a profile by hand."""
    path = profile(bench, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def pointed(bench: Bench) -> str | None:
    """What the pointer to the active profile says; ``None`` where there is none."""
    try:
        return (settings(bench) / "active-profile").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None


def everything(bench: Bench) -> dict[str, bytes | str]:
    """Every file of the machine's settings and of the project's own, with its content."""
    found: dict[str, bytes | str] = {}
    for root in (settings(bench), bench.metawsm):
        for path in root.rglob("*"):
            place = str(path.relative_to(bench.root))
            found[place] = path.read_bytes() if path.is_file() else os.fspath(path.parent)
    return found


def line_of(path: Path, text: str) -> dict[str, object]:
    """Where ``text`` stands in a file, as a document says it."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if text in line:
            return {"path": str(path), "line": number}
    raise AssertionError(f"{text!r} is not in {path}")
