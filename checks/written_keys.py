"""Keys that stand in the settings of an endpoint instead of a reference. Their text is never returned."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import doctor
from checks.secret_shapes import kinds

KEYS = frozenset({"api_key", "apikey", "api-key", "key", "token", "secret", "password"})
"""Keys under which people write the key itself."""

Path = tuple[str | int, ...]


class WrittenKey(NamedTuple):
    """A key in a file."""

    endpoint: str
    key: str
    """Where in the endpoint's table, such as ``headers.x-team``."""

    what: str
    """What it looks like, in words."""

    variable: str
    """A name for the variable to put it into."""

    remedy: str
    """The command that puts a reference in its place."""

    location: doctor.Location
    document: doctor.Document
    place: Path
    """Of the endpoint's table in the document."""

    path: Path
    """In the endpoint's table."""


class _Table(NamedTuple):
    """An endpoint as it is written, whether valid or not."""

    name: str
    profile: str | None
    """The named profile that brings it; ``None``: it is the machine's."""

    data: dict[str, Any]
    place: Path
    document: doctor.Document


def written_keys(
    machine_file: doctor.Loaded[doctor.Machine], profile_file: doctor.ActiveProfile
) -> Iterator[WrittenKey]:
    """Every key that stands in an endpoint of the machine or of the active profile, whether those are valid or not."""
    for table in _tables(machine_file, profile_file):
        for path, text in _texts(table.data):
            found = () if path == ("url",) else kinds(text)
            if found or (len(path) == 1 and str(path[0]).lower() in KEYS):
                variable = f"{re.sub(r'[^A-Za-z0-9]+', '_', table.name).strip('_').upper() or 'MODEL'}_API_KEY"
                yield WrittenKey(
                    endpoint=table.name,
                    key=".".join(map(str, path)),
                    what=" and ".join(found) or "a key",
                    variable=variable,
                    remedy=_remedy(table, variable),
                    location=table.document.at_key(doctor.pointer(*table.place, *path)),
                    document=table.document,
                    place=table.place,
                    path=path,
                )


def _tables(machine_file: doctor.Loaded[doctor.Machine], profile_file: doctor.ActiveProfile) -> Iterator[_Table]:
    if machine_file.document is not None:
        found = machine_file.document.data.get("endpoints")
        for name, data in found.items() if isinstance(found, dict) else ():
            if isinstance(data, dict):
                yield _Table(name, None, data, ("endpoints", name), machine_file.document)
    document = profile_file.loaded.document if profile_file.loaded else None
    if document is not None:
        group = document.data.get("llm_endpoints")
        every = group.get("endpoints") if isinstance(group, dict) else None
        for index, data in enumerate(every) if isinstance(every, list) else ():
            if isinstance(data, dict):
                name, place = str(data.get("name", index)), ("llm_endpoints", "endpoints", index)
                yield _Table(name, profile_file.name or "", data, place, document)


def _texts(data: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """Every text of an endpoint that says something, with its path."""
    for key, value in data.items():
        if isinstance(value, str):
            inner: list[tuple[Path, Any]] = [((key,), value)]
        elif isinstance(value, dict):
            inner = [((key, name), each) for name, each in value.items()]
        else:
            inner = [((key, index), each) for index, each in enumerate(value if isinstance(value, list) else ())]
        yield from ((path, text) for path, text in inner if isinstance(text, str) and text.strip())


def _remedy(table: _Table, variable: str) -> str:
    from shlex import quote  # noqa: PLC0415 - only where a key was found

    if table.profile is not None:
        return f'write api_key_env = "{variable}" instead: doctor profile edit {quote(table.profile)}'
    url = table.data.get("url")
    said = quote(url) if isinstance(url, str) and "@" not in url else "URL"
    return f"run: doctor endpoint set {quote(table.name)} {said} --key-env {variable}"
