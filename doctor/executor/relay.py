"""Carrying output and input between an agent and the terminal that its supervisor was started in."""

import math
import os
import select
import time
from contextlib import suppress

from doctor.executor.agent_pty import Agent
from doctor.executor.bounded_log import BoundedLog
from doctor.executor.outer_terminal import OuterTerminal
from doctor.executor.redacting import Redactor
from doctor.executor.typed_prompt import Typist

_READ = 65536
_FULL = 65536
"""Bytes that may wait to be written before no more are read."""

_REOPENED = 0.5
"""Seconds after which a terminal that nobody had open is looked at again."""

_SILENCE = 0.2
"""Seconds without output after which a terminal that the agent's survivors hold open counts as read to its end."""

_LONGEST_DRAIN = 2.0


class Relay:
    """All descriptors of one supervised agent.

    Args:
        agent: Whose terminal is read.
        outer: Where its output is shown, while that is there.
        interactive: Whether input goes the other way, and output is shown as it is, secrets included.
        log: Where all output is kept.
        redactor: What hides secrets in it.
        typist: Types the prompt; ``None`` where it goes another way.
        wake: Descriptor that becomes readable when a signal came.
    """

    def __init__(
        self,
        *,
        agent: Agent,
        outer: OuterTerminal,
        interactive: bool,
        log: BoundedLog,
        redactor: Redactor,
        typist: Typist | None,
        wake: int,
    ) -> None:
        self._agent = agent
        self._outer = outer
        self.interactive = interactive
        self._log = log
        self._redactor = redactor
        self._typist = typist
        self._wake = wake
        self._to_outer = b""
        self._to_agent = b""
        self._read_again_at = 0.0

    @property
    def lost(self) -> int:
        """Bytes of output that could not be kept."""
        return self._log.lost

    def step(self, until: float) -> bytes:
        """Carry what there is, or wait for it; returns the numbers of the signals that came.

        Args:
            until: Monotonic seconds at which to return at the latest; may be infinite.
        """
        now = time.monotonic()
        reads, writes = self._interest(now)
        if self._read_again_at > now:
            until = min(until, self._read_again_at)
        timeout = None if math.isinf(until) else max(0.0, until - now)
        readable, writable, _ = select.select(reads, writes, (), timeout)
        if self._agent.terminal in readable:
            self._take_output()
        if 0 in readable:
            self._take_input()
        if self._typist is not None:
            self._to_agent += self._typist.tick()
        if 0 in writable:
            self._to_outer = self._to_outer[self._outer.write(self._to_outer) :]
        if self._agent.terminal in writable:
            self._give_input()
        return os.read(self._wake, _READ) if self._wake in readable else b""

    def drain(self) -> None:
        """Take what an agent that ended has left in its terminal, and close the log."""
        now = time.monotonic()
        self._to_agent, self._read_again_at, last = b"", 0.0, now + _LONGEST_DRAIN
        while time.monotonic() < last and self._read_again_at == 0.0:
            readable, _, _ = select.select([self._agent.terminal], (), (), _SILENCE)
            if not readable:
                break
            self._take_output()
        rest = self._redactor.finish()
        self._log.write(rest)
        self._log.close()
        self._show(b"" if self.interactive else rest)
        self._show_the_rest(last)

    def _interest(self, now: float) -> tuple[list[int], list[int]]:
        reads, writes = [self._wake], []
        # A headless agent is not held up by a terminal that nobody reads.
        if now >= self._read_again_at and (not self.interactive or len(self._to_outer) < _FULL):
            reads.append(self._agent.terminal)
        if self._outer.is_there:
            if len(self._to_agent) < _FULL:
                reads.append(0)
            if self._to_outer:
                writes.append(0)
        if self._to_agent:
            writes.append(self._agent.terminal)
        return reads, writes

    def _take_output(self) -> None:
        try:
            data = os.read(self._agent.terminal, _READ)
        except BlockingIOError:
            return
        except OSError:  # nobody has it open
            data = b""
        if not data:
            self._read_again_at = time.monotonic() + _REOPENED
            return
        hidden = self._redactor.feed(data)
        self._log.write(hidden)
        self._show(data if self.interactive else hidden)
        if self._typist is not None:
            self._to_agent += self._typist.feed(data)

    def _show(self, data: bytes) -> None:
        if self._outer.is_there:
            self._to_outer += data
            if not self.interactive:
                self._to_outer = self._to_outer[-_FULL:]
        else:
            self._to_outer = b""

    def _show_the_rest(self, last: float) -> None:
        while self._to_outer and self._outer.is_there and time.monotonic() < last:
            _, writable, _ = select.select((), [0], (), _SILENCE)
            if not writable:
                return
            self._to_outer = self._to_outer[self._outer.write(self._to_outer) :]

    def _take_input(self) -> None:
        data = self._outer.read()
        if self.interactive:
            self._to_agent += data

    def _give_input(self) -> None:
        with suppress(BlockingIOError):
            try:
                self._to_agent = self._to_agent[os.write(self._agent.terminal, self._to_agent) :]
            except OSError as error:
                if isinstance(error, BlockingIOError):
                    raise
                self._to_agent = b""
