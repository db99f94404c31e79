"""Profiles of the coordinator's runner: what each runs, and how freely."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from doctor.config.project import DIRECTORY
from doctor.gate.comparing.commands import judge_command
from doctor.gate.comparing.files import MOST_FILES, file_draft, is_within, text_of, union
from doctor.gate.comparing.harness_settings import unique
from doctor.gate.comparing.order import NOTHING, Judged, chain, worst
from doctor.gate.comparing.sides import Side
from doctor.gate.comparing.values import Draft, canonical
from doctor.harness.base import Dial, Harness
from doctor.harness.registry import Registry
from doctor.model.comparison import Verdict

EXECUTORS = "executors"

_OPENS = re.compile(
    r"bypass|yolo|dangerous|skip|full.?access|full.?auto|unconfined|allow|no.?sandbox|args|env|ur[li]|host|endpoint|mcp"
    r"|hook|trust|plugin|program|script|tools",
    re.IGNORECASE,
)
"""Settings that may allow something."""

_CLOSES = re.compile(r"sandbox|requir|confirm|deny|disallow|ask|approv|permission|read.?only|block|mode", re.IGNORECASE)
"""Settings that may forbid something, or say how much is allowed."""

_BOLD = re.compile(r"bypass|yolo|dangerous|skip-|full-access|full-auto|unconfined|no-sandbox", re.IGNORECASE)
"""What a value that bypasses approvals holds."""


def executor_changes(was: Side, now: Side, registry: Registry) -> Iterator[Draft]:
    """What changes in each file of ``.metawsm/executors``."""
    dials = [dial for harness in registry.harnesses for dial in harness.dials]
    before, after = (_executors(side) for side in (was, now))
    for path in union(before, after):
        values = (before.get(path), after.get(path))
        if values[0] == values[1]:
            continue
        texts = tuple(None if value is None else _words(value) for value in values)
        judged = judge_executor(values[0], values[1], dials)
        yield file_draft((f"executor {path}", "executor", "executors"), (texts[0], texts[1]), judged, path, text=True)


def executor_harnesses(side: Side, registry: Registry) -> Iterator[Harness]:
    """The harnesses that profiles of a side run."""
    for profile in _executors(side).values():
        named = (profile.get(key) for key in ("type", "command")) if isinstance(profile, dict) else ()
        for name in (each for each in named if isinstance(each, str)):
            harness = registry.get(name) or registry.get(Path(name).name)
            if harness is not None:
                yield harness


def judge_executor(before: Any, after: Any, dials: Sequence[Dial]) -> Judged:
    """One profile in place of another; ``None`` is none."""
    if after is None:
        return Judged(Verdict.STRICTER, "the executor profile is gone")
    if before is None:
        return Judged(Verdict.LOOSER, "a new executor profile may be run")
    if not isinstance(before, dict) or not isinstance(after, dict):
        return Judged(Verdict.LOOSER, "the executor profile cannot be understood")
    was, now = (_settings({key: each for key, each in one.items() if key != "command"}) for one in (before, after))
    parts = [judge_command(str(before.get("command", "")), str(after.get("command", "")))]
    parts += [_setting(key, was.get(key), now.get(key), dials) for key in union(was, now)]
    return worst([*parts, Judged(Verdict.DIFFERENT, "other settings")])


def _setting(key: str, before: str | None, after: str | None, dials: Sequence[Dial]) -> Judged:
    """One setting, its values as JSON; ``None``: it is not there."""
    if before == after:
        return NOTHING
    name = key.removeprefix(".").partition("[]")[0]
    texts = {_plain(before), _plain(after)}
    steps = next((dial.steps for dial in dials if texts <= {*dial.steps} and texts != {"false", "true"}), None)
    if steps is not None:
        return chain(steps, looser=f"{name} allows more", stricter=f"{name} allows less")(_plain(before), _plain(after))
    if _OPENS.search(name) or _BOLD.search(after or ""):
        return _switched(name, before in _OFF, after in _OFF, opens=True)
    if _CLOSES.search(name):
        return _switched(name, before in _OFF, after in _OFF, opens=False)
    return Judged(Verdict.DIFFERENT, "other settings")


_OFF = frozenset({None, "false", "null", '""', "[]", "{}"})


def _switched(name: str, was_off: bool, is_off: bool, *, opens: bool) -> Judged:
    """Something that came, went, or has another value, which may allow more either way."""
    if was_off and is_off:
        return Judged(Verdict.DIFFERENT, "other settings")
    if is_off if opens else was_off:
        return Judged(Verdict.STRICTER, f"{name} allows less")
    return Judged(Verdict.LOOSER, f"{name} may allow more")


def _plain(value: str | None) -> str | None:
    return value.strip('"') if value is not None else None


def _settings(value: Any, path: str = "") -> dict[str, str]:
    """Every leaf of parsed data by its path, each entry of a list by what it is."""
    if isinstance(value, Mapping) and value:
        return {key: each for name, inner in value.items() for key, each in _settings(inner, f"{path}.{name}").items()}
    if isinstance(value, list) and value:
        return {key: each for item in value for key, each in _settings(item, f"{path}[]{canonical(item)}").items()}
    return {path: canonical(value)}


def _executors(side: Side) -> dict[str, Any]:
    """By path; what is no JSON is its text."""
    found: dict[str, Any] = {}
    for folder, _, names in os.walk(side.root / DIRECTORY / EXECUTORS):
        for name in sorted(names):
            path = Path(folder, name)
            if len(found) < MOST_FILES:
                inside = is_within(path, side.root)
                found[path.relative_to(side.root).as_posix()] = _parsed(path) if inside else "(outside of the project)"
    return found


def _parsed(path: Path) -> Any:
    text = text_of(path)
    try:
        return json.loads(text or "", object_pairs_hook=unique) if path.suffix == ".json" else text or "(unreadable)"
    except (ValueError, RecursionError):
        return text or "(unreadable)"


def _words(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=1, sort_keys=True)
