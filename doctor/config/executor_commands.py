"""What an executor profile starts, and whether its executor understands what it is configured with."""

import os
import stat
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from doctor.config.issues import Issues
from doctor.config.leaves import Vocabulary
from doctor.config.typed import TypedReader
from doctor.config.words import encodable, listed, quoted
from doctor.model.executor_profile import (
    ECHO_EXECUTOR,
    OWN_CONFIG,
    SHIPPED_EXECUTORS,
    ExecutorConfig,
)
from doctor.model.harness import RunnerSpec
from doctor.records import dataclass

_REMEDY = "name an executable file in there, or a harness"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What a profile starts."""

    path: Path | None = None
    """A file, absolute; ``None``: the executor that this tool brings along for ``harness``."""

    harness: str | None = None
    """Id of the harness that does the work, where an executor of this tool's runs one."""

    shipped: bool = False
    """Whether the executor comes with this tool, and runs on its own interpreter."""


def command_of(text: str, root: Path, words: Vocabulary, issues: Issues, *, shipped: bool) -> Command | None:
    """What ``command`` means in a profile of a root; where it means nothing, a problem is noted.

    A file wins over a harness of the same name.

    Args:
        text: As written.
        root: Where relative paths start, and what they must not leave.
        words: The harnesses.
        issues: Where to note problems.
        shipped: Whether this tool brings the root along.
    """
    if shipped and text in SHIPPED_EXECUTORS:
        return Command(path=root / text, harness=SHIPPED_EXECUTORS[text], shipped=True)
    problem = _path_problem(text)
    if problem is None and os.path.lexists(root / text):
        problem = _file_problem(root / text, root)
        if problem is None:
            return Command(path=root / text)
    elif problem is None and "/" not in text:
        return _by_id(text, root, words, issues)
    message = problem or f"command not found: {text}; there is no such file in {root}"
    issues.add("reference", encodable(message), "command", remedy=_remedy(text))
    return None


def _by_id(text: str, root: Path, words: Vocabulary, issues: Issues) -> Command | None:
    if text == ECHO_EXECUTOR:
        return Command(harness=None, shipped=True)
    spec = words.runners.spec(text)
    if spec is None:
        known = (*words.runners.spellings, ECHO_EXECUTOR)
        near = words.suggestions.nearest(text, known)
        every = f"harnesses: {listed(words.runners.ids)}"
        message = f"command not found: {quoted(text)} is neither a file in {root} nor a harness"
        remedy = f"did you mean {quoted(near)}? ({every})" if near else f"{_REMEDY} ({every})"
        issues.add("reference", encodable(message), "command", remedy=remedy)
        return None
    reason = spec.stage_refusal or ("it takes no prompt" if not spec.needs_prompt else None)
    if reason is not None:
        issues.add("reference", f"{spec.id} cannot do runs: {reason}", "command", remedy="name another harness")
        return None
    return Command(harness=spec.id, shipped=True)


def _path_problem(text: str) -> str | None:
    """Why text cannot be a path below a root, whatever is there."""
    if text.startswith("/"):
        return f"command {text} is an absolute path; it has to stay in its profile's own root"
    if text.startswith("~"):
        return f"command {text} starts in a home directory; it has to stay in its profile's own root"
    if ".." in text.split("/"):
        return f"command {text} holds `..`; it has to stay in its profile's own root"
    if not text.isprintable() or text != text.strip():
        return f"command {quoted(text)} has white space around it, or characters that do not print"
    return None


def _file_problem(path: Path, root: Path) -> str | None:
    real = os.path.realpath(path)
    if not Path(real).is_relative_to(os.path.realpath(root)):
        return f"command {path} is really {real}, which is outside of {root}"
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - the path is one that was looked at as text
    except FileNotFoundError:
        return f"command not found: {path} is a symlink to something that does not exist"
    except OSError as error:
        return f"command {path} cannot be looked at: {error.strerror}"
    if stat.S_ISDIR(mode):
        return f"command {path} is a directory"
    if not stat.S_ISREG(mode):
        return f"command {path} is no regular file"
    return None if os.access(path, os.X_OK) else f"command {path} is not executable (chmod +x)"


def _remedy(text: str) -> str:
    harness = SHIPPED_EXECUTORS.get(text)
    if harness is not None:
        return f'to use the executor that comes with this tool, write "command": "{harness}"'
    return _REMEDY


def config_keys(spec: RunnerSpec) -> tuple[str, ...]:
    """The keys of ``config`` that the executor for one harness takes."""
    every = (member.name for member in fields(ExecutorConfig))
    return tuple(name for name in every if name in spec.options or name in OWN_CONFIG.get(spec.id, ()))


def config_notes(
    config: Mapping[str, Any], spec: RunnerSpec | None, words: Vocabulary, issues: Issues, ignored: Issues
) -> ExecutorConfig | None:
    """Read what one of this tool's executors is configured with; nothing is known of anybody else's.

    Args:
        config: As written.
        spec: The harness that the executor is for; ``None``: nothing is said.
        words: For remedies.
        issues: Where to note problems.
        ignored: Where to note keys that have no effect.
    """
    if spec is None:
        return None
    known = config_keys(spec)
    for name in config:
        if name not in known:
            message = f"the executor of {spec.id} does not know {quoted(name)}, and ignores it"
            remedy = words.remedy(name, known, kind="key")
            ignored.add("unknown-key", message, "config", name, remedy=remedy, at_key=True)
    before = len(issues)
    data = {name: value for name, value in config.items() if name in known}
    read: ExecutorConfig = TypedReader("json", words).read(ExecutorConfig, data, issues)
    for option, choices in spec.choices.items():
        value = getattr(read, option, None)
        if isinstance(value, str) and value not in choices:
            message = f"expected one of {listed(choices)}, found the string {quoted(value)}"
            issues.add("value", message, option, remedy=words.remedy(value, choices))
    issues.lift(before, "config")
    return read
