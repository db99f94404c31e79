"""What a harness's own arguments say about how freely it may act.

An argument whose setting is known counts as that setting. Every other one counts as a freedom, because nobody here
knows what it allows; one that sounds like a restriction counts as both, so that neither adding nor removing it passes
unseen.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from doctor.harness.base import Dial, Harness
from doctor.records import dataclass

_SHORT = len("-s")

MODEL_FLAGS = frozenset({"-m", "--model"})
"""Options whose value the model is, wherever it was written."""

_SOUNDS_STRICT = re.compile(
    r"sandbox|deny|denied|disallow|read-?only|restrict|approv|permission|confirm|confin|isolat|safe|strict|forbid"
    r"|block|guard|policy|tools?\b|offline|network|trust|max-|limit|budget|settings?\b|config\b|require|verify|ignore",
    re.IGNORECASE,
)

_PLAINLY_FREE = re.compile(r"-+(?:allow|dangerous|yolo|auto|add-)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Arguments, taken apart."""

    steps: Mapping[str, str]
    """The place of each dial, by its name; where two arguments say different things, the looser one."""

    free: tuple[str, ...]
    """Arguments that may allow something, each with its values."""

    strict: tuple[str, ...]
    """Arguments that may forbid something."""

    bypasses: tuple[str, ...]
    """Flags that switch asking off, or a sandbox."""


def read_arguments(harness: Harness | None, argv: Sequence[str], extra: Sequence[str]) -> Read:
    """Take a start apart.

    Args:
        harness: The adapter; ``None`` knows nothing.
        argv: The whole start, program first; its settings count wherever they stand.
        extra: What the policy adds to it as it is.
    """
    dials = harness.dials if harness else ()
    overrides = harness.overrides if harness else ()
    bypass = harness.bypass if harness else ()
    said: dict[str, list[str]] = {dial.name: [] for dial in dials}
    for words in _grouped(argv[1:], (*overrides, *(flag for dial in dials for flag in dial.flags))):
        for dial in dials:
            value = _step(dial, words, overrides)
            if value is not None:
                said[dial.name].append(value)
            said[dial.name] += _quoted(dial, words)
    known = _grouped(extra, _valued(dials, overrides))
    rest = [words for words in known if not any(_step(dial, words, overrides) for dial in dials)]
    rest = [words for words in rest if words[0].partition("=")[0] not in MODEL_FLAGS]
    shown = tuple(" ".join(words) for words in rest)
    return Read(
        steps={dial.name: _loosest(dial, said[dial.name]) for dial in dials},
        free=shown,
        strict=tuple(each for each in shown if _may_forbid(each, bypass)),
        bypasses=tuple(dict.fromkeys(each for each in argv if each.partition("=")[0] in bypass)),
    )


def _may_forbid(words: str, bypass: Sequence[str]) -> bool:
    """Whether an argument sounds like a restriction, and not plainly like a freedom."""
    flag = re.split("[= ]", words, maxsplit=1)[0]
    return flag not in bypass and not _PLAINLY_FREE.match(flag) and _SOUNDS_STRICT.search(words) is not None


def _valued(dials: Sequence[Dial], overrides: Sequence[str]) -> tuple[str, ...]:
    return (*overrides, *MODEL_FLAGS, *(flag for dial in dials for flag in dial.flags))


def _grouped(arguments: Sequence[str], valued: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Options together with the values that follow them; an option that is known to take one value takes one."""
    group: list[str] = []
    for argument in arguments:
        full = group and group[0] in valued and len(group) > 1
        if group and (argument.startswith("-") or full or "=" in group[0] or not group[0].startswith("-")):
            yield tuple(group)
            group = []
        group.append(argument)
    if group:
        yield tuple(group)


def _step(dial: Dial, words: Sequence[str], overrides: Sequence[str]) -> str | None:
    """What these words say about a dial; ``None``: nothing."""
    name, equals, value = words[0].partition("=")
    if name in dial.also:
        return dial.also[name]
    if name in dial.flags:
        return value if equals else " ".join(words[1:])
    attached = next((flag for flag in dial.flags if len(flag) == _SHORT and words[0].startswith(flag)), None)
    if attached is not None and not words[0].startswith("--"):
        return words[0][_SHORT:].removeprefix("=")
    key, value = _override(words, overrides)
    return value if key in dial.keys else None


def _quoted(dial: Dial, words: Sequence[str]) -> list[str]:
    """The steps that settings handed over as JSON name: Claude Code takes such, and others may."""
    text = " ".join(words)
    return [step for step in dial.steps if f'"{step}"' in text] if "{" in text else []


def _override(words: Sequence[str], overrides: Sequence[str]) -> tuple[str, str]:
    """Key and value of a setting that is given as ``-c KEY=VALUE``."""
    first = words[0]
    if first in overrides and len(words) > 1:
        written = words[1]
    else:
        short = next((flag for flag in overrides if first.startswith(flag) and first != flag), None)
        written = first[len(short) :].removeprefix("=") if short else ""
    key, _, value = written.partition("=")
    return key.strip(), value.strip().strip("\"'")


def _loosest(dial: Dial, said: Sequence[str]) -> str:
    """The step that counts; one that is in no order is looser than all."""
    if not said:
        return dial.unset
    return max(said, key=lambda step: dial.steps.index(step) if step in dial.steps else len(dial.steps))
