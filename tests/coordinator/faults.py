"""What a coordinator does wrong when a test says so."""

import re
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self

Kind = Literal["slow", "slow_answer", "drop_before", "drop_after", "answer", "replace", "truncate"]


@dataclass(slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong, so many times."""

    kind: Kind
    """``slow``: before the request is looked at. ``slow_answer``: afterwards. ``drop_before``, ``drop_after``: the
    connection is cut before or after the request has its effect. ``answer``: without an effect. ``replace``: after
    the effect. ``truncate``: the answer ends before it should."""

    method: str = "*"
    path: str = ".*"
    """A regular expression for the whole path."""

    skip: int = 0
    """Requests that are let through first."""

    times: int = 1
    """Requests that it happens to; a negative number never ends."""

    seconds: float = 0
    """For the slow ones."""

    status: int = 500
    """For ``answer`` and ``replace``."""

    body: str = "Internal Server Error"
    content_type: str = "text/plain; charset=utf-8"

    def as_json(self) -> dict[str, Any]:
        """For a request."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """The opposite of ``as_json``."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in document.items() if name in known})

    def takes(self, method: str, path: str) -> bool:
        """Whether it happens to this request; counts."""
        if self.method not in {"*", method} or not re.fullmatch(self.path, path) or self.times == 0:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True
