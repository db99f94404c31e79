"""``doctor schema``."""

from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from doctor.cli.streams import put
from doctor.config.names import nearest
from doctor.errors import UsageError
from doctor.exit_codes import ExitCode

ALIASES = {"profile": "named-profile"}
"""What people call a schema whose file has a longer name."""

TAIL = ".schema.json"


def run(arguments: Namespace) -> int:
    """Print one schema, or list them."""
    from doctor.config.schema import schema_text  # noqa: PLC0415 - not for a wrong command line

    schemas = published()
    if arguments.name is not None:
        put(schema_text(schemas[_name(arguments.name, schemas)]))
    elif arguments.format == "json":
        from doctor.report.json_format import SCHEMA_VERSION, dumps  # noqa: PLC0415 - one way of printing

        entries = [{"name": name, "title": each["title"], "id": each["$id"]} for name, each in schemas.items()]
        put(dumps({"schema_version": SCHEMA_VERSION, "schemas": entries}))
    else:
        width = max(map(len, schemas))
        put("".join(f"{name.ljust(width)}  {each['title']}\n" for name, each in schemas.items()))
    return ExitCode.OK


def published() -> dict[str, dict[str, Any]]:
    """Every published schema by its name: what stands before ``.schema.json`` in its file's."""
    from doctor.config.schema import schemas  # noqa: PLC0415 - not for a wrong command line
    from doctor.harness.registry import Registry, builtin_harnesses  # noqa: PLC0415 - see above

    every = schemas(Registry(builtin_harnesses()).specs())
    return {file.removesuffix(TAIL): schema for file, schema in every.items()}


def _name(asked: str, known: Mapping[str, Any]) -> str:
    """The schema that is meant.

    Raises:
        UsageError: There is none.
    """
    name = asked.strip().removesuffix(TAIL)
    name = ALIASES.get(name, name)
    if name in known:
        return name
    hint = nearest(name, list(known))
    raise UsageError(
        f"no schema is called {asked!r}", remedy=f"did you mean {hint!r}?" if hint else f"schemas: {', '.join(known)}"
    )
