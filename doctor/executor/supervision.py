"""Staying with a started agent until it has ended, whatever happens to the terminal around it."""

import math
import os
import signal
import time
from typing import Any

from doctor.executor import exit_record, family
from doctor.executor.agent_pty import Agent
from doctor.executor.live_record import LiveRecord
from doctor.executor.outer_terminal import OuterTerminal
from doctor.executor.receipt import PromptReceipt
from doctor.executor.relay import Relay
from doctor.executor.signal_pipe import name_of
from doctor.executor.steps_to_end import PATIENCE, StepsToEnd, patience_in
from doctor.executor.typed_prompt import Typist
from doctor.os_processes import start_time

_TERMINAL_SECONDS = 1.0
"""After this long, a lost terminal whose server lives was closed on purpose."""

_RECEIPT_SECONDS = 0.25
_LONGEST_AFTER_THE_AGENT = 1.0
"""Seconds that what an agent started is given at most after the agent itself has ended on request."""


class Supervision:
    """One agent while it runs.

    Args:
        directory: The process's directory.
        process_id: Its mark.
        agent: About to begin.
        outer: The terminal around it.
        relay: Between the two.
        live: What is kept up to date meanwhile.
        receipt: Of its prompt.
        typist: Who types its prompt.
    """

    def __init__(
        self,
        *,
        directory: str,
        process_id: str,
        agent: Agent,
        outer: OuterTerminal,
        relay: Relay,
        live: LiveRecord,
        receipt: PromptReceipt,
        typist: Typist | None,
    ) -> None:
        self._directory = directory
        self._agent = agent
        self._outer = outer
        self._relay = relay
        self._live = live
        self._receipt = receipt
        self._typist = typist
        self._steps = StepsToEnd(agent.pid, process_id)
        self._server = _terminal_server()
        self._had_terminal = outer.is_there
        self._judge_terminal_at = math.inf
        self._cancelled = False
        self._closed = False

    def until_the_end(self) -> dict[str, Any]:
        """Stay until the agent has ended; returns the record of it."""
        while not self._agent.has_ended():
            for number in self._relay.step(self._wakes_at()):
                self._hear(number)
            self._steps.tick()
            self._look_at_terminal()
            self._live.receipt_is(self._receipt.now())
        self._relay.drain()
        if self._cancelled:
            self._steps.end_the_rest(patience=min(self._steps.patience, _LONGEST_AFTER_THE_AGENT))
        survivors = self._steps.look()
        return self._record(self._agent.collect(), [[pid, began] for pid, began in sorted(survivors.items())])

    def _wakes_at(self) -> float:
        wakes = [self._steps.wakes_at, self._judge_terminal_at]
        if self._typist is not None and self._typist.wakes_at is not None:
            wakes.append(self._typist.wakes_at)
        if self._receipt.may_change_unseen:
            wakes.append(time.monotonic() + _RECEIPT_SECONDS)
        return min(wakes)

    def _hear(self, number: int) -> None:
        if number == signal.SIGTERM:
            self._cancelled = True
            patience = patience_in(f"{self._directory}/cancel")
            self._steps.begin((signal.SIGTERM, signal.SIGKILL), patience=patience)
        elif number == signal.SIGCHLD:
            family.collect_orphans(self._agent.pid)
        elif number in {signal.SIGINT, signal.SIGQUIT}:
            self._steps.hand_on(number)
        elif number == signal.SIGWINCH:
            self._follow_size()

    def _follow_size(self) -> None:
        size = self._outer.size() if self._relay.interactive else None
        if size is not None:
            self._agent.resize(size)

    def _look_at_terminal(self) -> None:
        now = time.monotonic()
        if self._had_terminal and not self._outer.is_there:
            self._had_terminal = False
            self._live.terminal_is_lost()
            self._judge_terminal_at = now + _TERMINAL_SECONDS
        if now >= self._judge_terminal_at:
            self._judge_terminal_at = math.inf
            if self._server is not None and start_time(self._server[0]) == self._server[1] and not self._cancelled:
                self._closed = True
                self._steps.begin((signal.SIGHUP, signal.SIGTERM, signal.SIGKILL), patience=PATIENCE)

    def _record(self, status: int, survivors: list[list[Any]]) -> dict[str, Any]:
        killed = os.WIFSIGNALED(status)
        return exit_record.document(
            kind="killed" if killed else "exited",
            code=None if killed else os.WEXITSTATUS(status),
            signal=name_of(os.WTERMSIG(status)) if killed else None,
            cancelled=self._cancelled,
            problem="terminal-lost" if self._closed else None,
            detail=self._detail(),
            terminal_lost_at=self._live.terminal_lost_at,
            receipt=self._receipt.finally_(),
            survivors=survivors,
        )

    def _detail(self) -> list[str]:
        detail = []
        if self._closed:
            detail.append("its session was closed from outside while the terminal's server ran on, so it was ended")
        if self._relay.lost:
            detail.append(f"{self._relay.lost:,} bytes of its output could not be kept")
        if self._live.unwritten is not None:
            detail.append(f"its state could not be written while it ran: {self._live.unwritten}")
        return detail


def exit_code(record: dict[str, Any]) -> int:
    """The code that tells a record to whoever waits for the supervisor: the agent's, or 128 and its signal."""
    if record["kind"] == "exited":
        return int(record["code"])
    numbers = {each.name: each.value for each in signal.Signals}
    return 128 + numbers.get(record["signal"], 0)


def _terminal_server() -> tuple[int, str] | None:
    """The terminal's server, as it was when the agent was started."""
    pid = os.environ.get("TMUX", "").rpartition(",")[0].rpartition(",")[2]
    began = start_time(int(pid)) if pid.isdigit() else None
    return None if began is None else (int(pid), began)
