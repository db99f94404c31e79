"""Where a value stands in a file."""

from dataclasses import field

from doctor.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place in a file."""

    path: str
    """Absolute path of the file."""

    line: int | None = None
    """1-based line."""

    column: int | None = None
    """1-based column, counted in characters."""

    pointer: str | None = None
    """RFC 6901 JSON pointer (``""`` is the whole document); TOML documents use the same form."""

    end: tuple[int, int] | None = field(default=None, compare=False, repr=False)
    """Line and column behind what stands there, where that is one word: a key, a text, a number."""

    def __str__(self) -> str:
        """``path:line:column``, as far as known, the form editors jump to."""
        return ":".join(str(part) for part in (self.path, self.line, self.column) if part is not None)


def pointer(*parts: str | int) -> str:
    """Build an RFC 6901 pointer from keys and indices."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)
