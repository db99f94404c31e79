"""The one way from a path to a value and all its problems."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from doctor.config.documents import Document, parse_document, read_document
from doctor.config.issues import Issues
from doctor.config.leaves import Vocabulary
from doctor.config.problems import ConfigProblem, Loaded
from doctor.config.runners import RunnerNames
from doctor.config.typed import BAD, TypedReader
from doctor.config.words import Kind
from doctor.model.harness import RunnerSpec

T = TypeVar("T")

WholeRules = Callable[[Any, Any, Vocabulary, Issues], None]
"""Rules over a whole document: the value, which may have ``BAD`` in it, the data it was read from, what may be
referred to, and where to note problems."""


def load(
    path: Path,
    kind: Kind,
    type_: type[T],
    *,
    runners: Sequence[RunnerSpec],
    rules: WholeRules | None = None,
    content: bytes | None = None,
) -> Loaded[T]:
    """Read a file as ``type_``. A TOML file without any text is one without any key.

    Args:
        path: The file.
        kind: Its format.
        type_: The type of the whole document.
        runners: The harnesses that may be named.
        rules: Rules over the whole document.
        content: What to take for the file's content instead of reading it; the file need not exist.
    """
    if content is None:
        document, problems = read_document(path, kind, may_be_blank=kind == "toml")
    else:
        document, problems = parse_document(content, path, kind, may_be_blank=kind == "toml")
    if document is None:
        return Loaded(value=None, problems=problems)
    words = Vocabulary(RunnerNames(runners))
    return read_typed(document, document.data, problems, type_, words=words, issues=Issues(), rules=rules)


def read_typed(
    document: Document,
    data: Any,
    problems: tuple[ConfigProblem, ...],
    type_: type[T],
    *,
    words: Vocabulary,
    issues: Issues,
    rules: WholeRules | None,
) -> Loaded[T]:
    """Read the data of a document as ``type_``.

    Args:
        document: Where the places of problems are looked up.
        data: Its data, or what is to be read in its place.
        problems: Those that reading the document found already.
        type_: The type of the whole document.
        words: What may be referred to.
        issues: What was noted already; the rest is added.
        rules: Rules over the whole document.
    """
    value = TypedReader(document.kind, words).read(type_, data, issues)
    if rules is not None and isinstance(value, type_):
        rules(value, data, words, issues)
    noted = issues.problems(document)
    every = in_order(problems + noted) if problems else noted
    return Loaded(value=None if every else value, document=document, problems=every)


def newer(version: int, key: str, *, known: int, issues: Issues) -> bool:
    """Note that a file is of a newer version than is read here.

    Args:
        version: As it was read, or ``BAD``.
        key: Where it stands.
        known: The newest one that is read.
        issues: Where it is noted.

    Returns:
        Whether it is, so that nothing else is to be said about the file.
    """
    if version is BAD or version <= known:
        return False
    message = f"version {version} is newer than {known}, the one this program reads"
    issues.add("version", message, key, remedy="update harness-doctor")
    return True


def in_order(problems: tuple[ConfigProblem, ...]) -> tuple[ConfigProblem, ...]:
    """The problems of one file by their place in it."""
    return tuple(sorted(problems, key=lambda each: (each.location.line or 0, each.location.column or 0)))
