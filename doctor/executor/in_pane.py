"""The first process of a pane that is only looked from; started in exactly the way of an agent's supervisor.

It reads what it is asked from the gate, as a supervisor reads its handover, and writes one line of JSON to the FIFO
``answer`` beside it. Only standard modules that cost nothing are imported: this is the start that is being tried.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence

from doctor.identity import program_identity

BOOTSTRAP = "import sys; sys.path.append(sys.argv[1]); from doctor.executor.in_pane import main; main(sys.argv[2])"
GATE = 3
"""Descriptor that the starting shell opens the gate on."""

PROXIES = tuple(
    spelling for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy") for spelling in (name, name.upper())
)
SHOWN = ("PATH", "HOME", "SHELL", "LANG", "TERM", *PROXIES)
"""Variables whose values are told; of all others only the names leave the pane."""

HIDDEN = "sha256:"
"""How a value begins that is only fit for comparing."""


def told(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment as it may be told: values of ``SHOWN``, and nothing but the names of the rest.

    A URL with a user in it, as some proxies have, is replaced by its sha256.
    """
    return {name: _told(value) if name in SHOWN else "" for name, value in environment.items()}


def _told(value: str) -> str:
    if "@" not in value:
        return value
    return HIDDEN + hashlib.sha256(value.encode("utf-8", "surrogateescape")).hexdigest()


def main(directory: str) -> None:
    """Answer one question."""
    with open(GATE, "rb") as gate:
        question = json.loads(gate.read())
    answer = json.dumps(look(question["programs"], question["cwd"], os.environ))
    with open(f"{directory}/answer", "w", encoding="ascii") as file:  # noqa: PTH123 - as light as a supervisor
        file.write(f"{answer}\n")


def look(programs: Sequence[str], cwd: str, environment: Mapping[str, str]) -> dict[str, object]:
    """What is to be seen from here, fit for JSON."""
    return {
        "environment": told(environment),
        "programs": {path: _program(path) for path in programs},
        "cwd_problem": _directory_problem(cwd),
    }


def _program(path: str) -> dict[str, object]:
    try:
        identity = program_identity(path)
    except OSError as error:
        return {"problem": (error.strerror or str(error)).lower()}
    if not os.access(path, os.X_OK):
        return {"problem": "it may not be executed"}
    return {"problem": None, "identity": identity}


def _directory_problem(path: str) -> str | None:
    try:
        os.chdir(path)
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return None
