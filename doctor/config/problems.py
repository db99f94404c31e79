"""What can be wrong with a configuration file, and what reading one gives back."""

from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from doctor.model.location import Location
from doctor.records import dataclass

if TYPE_CHECKING:
    from doctor.config.documents import Document

T = TypeVar("T")

Rule = Literal["unreadable", "syntax", "duplicate-key", "unknown-key", "type", "value", "version", "reference", "rival"]
"""Which kind of rule was broken.

``unreadable``: the file cannot be had as text. ``syntax``: it is no JSON or TOML. ``duplicate-key`` and
``unknown-key``: as they say. ``type``: a value of the wrong type. ``value``: the right type, but not allowed, or a
required key is missing. ``version``: another schema version. ``reference``: a name that nothing answers to.
``rival``: two files where one is expected.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigProblem:
    """One thing that is wrong with one file. All of it can be printed: no lone surrogates, no control characters."""

    rule: Rule
    subject: str
    """A path such as ``agent_profiles[0].skills[1]``, or the file's name when it is about the whole file."""

    message: str
    """What was seen and what was expected."""

    remedy: str | None = None
    """The next step to take."""

    location: Location
    """Where: the key for unknown and duplicate keys, else the value, or the object that lacks the key.

    Line and column are known unless the file could not be had as text.
    """

    instead: str | None = None
    """Of an unknown key: the one key of its object that is not there yet and that it can be a misspelling of."""


def in_words(problem: ConfigProblem) -> str:
    """A problem with its place, on one line."""
    return f"{problem.location}: {problem.subject}: {problem.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded(Generic[T]):
    """A file that was read: its value, or everything that is wrong with it, in the order of the file."""

    value: T | None
    """``None`` exactly when there are problems."""

    document: "Document | None" = None
    """The parsed text; ``None`` when there is no file or it could not be parsed."""

    problems: tuple[ConfigProblem, ...] = ()
