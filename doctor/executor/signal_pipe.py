"""Signals as something to read, so that one place waits for them and for everything else."""

import os
import signal

HEARD = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGCHLD, signal.SIGWINCH)
IGNORED = (signal.SIGHUP, signal.SIGPIPE, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)
"""The end of a terminal, and what its keys mean to a program in the foreground, do not stop a supervisor."""


def open_signal_pipe() -> int:
    """Start to listen; returns a descriptor from which the number of each signal that comes is read, a byte each."""
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in HEARD:
        signal.signal(number, _nothing)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    return reading


def name_of(number: int) -> str:
    """Such as ``SIGKILL``."""
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"SIG{number}"


def _nothing(number: int, frame: object) -> None:
    """Being read from the pipe is enough."""
