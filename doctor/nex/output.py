"""Output of a command, kept within bounds."""

from collections import deque

HEAD_BYTES = 8_000
TAIL_BYTES = 8_000


class BoundedOutput:
    """Keeps the first and the last bytes of what it is given, and counts the rest."""

    def __init__(self, *, head: int = HEAD_BYTES, tail: int = TAIL_BYTES) -> None:
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self._limits = head, tail
        self._total = 0

    def add(self, data: bytes) -> None:
        """Take the next bytes."""
        self._total += len(data)
        room = self._limits[0] - len(self._head)
        self._head += data[:room]
        if rest := data[room:]:
            self._tail.append(rest)
            self._tail_size += len(rest)
        while self._tail and self._tail_size - len(self._tail[0]) >= self._limits[1]:
            self._tail_size -= len(self._tail.popleft())

    def text(self) -> str:
        """What was kept, with a line about what was not."""
        tail = b"".join(self._tail)[-self._limits[1] :]
        dropped = self._total - len(self._head) - len(tail)
        if not dropped:
            return (bytes(self._head) + tail).decode("utf-8", "replace")
        head, end = self._head.decode("utf-8", "replace"), tail.decode("utf-8", "replace")
        return f"{head}\n[... {dropped} bytes left out ...]\n{end}"
