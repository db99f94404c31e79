"""Frozen dataclasses that cost little to define.

``dataclasses`` writes and compiles six methods for each class, which was a third of what a check takes to start. Here
``__init__`` is compiled when the first instance is made, and the other five are shared. Everything else is theirs:
``fields``, ``replace``, ``asdict`` and the like work as ever, and a type checker sees nothing but a dataclass.
"""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

T = TypeVar("T")

_MADE = object()
"""Stands for the value that a field's factory makes."""


def _dataclass(*, frozen: bool, slots: bool, kw_only: bool) -> Callable[[type[T]], type[T]]:
    """``dataclasses.dataclass``, for the one kind of class that this project is made of.

    Raises:
        TypeError: Any of the three is not true.
    """
    if not (frozen and slots and kw_only):
        raise TypeError("records are frozen, slotted and keyword-only; use dataclasses.dataclass for others")
    return _record


def _record(plain: type[T]) -> type[T]:
    own = set(vars(plain))
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True, kw_only=True)(plain)
    for name, method in _SHARED.items():
        if name not in own:
            setattr(made, name, method)

    def first(self: Any, /, **values: Any) -> None:
        made.__init__ = _initialiser(made)
        made.__init__(self, **values)

    made.__init__ = first
    return made  # type: ignore[no-any-return]  # `Any` lets it be changed


def _initialiser(made: type) -> Any:
    """The ``__init__`` of a class, which takes each field by keyword."""
    names: dict[str, Any] = {"_MADE": _MADE}
    parameters, statements = [], []
    for each in dataclasses.fields(made):
        names[f"_set_{each.name}"] = getattr(made, each.name).__set__
        value = each.name
        if each.default_factory is not dataclasses.MISSING:
            names[f"_make_{each.name}"] = each.default_factory
            parameters.append(f"{each.name}=_MADE")
            value = f"_make_{each.name}() if {each.name} is _MADE else {each.name}"
        elif each.default is not dataclasses.MISSING:
            names[f"_default_{each.name}"] = each.default
            parameters.append(f"{each.name}=_default_{each.name}")
        else:
            parameters.append(each.name)
        statements.append(f" _set_{each.name}(self, {value})")
    if hasattr(made, "__post_init__"):
        statements.append(" self.__post_init__()")
    taken = f", *, {', '.join(parameters)}" if parameters else ""
    text = f"def __init__(self{taken}):\n" + ("\n".join(statements) or " pass")
    exec(text, names)  # noqa: S102 - names of fields are identifiers of this program's own source
    names["__init__"].__qualname__ = f"{made.__qualname__}.__init__"
    return names["__init__"]


def _values(record: Any) -> tuple[Any, ...]:
    """What counts when two records are compared."""
    return tuple(getattr(record, each.name) for each in dataclasses.fields(record) if each.compare)


def _equal(self: Any, other: object) -> bool:
    return _values(self) == _values(other) if other.__class__ is self.__class__ else NotImplemented


def _hash(self: Any) -> int:
    return hash(_values(self))


def _text(self: Any) -> str:
    shown = (f"{each.name}={getattr(self, each.name)!r}" for each in dataclasses.fields(self) if each.repr)
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _refuse_to_set(_: Any, name: str, __: object) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_: Any, name: str) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in dataclasses.fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for each, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)


_SHARED = {
    "__eq__": _equal,
    "__hash__": _hash,
    "__repr__": _text,
    "__setattr__": _refuse_to_set,
    "__delattr__": _refuse_to_delete,
    "__getstate__": _state,
    "__setstate__": _restore,
}

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    dataclass = _dataclass

__all__ = ["dataclass"]
