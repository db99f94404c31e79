"""A child of a runner that keeps what it was given, and does what its prompt says.

A prompt that is a JSON list is a list of steps, each a list of a word and its arguments; any other is nothing to do.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

RECORDS = Path(__file__).parent / "records"


def main() -> int:
    """Do it."""
    raw = sys.stdin.buffer.read()
    given = json.loads(raw)
    prompt = given["prompt"] if "prompt" in given else given["parameters"]["prompt"]
    record = {
        "pid": os.getpid(),
        "argv": sys.argv,
        "stdin": raw.decode(),
        "cwd": os.getcwd(),  # noqa: PTH109 - as the system says
        "environment": dict(os.environ),
        "group": os.getpgid(0),
        "answers": [],
    }
    path = RECORDS / f"{given['session_id']}.{os.getpid()}.json"
    keep(path, record)
    for word, *arguments in steps(prompt):
        code = STEPS[word](record, *arguments)
        keep(path, record)
        if code is not None:
            return int(code)
    return 0


def steps(prompt: str) -> list[list[Any]]:
    """What to do."""
    try:
        found = json.loads(prompt)
    except ValueError:
        return []
    return found if isinstance(found, list) else []


def keep(path: Path, record: dict[str, Any]) -> None:
    """Replace the record whole."""
    new = path.with_suffix(".new")
    new.write_text(json.dumps(record), encoding="utf-8")
    new.replace(path)


def write(record: dict[str, Any], number: int, text: str) -> None:
    """Write a text to a descriptor."""
    with open(number, "w", encoding="utf-8", closefd=False) as stream:
        stream.write(text)


def flood(record: dict[str, Any], number: int, size: int) -> None:
    """Write so many bytes."""
    line = b"0123456789abcde\n"
    left = size
    while left > 0:
        left -= os.write(number, line * min(4096, max(1, left // len(line))))


def stubborn(record: dict[str, Any]) -> None:
    """Take no notice of a polite request to end."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def fork(record: dict[str, Any], kind: str) -> None:
    """Leave a process behind: ``same`` in this group, ``own`` in a session of its own, both take no notice of a polite
    request; ``polite`` does.
    """
    ready, done = os.pipe()
    pid = os.fork()
    if pid == 0:
        if kind != "polite":
            stubborn(record)
        if kind == "own":
            os.setsid()
        os.write(done, b"x")
        time.sleep(600)
        os._exit(0)
    os.read(ready, 1)
    record.setdefault("forked", []).append(pid)


def wait(record: dict[str, Any], name: str) -> None:
    """Wait for a file."""
    while not (RECORDS / name).exists():
        time.sleep(0.01)


def ask(record: dict[str, Any], method: str, path: str, body: Any = None, base: str | None = None) -> None:
    """Call the gateway, and keep its answer."""
    import urllib.error
    import urllib.request

    url = (base or os.environ["AGENT_ORCHESTRATOR_API_URL"]) + path
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            record["answers"].append([answer.status, answer.read().decode()])
    except urllib.error.HTTPError as error:
        record["answers"].append([error.code, error.read().decode()])
        error.close()


STEPS: dict[str, Callable[..., Any]] = {
    "write": write,
    "flood": flood,
    "stubborn": stubborn,
    "fork": fork,
    "wait": wait,
    "ask": ask,
    "sleep": lambda record, seconds: time.sleep(seconds),
    "exit": lambda record, code: code,
    "kill": lambda record, number: os.kill(os.getpid(), number),
    "close": lambda record, number: os.close(number),
}

if __name__ == "__main__":
    sys.exit(main())
