"""The frontmatter of a ``SKILL.md``: YAML between two lines of three dashes at the very top."""

from collections.abc import Iterator
from typing import Any

LARGEST = 64 * 1024
"""Characters."""

DEEPEST = 32
"""Levels of nesting."""

_STRING = "tag:yaml.org,2002:str"


class FrontmatterError(Exception):
    """The frontmatter cannot be used.

    Args:
        message: What is wrong with it, as the rest of "its frontmatter ...".
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def description_of(text: str) -> str | None:
    """The ``description`` in the frontmatter of ``text``; ``None`` when there is none.

    There is none either where the frontmatter is missing, or where it holds no text or only white space for it.

    Raises:
        FrontmatterError: It is not closed, not YAML, no mapping, too large or too deep, or uses aliases.
    """
    written = _frontmatter(text)
    if written is None:
        return None
    import yaml  # noqa: PLC0415 - only needed where a skill has frontmatter

    try:
        _check_events(yaml, written)
        node = yaml.compose(written, Loader=_loader(yaml))
    except yaml.YAMLError as error:
        raise FrontmatterError(f"is not YAML: {_reason(error)}") from error
    if not isinstance(node, yaml.MappingNode):
        raise FrontmatterError("is not a set of `key: value` lines")
    values = [value for key, value in node.value if getattr(key, "value", None) == "description"]
    is_text = bool(values) and isinstance(values[-1], yaml.ScalarNode) and values[-1].tag == _STRING
    return values[-1].value.strip() or None if is_text else None


def _frontmatter(text: str) -> str | None:
    lines = text.removeprefix("\ufeff").splitlines(keepends=True)
    if not lines or lines[0].rstrip() != "---":
        return None
    size = 0
    for index, line in enumerate(lines[1:], start=1):
        if line.rstrip() == "---":
            return "".join(lines[1:index])
        size += len(line)
        if size > LARGEST:
            raise FrontmatterError(f"is larger than {LARGEST:,} characters, or not closed by a line `---`")
    raise FrontmatterError("is not closed by a line `---`")


def _loader(yaml: Any) -> Any:
    """The parser in C where PyYAML was built with it; both accept the same texts."""
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _check_events(yaml: Any, text: str) -> None:
    """Refuse what makes a small text large once composed, before it is composed."""
    depth = 0
    events: Iterator[Any] = yaml.parse(text, Loader=_loader(yaml))
    for event in events:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise FrontmatterError("uses YAML anchors or aliases")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise FrontmatterError(f"is nested more than {DEEPEST} levels deep")


def _reason(error: Any) -> str:
    """One line about a YAML error, with its line counted from the top of the file."""
    mark = getattr(error, "problem_mark", None)
    reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be parsed"
    return f"{reason} (line {mark.line + 2})" if mark is not None else str(reason)
