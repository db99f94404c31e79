"""Requests as the coordinator reads them, and its refusals."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from starlette.requests import Request

KINDS: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "dict": (dict,),
    "list": (list,),
    "bool": (bool,),
    "int": (int,),
}
WANTED = {"string": "string", "dict": "dictionary", "list": "list", "bool": "boolean", "int": "integer"}


class Refusal(Exception):  # noqa: N818 - it is an answer
    """An answer with an error status, and a ``detail``."""

    def __init__(self, status: int, detail: Any) -> None:
        super().__init__(status, detail)
        self.status = status
        self.detail = detail


class Field(NamedTuple):
    """One field of a request's body."""

    kind: str
    """``string``, ``dict``, ``list`` of strings, ``list of dict``, ``bool`` or ``int``."""

    required: bool = False
    nullable: bool = True
    default: Any = None
    choices: tuple[str, ...] = ()


async def body_of(request: Request, shape: Mapping[str, Field]) -> dict[str, Any]:
    """The request's body: known fields with their defaults, unknown ones as they are.

    Raises:
        Refusal: 422, with every problem.
    """
    raw = await request.body()
    if not raw:
        raise Refusal(422, [missing(["body"], None)])
    try:
        document = json.loads(raw)
    except json.JSONDecodeError as error:
        detail = _problem("json_invalid", ["body", error.pos], "JSON decode error", {})
        raise Refusal(422, [{**detail, "ctx": {"error": error.msg}}]) from error
    except UnicodeDecodeError as error:
        raise Refusal(400, "There was an error parsing the body") from error
    if not isinstance(document, dict):
        wanted = "Input should be a valid dictionary or object to extract fields from"
        raise Refusal(422, [_problem("model_attributes_type", ["body"], wanted, document)])
    problems = [each for name, field in shape.items() for each in _problems(name, field, document)]
    if problems:
        raise Refusal(422, problems)
    return {**{name: field.default for name, field in shape.items()}, **document}


def query_of(request: Request, name: str) -> str:
    """A parameter of the query that has to be there.

    Raises:
        Refusal: 422.
    """
    value = request.query_params.get(name)
    if value is None:
        raise Refusal(422, [missing(["query", name], None)])
    return value


def flag_of(request: Request, name: str) -> bool:
    """A parameter of the query that is true or false; false where it is not there.

    Raises:
        Refusal: 422.
    """
    value = request.query_params.get(name, "false")
    for found, words in ((True, "1 on t true y yes"), (False, "0 off f false n no")):
        if value.lower() in words.split():
            return found
    wanted = "Input should be a valid boolean, unable to interpret input"
    raise Refusal(422, [_problem("bool_parsing", ["query", name], wanted, value)])


def missing(place: list[Any], given: Any) -> dict[str, Any]:
    """The problem of something that has to be there and is not."""
    return _problem("missing", place, "Field required", given)


def _problems(name: str, field: Field, document: Mapping[str, Any]) -> list[dict[str, Any]]:
    place = ["body", name]
    if name not in document:
        return [missing(place, document)] if field.required else []
    value = document[name]
    if value is None and field.nullable and not field.required:
        return []
    base, _, items = field.kind.partition(" of ")
    if field.choices and value not in field.choices:
        expected = " or ".join([", ".join(map(repr, field.choices[:-1])), repr(field.choices[-1])])
        return [{**_problem("enum", place, f"Input should be {expected}", value), "ctx": {"expected": expected}}]
    if not isinstance(value, KINDS[base]):
        return [_problem(f"{base}_type", place, f"Input should be a valid {WANTED[base]}", value)]
    inner = items or "string"
    parts = enumerate(value) if isinstance(value, list) else ()
    return [
        _problem(f"{inner}_type", [*place, number], f"Input should be a valid {WANTED[inner]}", each)
        for number, each in parts
        if not isinstance(each, KINDS[inner])
    ]


def _problem(kind: str, place: list[Any], message: str, given: Any) -> dict[str, Any]:
    return {"type": kind, "loc": place, "msg": message, "input": given}
