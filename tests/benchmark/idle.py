"""Waiting for a machine that has nothing else to do, so that a round does not pay for the one before."""

import os
import time
from pathlib import Path

PATIENCE = 10.0
"""Seconds that are waited at most."""


def until_idle() -> None:
    """Wait until what the round before left running is through with the processors."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        before = os.times().elapsed, _idle_seconds()
        time.sleep(0.3)
        passed = os.times().elapsed - before[0]
        if _idle_seconds() - before[1] >= 0.9 * passed * (os.cpu_count() or 1):
            return


def _idle_seconds() -> float:
    """Seconds that all processors together had nothing to do."""
    try:
        fields = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()
    except OSError:
        return time.monotonic() * (os.cpu_count() or 1)  # not told here: as if idle
    return int(fields[4]) / os.sysconf("SC_CLK_TCK")
