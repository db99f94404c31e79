"""What the screen or the log of an agent process proves. Everything here is pure; the caller looks.

Text that agents print is no proof: they write about errors and dialogs all day. So patterns (``doctor.harness.signs``)
count in three places only: in the last lines of a process that ended without success, at the end of what one printed
that runs without a screen, and at the lower end of the screen of one that has it, with no prompt below.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from doctor.harness.signs import DIALOGS, Sign
from doctor.model.failure import FailureKind
from doctor.model.process import Observation, OutcomeKind, Receipt
from doctor.model.spec import Mode

LAST_LINES = 100
"""Lines, blank ones not counted, at the end of a log in which a failure is looked for: a usage message is as long."""

SCREEN_LINES = 30
"""Lines, blank ones not counted, at the lower end of a screen in which a dialog is looked for."""

NEWEST = 4
"""Lines at the end of a running process's log that count, those left out that only go on: a trace, a closing brace."""

FINAL_LINES = 8
"""Lines at the end of a log in which a failure is looked for that the exit code does not tell."""

WRAPPED = 6
"""Lines over which one sentence may be broken."""

MATCHED_WIDTH = 1000
"""Characters of a line, blanks not counted, in which a pattern is searched."""

EVIDENCE_LINES = 5
EVIDENCE_WIDTH = 240
"""Characters of a line that are kept."""

_STRINGS = r"\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?"
_MOVES = r"\x1b\[[0-9;]*[ABEFJd]|[\x0b\x0c]"
_OTHERS = (
    r"\x1b\[[0-?]*[ -/]*(?:[@-~]|\Z)|\x1b[ -/]+(?:[0-~]|\Z)|\x1b[0-~]|\x1b|\r+(?=\n)|[\x00-\x08\x0e-\x1f\x7f-\x9f]"
)
_CONTROL = re.compile(
    rf"(?P<string>{_STRINGS})|(?P<step>\x1b\[[0-9]*[CG])|\x1b\[(?P<row>[0-9]*)(?:;[0-9]*)?[Hf]|(?P<move>{_MOVES})|(?P<end>\n)|{_OTHERS}"
)
_BREAK = "\x0b"
_DRAWN = re.compile(r"[\s\u2500-\u259f\u2800]+")
_BLANKS = re.compile(r"\s{2,}")
_EDGES = " \t\u00a0\u2502\u2503"
_CONTINUES = re.compile(r"\s|[})\]]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What was found, with its proof."""

    kind: str
    """A dialog's kind, the value of a ``FailureKind``, ``exited(N)`` or ``killed(SIG)``."""

    evidence: tuple[str, ...]
    """Lines as they were printed, at most ``EVIDENCE_LINES``, none of them long. Secrets are the caller's to hide."""

    remedy: str | None = None
    retry: bool | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    first: int
    """Index of its first line."""

    end: int
    sign: Sign


def plain_lines(text: str) -> tuple[str, ...]:
    """The lines of what a terminal program wrote, without control sequences.

    Where the cursor is moved to another line, a new one begins: what a full-screen program draws is not run together.
    Of a line that is written over and over, such as a bar of progress, the last is kept.
    """
    plain = _CONTROL.sub(_Cursor(), text)
    lines = []
    for line in plain.removesuffix("\n").split("\n") if plain else ():
        parts = [_overwritten(part).rstrip() for part in line.split(_BREAK)]
        lines.extend([part for part in parts if part] or [""])
    return tuple(lines)


class _Cursor:
    """Knows the row that was last moved to, where that is known: a move within it leaves its line whole."""

    def __init__(self) -> None:
        self._row: str | None = None

    def __call__(self, control: re.Match[str]) -> str:
        match control.lastgroup:
            case "step":
                return " "
            case "row":
                row, self._row = self._row, control["row"] or "1"
                return " " if row == self._row else _BREAK
            case "move" | "end" as what:
                self._row = None
                return _BREAK if what == "move" else "\n"
            case _:
                return ""


def _overwritten(line: str) -> str:
    return next((part for part in reversed(line.split("\r")) if part.strip()), "")


def squeeze(line: str) -> str:
    """A line as patterns see it: without white space and without the lines and blocks that boxes are drawn with."""
    return _DRAWN.sub("", line)


def is_ready(screen_lines: Sequence[str], ready: Sequence[str]) -> bool:
    """Whether the screen shows that the harness has its prompt; ``False`` where nothing is known of it."""
    shown = "".join("".join(line.split()) for line in screen_lines)
    return any(_compiled(pattern).search(shown) for pattern in ready)


def dialog_on(screen_lines: Sequence[str], signs: Sequence[Sign], *, ready: Sequence[str] = ()) -> Judged | None:
    """What waits for a person on this screen, or what a harness that sits at its prompt failed with.

    Args:
        screen_lines: The visible lines, the uppermost first; the last lines of a terminal's log serve for a first look.
        signs: The harness's own, then the common ones; only those count that do for a running process.
        ready: Its ``Harness.ready``: a dialog with the prompt below is a quotation or was answered.
    """
    kept = [number for number, line in enumerate(screen_lines) if squeeze(line)][-SCREEN_LINES:]
    shown = [screen_lines[number] for number in kept]
    found = _last(shown, [sign for sign in signs if sign.dialog])
    if found is None:
        return None
    below = screen_lines[kept[found.end - 1] + 1 :]
    return None if found.sign.kind in DIALOGS and is_ready(below, ready) else _judged(found, shown)


def trouble_in(log_lines: Sequence[str], signs: Sequence[Sign]) -> Judged | None:
    """What a process without a screen is stuck in, by the last that it printed; ``None`` while it goes on."""
    shown = [line for line in log_lines if squeeze(line)][-LAST_LINES:]
    heads = [index for index, line in enumerate(shown) if not _CONTINUES.match(line)]
    newest = shown[heads[-NEWEST:][0] :] if heads else shown
    found = _last(newest, [sign for sign in signs if sign.dialog])
    return None if found is None else _judged(found, newest)


def failure_of(
    observation: Observation, log_lines: Sequence[str], signs: Sequence[Sign], *, mode: Mode
) -> Judged | None:
    """Why a process failed; ``None`` for one that runs, was stopped on purpose, or succeeded.

    What its executor knows counts before anything that was printed. A process that ended with another exit code than 0
    and without a sign failed as ``exited(N)``.

    Args:
        observation: What its executor saw.
        log_lines: What it printed, control sequences taken out.
        signs: The harness's own, then the common ones.
        mode: How it was started: what a person read on a screen is no answer, so ``despite_success`` does not count.
    """
    if not observation.ended or observation.cancelled:
        return None
    lines = [line for line in log_lines if squeeze(line)]
    problem = observation.problem or _PROBLEMS.get(observation.kind or OutcomeKind.UNKNOWN)
    if problem is not None:
        return _known(problem, observation, lines, signs)
    if observation.kind is OutcomeKind.KILLED:
        return _killed(observation, lines)
    if observation.code == 0:
        return _hidden_failure(observation, lines, signs, mode)
    return _exited(observation, lines, signs)


def _hidden_failure(observation: Observation, lines: list[str], signs: Sequence[Sign], mode: Mode) -> Judged | None:
    if observation.receipt is Receipt.NOT_DELIVERED:
        return _known(FailureKind.PROMPT_NOT_DELIVERED, observation, lines, signs)
    final = lines[-FINAL_LINES:]
    found = _last(final, [sign for sign in signs if sign.despite_success]) if mode is Mode.HEADLESS else None
    return None if found is None else _judged(found, final)


def _exited(observation: Observation, lines: list[str], signs: Sequence[Sign]) -> Judged:
    last = lines[-LAST_LINES:]
    found = _last(last, [sign for sign in signs if sign.kind not in DIALOGS])
    if found is None:
        return Judged(kind=f"exited({observation.code})", evidence=_proof(observation, lines))
    if found.sign.kind == FailureKind.UNKNOWN:
        return _judged(found, last, kind=f"exited({observation.code})")
    return _judged(found, last)


_KNOWN: dict[FailureKind, tuple[str, bool | None]] = {
    FailureKind.CLI_MISSING: ("install it; `doctor` shows where it is looked for", False),
    FailureKind.PROMPT_NOT_DELIVERED: ("start it again; `doctor logs` shows what stood before its prompt", True),
    FailureKind.TERMINAL_LOST: ("start it again", True),
    FailureKind.UNKNOWN: ("`doctor logs` shows what it printed", None),
}


_PROBLEMS = {
    OutcomeKind.FAILED_TO_START: FailureKind.UNKNOWN,
    OutcomeKind.TERMINAL_LOST: FailureKind.TERMINAL_LOST,
    OutcomeKind.UNKNOWN: FailureKind.UNKNOWN,
}
"""What an end means by itself."""


def _known(problem: FailureKind, observation: Observation, lines: list[str], signs: Sequence[Sign]) -> Judged:
    """What the executor itself saw; the harness's words on such a failure serve as the next step."""
    told = next(((sign.remedy, sign.retry) for sign in signs if sign.kind == problem), None)
    remedy, retry = _KNOWN.get(problem) or told or _KNOWN[FailureKind.UNKNOWN]
    return Judged(kind=problem.value, evidence=_proof(observation, lines), remedy=remedy, retry=retry)


def _killed(observation: Observation, lines: list[str]) -> Judged:
    memory = "something else ended it; where memory ran out, the kernel's log (`dmesg`) says so"
    return Judged(
        kind=f"killed({observation.signal})",
        evidence=_proof(observation, lines),
        remedy=memory if observation.signal == "SIGKILL" else None,
    )


def _proof(observation: Observation, lines: list[str]) -> tuple[str, ...]:
    """What the executor noted, else the last lines that were printed."""
    return _bounded(observation.detail or lines[-EVIDENCE_LINES:])


def _judged(found: _Found, lines: Sequence[str], *, kind: str | None = None) -> Judged:
    sign = found.sign
    return Judged(
        kind=kind or str(sign.kind),
        evidence=_bounded(lines[found.first : found.end]),
        remedy=sign.remedy,
        retry=sign.retry,
    )


def _bounded(lines: Sequence[str]) -> tuple[str, ...]:
    cut = (_BLANKS.sub("  ", line).strip(_EDGES) for line in lines[:EVIDENCE_LINES])
    return tuple(line if len(line) <= EVIDENCE_WIDTH else f"{line[: EVIDENCE_WIDTH - 1]}…" for line in cut)


def _last(lines: Sequence[str], signs: Sequence[Sign]) -> _Found | None:
    """The sign that stands last; of those that begin on the same line, the one that is named first."""
    squeezed = [squeeze(line)[:MATCHED_WIDTH] for line in lines]
    for first in reversed(range(len(lines))):
        window = squeezed[first : first + WRAPPED]
        joined = "".join(window)
        for sign in signs:
            match = _compiled(sign.pattern).match
            # Two looks tell of most patterns that they do not match; only a ``$`` may need each of the lengths.
            if "$" in sign.pattern or match(window[0]) or match(joined):
                count = _lines_of(match, window)
                if count:
                    return _Found(first, first + count, sign)
    return None


def _lines_of(match: Callable[[str], re.Match[str] | None], window: Sequence[str]) -> int:
    """How many of these lines a match takes that begins where the first of them does; 0 without one."""
    ends = list(accumulate(len(line) for line in window))
    for count in range(1, len(window) + 1):
        found = match("".join(window[:count]))
        if found:
            return next(number for number, end in enumerate(ends, 1) if found.end() <= end)
    return 0


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)
