"""Facts by name, and which of them need which: structure only, nothing is computed here."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import FunctionType, MethodType
from typing import Any, NamedTuple

from doctor.errors import RegistrationError

_VARIADIC = 0x04 | 0x08
"""Code flags of ``*args`` and ``**kwargs``."""


class Fact(NamedTuple):
    """One fact as a plugin registered it."""

    name: str
    function: Callable[..., Any]
    plugin: str
    parameters: tuple[str, ...]
    """Names of the facts it is given."""


def fact_parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    """Names of the facts that ``function`` asks for (without ``self`` when it is a bound method).

    Raises:
        TypeError: It takes a parameter that cannot name a fact; the message says which.
    """
    if type(function) is FunctionType and not hasattr(function, "__wrapped__"):
        return _from_code(function)
    if isinstance(function, MethodType) and type(function.__func__) is FunctionType:
        return fact_parameters(function.__func__)[1:]
    return _from_signature(function)


def _from_code(function: FunctionType) -> tuple[str, ...]:
    """The same answer as from the signature, without the 20 microseconds that ``inspect`` takes."""
    code = function.__code__
    if code.co_flags & _VARIADIC or code.co_posonlyargcount or function.__defaults__ or function.__kwdefaults__:
        return _from_signature(function)
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def _from_signature(function: Callable[..., Any]) -> tuple[str, ...]:
    from inspect import Parameter, signature  # noqa: PLC0415 - only for what has no plain code object

    try:
        parameters = signature(function).parameters.values()
    except ValueError:
        raise TypeError("has no signature to read fact names from") from None
    for parameter in parameters:
        if parameter.kind not in {Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY}:
            raise TypeError(f"takes {parameter}, but every parameter names one fact")
        if parameter.default is not Parameter.empty and not isinstance(function, partial):
            raise TypeError(f"gives {parameter.name!r} a default, but a fact is always given")
    return tuple(p.name for p in parameters if p.default is Parameter.empty)


class FactGraph:
    """Every fact of one diagnosis.

    Args:
        facts: Facts with the functions that compute them.
        values: Facts that are known from the start.

    Raises:
        RegistrationError: A name is offered twice.
    """

    def __init__(self, facts: Iterable[Fact], values: Mapping[str, Any]) -> None:
        self.values = dict(values)
        self.facts: dict[str, Fact] = {}
        for fact in facts:
            if fact.name in self.values:
                raise RegistrationError(f"fact {fact.name!r} of plugin {fact.plugin} is one of doctor's own; rename it")
            if fact.name in self.facts:
                first = self.facts[fact.name].plugin
                raise RegistrationError(f"fact {fact.name!r} is registered by {first} and by {fact.plugin}")
            self.facts[fact.name] = fact

    def __contains__(self, name: str) -> bool:
        return name in self.facts or name in self.values

    @property
    def names(self) -> tuple[str, ...]:
        """Every fact that can be asked for, sorted."""
        return tuple(sorted({*self.facts, *self.values}))

    def needs(self, name: str) -> tuple[str, ...]:
        """The facts that computing ``name`` takes directly; a name nobody knows takes none."""
        fact = self.facts.get(name)
        return fact.parameters if fact else ()

    def problems(self) -> list[str]:
        """Everything that makes the graph unusable, one sentence each: unknown names and cycles."""
        found = [
            f"fact {fact.name!r} of plugin {fact.plugin} asks for fact {name!r}, "
            f"which nobody registers{self.hint(name)}"
            for fact in self.facts.values()
            for name in fact.parameters
            if name not in self
        ]
        if loop := cycle({name: fact.parameters for name, fact in self.facts.items()}):
            found.append(f"facts need each other in a circle: {' -> '.join(loop)}")
        return found

    def hint(self, name: str) -> str:
        """``; did you mean 'policy'?`` where a name is near, else an empty string."""
        return did_you_mean(name, self.names)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a sentence that proposes the nearest of ``known``, or an empty string."""
    from doctor.config.names import nearest  # noqa: PLC0415 - only a mistake needs it

    near = nearest(name, tuple(known))
    return f"; did you mean {near!r}?" if near else ""


def cycle(edges: Mapping[str, Iterable[str]]) -> list[str] | None:
    """One circle of ``edges``, its first name repeated at the end, or ``None``."""
    from graphlib import CycleError, TopologicalSorter  # noqa: PLC0415 - kept off the import path

    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        return list(error.args[1])[::-1]
    return None
