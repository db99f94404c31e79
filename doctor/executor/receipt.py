"""Whether a prompt arrived, from what can be seen without asking the harness."""

import os
from contextlib import suppress

from doctor.executor.typed_prompt import Typist

DELIVERED = "delivered"
NOT_DELIVERED = "not-delivered"
UNCONFIRMED = "unconfirmed"


class PromptReceipt:
    """What is known of one prompt's arrival.

    Args:
        delivery: A ``Delivery``.
        interactive: A command line says nothing then: a dialog may have come before the prompt.
        stdin: Descriptor of the file that is the agent's input; the place up to which it was read is shared.
        typist: Who types it.
    """

    def __init__(self, *, delivery: str, interactive: bool, stdin: int | None, typist: Typist | None) -> None:
        self._by_argv = delivery == "argv" and not interactive
        self._stdin = stdin
        self._typist = typist
        self._arrived = False

    @property
    def may_change_unseen(self) -> bool:
        """Whether it has to be looked at from time to time."""
        return self._stdin is not None and not self._arrived

    def now(self) -> str:
        """What is known while the agent runs, once it was started."""
        if self._typist is not None:
            return self._typist.receipt
        if self._stdin is not None:
            read, size = self._places()
            self._arrived = self._arrived or read >= size
            return DELIVERED if self._arrived else UNCONFIRMED
        return DELIVERED if self._by_argv else UNCONFIRMED

    def finally_(self) -> str:
        """What is known once it has ended."""
        if self._typist is not None:
            return self._typist.finish()
        receipt = self.now()
        if self._stdin is not None and receipt == UNCONFIRMED and self._places()[0] == 0:
            return NOT_DELIVERED
        return receipt

    def _places(self) -> tuple[int, int]:
        if self._stdin is not None:
            with suppress(OSError):
                return os.lseek(self._stdin, 0, os.SEEK_CUR), os.fstat(self._stdin).st_size
        return 0, 1
