"""What an executor printed: kept in its log, and the ends of it for telling why it failed. Secrets are hidden."""

from collections.abc import Sequence

from doctor.executor.bounded_log import BoundedLog
from doctor.executor.redacting import Redactor
from doctor.report.redact import redact

TAIL = 64 * 1024
"""Bytes of the end of each stream that are kept in memory."""

LONGEST = 4096
"""Bytes of a failure's text."""

_CUT = "… "


class Output:
    """The two streams of one executor.

    Args:
        log: Where all of it goes, as far as there is room; ``None``: nowhere.
        secrets: Values to hide.
    """

    def __init__(self, log: BoundedLog | None, secrets: Sequence[str]) -> None:
        self._log = log
        self._secrets = secrets
        self._redactors: dict[str, Redactor] = {}  # made where something comes: most executors are silent
        self._tails = {"stdout": bytearray(), "stderr": bytearray()}

    def hear(self, name: str, data: bytes) -> None:
        """Take what came from a stream; nothing means that it has ended."""
        data = self._redacted(name, data)
        if not data:
            return
        if self._log is not None:
            self._log.write(data)
        tail = self._tails[name]
        tail += data
        if len(tail) > 2 * TAIL:
            del tail[:-TAIL]

    def close(self) -> None:
        """Nothing follows."""
        for name in self._redactors:
            self.hear(name, b"")
        if self._log is not None:
            self._log.close()

    def _redacted(self, name: str, data: bytes) -> bytes:
        redactor = self._redactors.get(name)
        if redactor is None:
            if not data or not self._secrets:
                return data
            redactor = self._redactors[name] = Redactor(self._secrets)
        return redactor.feed(data) if data else redactor.finish()

    def why_failed(self, code: int | None, signal: str | None) -> str:
        """Why an executor failed: the end of what it said on stderr, or on stdout, or how it ended."""
        for name, before in (("stderr", ""), ("stdout", "(stdout) ")):
            said = self._tails[name][-TAIL:].decode("utf-8", "replace").strip()
            if said:
                return before + cut(redact(said, self._secrets), LONGEST - len(before))
        return f"Process exited with code {code}" if code is not None else f"Process was ended by {signal}"


def cut(text: str, limit: int = LONGEST) -> str:
    """The end of a text that may be long, as far as it fits into ``limit`` bytes."""
    content = text.encode("utf-8", "replace")
    if len(content) <= limit:
        return text
    room = limit - len(_CUT.encode())
    return _CUT + content[-room:].decode("utf-8", "ignore")
