"""Changing the endpoints in the text of ``machine.toml``; comments, order and formatting of the rest stay."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from doctor.config.documents import LARGEST_DOCUMENT
from doctor.config.files import FileProblem, is_there, read_bytes
from doctor.config.machine import load_machine
from doctor.config.writing import replace_file
from doctor.errors import UsageError
from doctor.model.policy import ENV_NAME
from doctor.settings.editing import Keys, edited
from doctor.settings.leaves import changes
from doctor.settings.problems import refuse
from doctor.settings.results import Change
from doctor.settings.store import PRIVATE_FILE
from doctor.settings.surroundings import Surroundings

Table = Mapping[str, Any]

HIDDEN = "[redacted]"

_SHOWN = frozenset({"kind", "default", "api_key_file"})
_VARIABLES = frozenset({"api_key_env", "headers"})


class MachineText:
    """The file as it is now. Its owner holds the lock of the settings.

    Args:
        here: Whose file.

    Raises:
        UsageError: The file cannot be read, or is no TOML.
    """

    def __init__(self, here: Surroundings) -> None:
        self._here = here
        self._path = here.paths.machine_file
        self._content = self._read()
        try:
            data = tomllib.loads(self._content.decode("utf-8"))
        except (ValueError, RecursionError):
            refuse(load_machine(self._path, runners=here.runners, content=self._content).problems)
            raise
        found = data.get("endpoints", {})
        tables = found if isinstance(found, dict) else {}
        self.endpoints: Mapping[str, Table] = {name: table for name, table in tables.items() if isinstance(table, dict)}
        """As written, whether valid or not."""

    def _read(self) -> bytes:
        if not is_there(self._path):
            return b""
        try:
            return read_bytes(self._path, limit=LARGEST_DOCUMENT)
        except FileProblem as problem:
            raise UsageError(f"the file {self._path} {problem.message}", remedy=problem.remedy) from problem

    def put(self, after: Mapping[str, Table]) -> tuple[Change, ...]:
        """Write other endpoints in the place of those that are there.

        Raises:
            UsageError: The file would not be valid, or cannot be changed. It is as before then.
        """
        content = self._changed(after)
        refuse(load_machine(self._path, runners=self._here.runners, content=content).problems)
        if content != self._content:
            # A link is followed: people keep their settings elsewhere and link to them.
            replace_file(self._path.resolve(), content, mode=PRIVATE_FILE, keep_mode=True)
        return changes(dict(_leaves(self.endpoints)), dict(_leaves(after)))

    def _changed(self, after: Mapping[str, Table]) -> bytes:
        new = {name: table for name, table in after.items() if name not in self.endpoints}
        values: dict[Keys, Any] = {}
        for name, before in self.endpoints.items():
            if name not in after:
                values["endpoints", name] = None
                continue
            for key in dict.fromkeys((*after[name], *before)):
                if after[name].get(key) != before.get(key):
                    values["endpoints", name, key] = after[name].get(key)
        if self.endpoints and not after:
            values = {("endpoints",): None}
        content = edited(self._content, values, what=str(self._path)) if values else self._content
        return self._extended(content, new) if new else content

    def _extended(self, content: bytes, new: Mapping[str, Table]) -> bytes:
        """The content with new tables at its end, apart from what is there."""
        import tomlkit  # noqa: PLC0415 - only a command that changes a file needs it

        gap = "" if not content else "\n" if content.endswith(b"\n") else "\n\n"
        tables = {name: dict(table) for name, table in new.items()}
        longer = content + (gap + tomlkit.dumps({"endpoints": tables})).encode()
        try:
            tomllib.loads(longer.decode("utf-8"))
        except tomllib.TOMLDecodeError:
            # All endpoints stand on one line, as an inline table, which nothing can follow.
            return edited(content, {("endpoints", name): table for name, table in tables.items()}, what=str(self._path))
        return longer


def _leaves(endpoints: Mapping[str, Table]) -> Iterator[tuple[str, str]]:
    """Every leaf by its key, in words; what may be a secret in the wrong place is hidden."""
    for name, table in endpoints.items():
        for key, value in table.items():
            if isinstance(value, dict):
                for inner, each in value.items():
                    yield f"endpoints.{name}.{key}.{inner}", _shown(key, each)
            else:
                yield f"endpoints.{name}.{key}", _shown(key, value)


def _shown(key: str, value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if key == "api_key_command" and isinstance(value, list) and value:
        return str(value[0])
    harmless = (
        key in _SHOWN
        or (key == "url" and "@" not in text)
        or (key in _VARIABLES and re.fullmatch(ENV_NAME, text) is not None)
    )
    return text if harmless else HIDDEN
