"""Whether the installed version of a harness knows the flags it would be started with."""

import re
from collections.abc import Iterable, Sequence

from doctor.harness.base import Flag, Harness
from doctor.harness.probe import Prober
from doctor.harness.versions import version_at_least
from doctor.model.harness import PROMPT, HarnessFact

_FLAG = re.compile(r"(?<![\w/.=-])(--?)(\[no-\])?([A-Za-z][\w-]*)")


def listed_flags(text: str) -> frozenset[str]:
    """Every flag that a help text mentions: ``-m``, ``--model``, and both forms of ``--[no-]color``.

    Flags in running prose count too: taking one too many for known is better than a false alarm.
    """
    found: set[str] = set()
    for dashes, negatable, name in _FLAG.findall(text):
        found.add(dashes + name)
        if negatable:
            found.add(f"{dashes}no-{name}")
    return frozenset(found)


def unknown_flags(
    harness: Harness, fact: HarnessFact, argv: Sequence[str], prober: Prober
) -> tuple[tuple[str, str], ...]:
    """Flags of a compiled argv that the installed version does not know.

    The adapter's own table of flags that came and went decides first. The rest is asked of the help of the subcommand
    that ``argv`` starts; where that gives no answer, nothing is said.

    Args:
        harness: The adapter that compiled ``argv``.
        fact: The installed program.
        argv: Program first.
        prober: Asks for the help, at most once per binary.

    Returns:
        Each unknown flag, once, with what to use instead or how it is known.
    """
    call = help_call(harness, argv)
    command = " ".join(call[:-1]) if call else ""
    rows = {row.name: row for row in harness.flags if row.command in (None, command)}
    flags = dict.fromkeys(_flags_of(argv))
    told = {flag: _told(rows[flag], fact) for flag in flags if flag in rows}
    asked = [flag for flag in flags if flag not in rows]
    listed = prober.help(harness.id, call) if asked and call else None
    if listed is not None:
        program = " ".join(filter(None, (harness.binaries[0], command)))
        missing = f"`{program} {call[-1] if call else ''}` does not list it"
        told.update({flag: missing for flag in asked if not _is_listed(flag, listed)})
    return tuple((flag, reason) for flag in flags if (reason := told.get(flag)))


def flag_instead(harness: Harness, fact: HarnessFact, argv: Sequence[str], flag: str) -> tuple[str, ...] | None:
    """The words that take a flag's place in the installed version, as the adapter's own table says.

    Args:
        harness: The adapter that compiled ``argv``.
        fact: The installed program.
        argv: Program first.
        flag: One of ``unknown_flags``.

    Returns:
        ``None`` where the flag is not gone, or nothing takes its place.
    """
    call = help_call(harness, argv)
    command = " ".join(call[:-1]) if call else ""
    rows = [row for row in harness.flags if row.name == flag and row.command in (None, command)]
    version = fact.program.version
    gone = (row for row in rows if row.until is not None and row.instead and version_at_least(version, row.until))
    row = next(gone, None)
    return tuple((row.instead or "").split()) if row is not None else None


def help_call(harness: Harness, argv: Sequence[str]) -> tuple[str, ...] | None:
    """Those of ``help_args`` that list the flags of the subcommand ``argv`` starts; ``None`` when none do."""
    fitting = [call for call in harness.help_args if tuple(argv[1 : len(call)]) == call[:-1]]
    return max(fitting, key=len, default=None)


def _flags_of(argv: Sequence[str]) -> Iterable[str]:
    for argument in argv[1:]:
        if argument == "--":
            return
        # What holds white space is the value of the option before it.
        name = argument.partition("=")[0]
        if argument != PROMPT and re.fullmatch(r"--?[A-Za-z]\S*", name):
            yield name


def _told(row: Flag, fact: HarnessFact) -> str | None:
    """Why this version does not have the flag; ``None`` when it does."""
    version = fact.program.version
    if row.until is not None and version_at_least(version, row.until):
        return f"gone since {row.until}" + (f"; use {row.instead}" if row.instead else "")
    if row.since is not None and not version_at_least(version, row.since):
        return f"it came with {row.since}"
    return None


def _is_listed(flag: str, listed: frozenset[str]) -> bool:
    if flag in listed:
        return True
    if flag.startswith("--"):
        return False
    # `-mMODEL` is a value set close, `-sp` two short flags in one.
    return flag[:2] in listed
