"""What agents printed, as far as it is kept, made fit for a person to read."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from doctor.model.options import Options
from doctor.processes.evidence import plain_lines
from doctor.processes.log_files import Follower, kept
from doctor.processes.look import find, is_running
from doctor.report.redact import Redactor, secret_values

PAUSE = 0.2
"""Seconds between looks for more while following."""


def log_lines(options: Options, name: str, *, lines: int | None = None) -> tuple[str, ...]:
    """What one process printed: without control sequences, and with secrets hidden.

    Args:
        options: Where to look.
        name: Process id, agent or session.
        lines: Only the last so many; ``None``: all that is kept.

    Raises:
        UsageError: There is no such process.
    """
    hide = Redactor(secret_values(options.environment))
    text = kept(Path(find(options, name).log_path or os.devnull))
    found = [hide(line) for line in plain_lines(text)]
    return tuple(found if lines is None else found[max(0, len(found) - lines) :])


def follow(options: Options, name: str, *, lines: int | None = None) -> Iterator[str]:
    """The same, and then each further line as it is printed, until the process has ended.

    Raises:
        UsageError: There is no such process.
    """
    process = find(options, name)
    yield from log_lines(options, process.process_id, lines=lines)
    hide = Redactor(secret_values(options.environment))
    log = Follower(Path(process.log_path or os.devnull))
    log.skip()
    alive = True
    while alive:
        alive = is_running(options, process.process_id)
        for line in plain_lines(log.more(last=not alive)):
            yield hide(line)
        if alive:
            time.sleep(PAUSE)
