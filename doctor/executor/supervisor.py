"""The first process of every agent: checks what it was handed, starts it, stays with it, and records its end.

It outlives the terminal that it was started in. Its start is on the way of every agent, so what it imports is little:
no dataclasses, no subprocess.
"""

import json
import os
import select
import signal
import sys
import time
from typing import Any

from doctor.executor import exit_record
from doctor.executor.afterwards import leave_behind
from doctor.executor.agent_pty import HEADLESS_SIZE, Agent, Program, StartError
from doctor.executor.bounded_log import BoundedLog
from doctor.executor.family import MARK, adopt_orphans
from doctor.executor.live_record import LiveRecord
from doctor.executor.outer_terminal import OuterTerminal
from doctor.executor.receipt import PromptReceipt
from doctor.executor.redacting import Redactor
from doctor.executor.relay import Relay
from doctor.executor.signal_pipe import open_signal_pipe
from doctor.executor.supervision import Supervision, exit_code
from doctor.executor.typed_prompt import Typist
from doctor.executor.verifying import Refusal, Spec, verified

HANDOVER = 3
"""Descriptor of the gate, open for reading."""

HANDOVER_SECONDS = 30.0
NOT_STARTED = 126
"""Exit code of a supervisor whose agent was never started."""

PROMPT_FILE = "DOCTOR_PROMPT_FILE"
_OF_THE_PANE = ("TERM", "TMUX", "TMUX_PANE")


def main(directory: str) -> None:
    """Be the supervisor of the process that has this directory; never returns."""
    os.closerange(HANDOVER + 1, 256)
    wake = open_signal_pipe()
    try:
        supervisor = Supervisor(directory, wake)
    except (OSError, ValueError, KeyError, TypeError) as error:
        # Nothing was taken from the gate, so the launcher sees that nobody is there.
        sys.exit(f"doctor: {directory} cannot be used: {error}")
    sys.exit(supervisor.run())


class Supervisor:
    """One process, from its handover to the record of its end.

    Args:
        directory: The process's directory.
        wake: Descriptor from which signals are read.

    Raises:
        OSError: Its records cannot be written there.
        ValueError, KeyError, TypeError: Its request is not what a launcher writes.
    """

    def __init__(self, directory: str, wake: int) -> None:
        self._directory = directory
        self._wake = wake
        with open(f"{directory}/request.json", "rb") as file:  # noqa: PTH123 - as cheap as can be
            request: dict[str, Any] = json.loads(file.read())
        self._process_id: str = request["process_id"]
        self._spec_path: str = request["spec_path"]
        self._spec_id: str = request["spec_id"]
        self._interactive = request["mode"] == "interactive"
        self._log_limit = int(request["log_limit"])
        self._record = exit_record.ReservedRecord(directory)
        self._live = LiveRecord(directory)

    def run(self) -> int:
        """Do everything; returns the exit code."""
        on_exit: list[str] = []
        try:
            handover = self._handover()
            if not self._take_gate():  # somebody called it off, and recorded that
                self._record.drop()
                return NOT_STARTED
            on_exit = handover["on_exit"]
            code = self._supervised(handover)
        except _CalledOff as reason:
            code = self._refused([str(reason)], cancelled=reason.on_request) if self._take_gate() else NOT_STARTED
        except Refusal as refusal:
            code = self._refused(list(refusal.detail), missing=refusal.missing)
        except StartError as error:
            code = self._refused([error.reason], missing=error.missing)
        leave_behind(on_exit)
        return code

    def _handover(self) -> dict[str, Any]:
        """What the launcher hands over, all of it."""
        deadline = time.monotonic() + HANDOVER_SECONDS
        os.set_blocking(HANDOVER, False)
        pieces: list[bytes] = []
        while not pieces or pieces[-1]:
            readable, _, _ = select.select([HANDOVER, self._wake], (), (), max(0.0, deadline - time.monotonic()))
            if not readable:
                raise _CalledOff("its launcher began to hand it over and did not go on")
            if self._wake in readable and signal.SIGTERM in os.read(self._wake, 4096):
                raise _CalledOff("it was stopped before it was started", on_request=True)
            if HANDOVER in readable:
                pieces.append(os.read(HANDOVER, 1 << 20))
        os.close(HANDOVER)
        return _parsed(b"".join(pieces))

    def _take_gate(self) -> bool:
        """Whether the right to start was still there to take."""
        try:
            os.unlink(f"{self._directory}/gate")  # noqa: PTH108 - as cheap as can be
        except OSError:
            return False
        return True

    def _supervised(self, handover: dict[str, Any]) -> int:
        spec, stdin = verified(self._spec_path, self._spec_id)
        typing = handover["typing"]
        typist = Typist(typing["ready"], typing["text"]) if typing else None
        receipt = PromptReceipt(delivery=spec.delivery, interactive=self._interactive, stdin=stdin, typist=typist)
        outer = OuterTerminal(interactive=self._interactive)
        agent = self._agent(spec, stdin, outer, handover["environment"])
        log = BoundedLog(f"{self._directory}/log", self._log_limit)
        try:
            self._live.agent_is(agent.pid)
        except OSError as error:
            agent.call_off()
            raise Refusal(f"it cannot be written down who the agent is: {error.strerror}") from error
        agent.begin()
        adopt_orphans()
        self._live.receipt_is(receipt.now())
        relay = Relay(
            agent=agent,
            outer=outer,
            interactive=self._interactive,
            log=log,
            redactor=Redactor(handover["secrets"]),
            typist=typist,
            wake=self._wake,
        )
        record = Supervision(
            directory=self._directory,
            process_id=self._process_id,
            agent=agent,
            outer=outer,
            relay=relay,
            live=self._live,
            receipt=receipt,
            typist=typist,
        ).until_the_end()
        self._record.write(record)
        outer.restore()
        return exit_code(record)

    def _agent(self, spec: Spec, stdin: int | None, outer: OuterTerminal, environment: dict[str, str]) -> Agent:
        own = {MARK: self._process_id, PROMPT_FILE: spec.prompt_path}
        if "TMUX" in os.environ or self._interactive:
            own |= {name: os.environ[name] for name in _OF_THE_PANE if name in os.environ}
        program = Program(path=spec.path, argv=spec.argv, environment=environment | own, cwd=spec.cwd)
        if self._interactive:
            size = outer.size() or HEADLESS_SIZE
            return Agent(program, stdin=None, attributes=outer.attributes, size=size)
        if stdin is None:
            stdin = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        return Agent(program, stdin=stdin, attributes=None, size=HEADLESS_SIZE)

    def _refused(self, detail: list[str], *, missing: bool = False, cancelled: bool = False) -> int:
        for line in detail:
            print(f"doctor: {line}", file=sys.stderr)  # noqa: T201 - whoever looks at the pane
        record = exit_record.document(
            kind="failed-to-start",
            problem="cli-missing" if missing else "unknown",
            detail=detail,
            cancelled=cancelled,
            receipt="not-delivered",
        )
        self._record.write(record)
        return NOT_STARTED


class _CalledOff(Exception):  # noqa: N818 - no error of this program
    """Why nothing is started, when there is no whole handover.

    Args:
        reason: One sentence.
        on_request: Whether someone stopped it.
    """

    def __init__(self, reason: str, *, on_request: bool = False) -> None:
        super().__init__(reason)
        self.on_request = on_request


def _parsed(content: bytes) -> dict[str, Any]:
    if not content:
        raise _CalledOff("whoever launched this process ended before it was handed over, so it was never started")
    try:
        handover: dict[str, Any] = json.loads(content)
    except ValueError as error:
        raise _CalledOff("its launcher ended in the middle of handing it over") from error
    return handover
