"""Stands in for an agent CLI: keeps what it was given, byte for byte, then does what ``STAND_IN`` says.

The words of ``STAND_IN`` are done in order: ``show=NAME`` prints a variable, ``exit=N`` exits, ``wait`` stays until it
is ended, ``forever`` too but does not go when asked to, ``child`` leaves a process behind in a session of its own,
``until=PATH`` stays until that file is there.
"""

import base64
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path


def received() -> dict[str, object]:
    """Everything that reached this process."""
    piped = None if sys.stdin.isatty() else sys.stdin.buffer.read()
    named = os.environ.get("DOCTOR_PROMPT_FILE")
    return {
        "argv": [encoded(os.fsencode(argument)) for argument in sys.argv],
        "stdin": None if piped is None else encoded(piped),
        "prompt_file": None if named is None else encoded(Path(named).read_bytes()),
        "environment": dict(os.environ),
        "cwd": str(Path.cwd()),
        "pid": os.getpid(),
    }


def encoded(content: bytes) -> str:
    """Bytes as JSON can hold them."""
    return base64.b64encode(content).decode()


def keep(directory: Path) -> None:
    """Write what was received where the test finds it, complete or not at all."""
    path = directory / f"{os.environ.get('DOCTOR_PROCESS', 'none')}.json"
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps(received()), encoding="utf-8")
    unfinished.replace(path)


def act(word: str) -> None:
    """Do one thing."""
    name, _, value = word.partition("=")
    if name == "show":
        sys.stdout.write(f"{value} is {os.environ.get(value)}\n")
        sys.stdout.flush()
    elif name == "exit":
        sys.exit(int(value))
    elif name == "child":
        subprocess.Popen(["/bin/sleep", "600"], start_new_session=True, stdin=subprocess.DEVNULL)
    elif name == "until":
        sys.stdout.write("at work\n")
        sys.stdout.flush()
        while not Path(value).exists():
            time.sleep(0.02)
    elif name in {"wait", "forever"}:
        if name == "forever":
            for ignored in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(ignored, signal.SIG_IGN)
        sys.stdout.write("at work\n")
        sys.stdout.flush()
        while True:
            signal.pause()


def main() -> None:
    """Be the agent."""
    if records := os.environ.get("STAND_IN_RECORDS"):
        keep(Path(records))
    for word in os.environ.get("STAND_IN", "").split():
        act(word)


if __name__ == "__main__":
    main()
