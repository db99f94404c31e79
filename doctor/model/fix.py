"""What would repair a finding: a plan as data. Only the one who applies it writes."""

from dataclasses import field

from doctor.model.location import Location
from doctor.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TextEdit:
    """One span of a file's text and what takes its place."""

    start: int
    """Offset of the span's first character."""

    end: int
    """Offset behind its last one; equal to ``start`` where something is inserted."""

    text: str
    begins: Location
    """Line and column of ``start``."""

    ends: Location
    """Line and column of ``end``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFix:
    """What becomes of one file."""

    path: str
    """Absolute."""

    sha256: str | None
    """Of the content that the plan was made for, in hex digits; ``None``: there is no such file yet, or it is a file
    or directory of which only ``mode`` changes."""

    edits: tuple[TextEdit, ...] = ()
    """In the order of the text; no two overlap."""

    content: str | None = None
    """The whole text of a file that is made; ``None`` for one that is there."""

    secret: str | None = field(default=None, repr=False)
    """The whole text of a file that is made, where nobody but its owner may see it; instead of ``content``."""

    copy_of: str | None = None
    """Absolute path of the file that a new one is a copy of; instead of ``content``."""

    copy_sha256: str | None = None
    """Of what is copied, in hex digits."""

    mode: int | None = None
    """Permission bits that it gets; ``None`` leaves them as they are, or as they are for a new file."""

    @property
    def is_new(self) -> bool:
        """Whether it makes a file."""
        return any(each is not None for each in (self.content, self.secret, self.copy_of))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """What repairs one finding."""

    code: str
    """Of the finding's check."""

    fingerprint: str
    """Of the finding."""

    title: str
    """What it does, in a few words."""

    files: tuple[FileFix, ...]
    """Those that are made come first, so that nothing refers to what is not there yet."""

    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Texts that stand in the files before or after, and that nothing may show."""
