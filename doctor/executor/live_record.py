"""What a supervisor says of itself while it lives."""

import json
import os
import time
from pathlib import Path
from typing import Any

from doctor.config.writing import replace_file
from doctor.os_processes import start_time


class LiveRecord:
    """The file ``live.json`` of one process, written whenever something in it changes.

    Args:
        directory: The process's directory.

    Raises:
        OSError: It cannot be written. Later, only who the agent is has to be.
    """

    def __init__(self, directory: str) -> None:
        self.unwritten: str | None = None
        """Why the last change could not be written."""
        self._path = Path(directory, "live.json")
        self._content: dict[str, Any] = {
            "supervisor": [os.getpid(), start_time(os.getpid())],
            "agent": None,
            "started_at": None,
            "terminal_lost_at": None,
            "receipt": "unconfirmed",
        }
        self._write()

    @property
    def receipt(self) -> str:
        """Whether the prompt arrived, as far as is known now."""
        return str(self._content["receipt"])

    @property
    def terminal_lost_at(self) -> float | None:
        """When the outer terminal was gone."""
        lost_at: float | None = self._content["terminal_lost_at"]
        return lost_at

    def agent_is(self, pid: int) -> None:
        """An agent is about to become the program.

        Raises:
            OSError: That cannot be written; it must not begin then.
        """
        self._content |= {"agent": [pid, start_time(pid)], "started_at": time.time()}
        self._write()

    def receipt_is(self, receipt: str) -> None:
        """The prompt arrived, or not."""
        if receipt != self.receipt:
            self._change(receipt=receipt)

    def terminal_is_lost(self) -> None:
        """The outer terminal is gone."""
        self._change(terminal_lost_at=time.time())

    def _change(self, **content: Any) -> None:
        self._content |= content
        try:
            self._write()
        except OSError as error:
            self.unwritten = error.strerror or str(error)
        else:
            self.unwritten = None

    def _write(self) -> None:
        replace_file(self._path, json.dumps(self._content).encode("ascii"), mode=0o600)
