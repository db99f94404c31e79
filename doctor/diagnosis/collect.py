"""What plugins offer, verified the moment it is registered and named by its plugin when it is wrong."""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import FunctionType
from typing import Any, TypeVar

from doctor.diagnosis.check import DOCSTRINGS_KEPT, READS, Check
from doctor.diagnosis.facts_graph import Fact, FactGraph, cycle, did_you_mean, fact_parameters
from doctor.errors import RegistrationError
from doctor.model.finding import Severity

CODE = re.compile(r"[A-Z]{3}[0-9]{3}")
FORMAT = re.compile(r"[a-z][a-z0-9_-]*")
OWN_EXECUTORS = ("process", "runner", "tmux")
"""Names that plugins cannot give to executors. Their modules are not imported for a diagnosis."""

_CO_COROUTINE = 0x80 | 0x200
"""Code flags of ``async def``, with and without ``yield``."""

_T = TypeVar("_T")
Offers = Iterable[tuple[str, _T]]
"""Pairs of a plugin's name and something it offers."""


def refuse(problems: Sequence[str]) -> None:
    """Raise one ``RegistrationError`` that lists ``problems``, if there are any."""
    if problems:
        raise RegistrationError("\n".join(problems))


def make_checks(offers: Offers[Any]) -> tuple[Check, ...]:
    """Instances of the offered check classes, in code order.

    Raises:
        RegistrationError: With every class that is malformed, and every code offered twice.
    """
    problems: list[str] = []
    checks: dict[str, Check] = {}
    for plugin, offered in offers:
        wrong = check_problems(offered)
        problems += [f"plugin {plugin}: {wrong_with}" for wrong_with in wrong]
        if wrong:
            continue
        if offered.__name__ in checks:
            problems.append(_twice("check", offered.__name__, checks[offered.__name__].plugin, plugin))
            continue
        checks[offered.__name__] = _instance(offered, plugin)
    refuse(problems)
    return tuple(checks[code] for code in sorted(checks))


def _instance(offered: type[Check], plugin: str) -> Check:
    try:
        check = offered()
        check.plugin = plugin
    except Exception as error:
        raise RegistrationError(
            f"plugin {plugin}: check {offered.__name__} cannot be made without arguments: {error}"
        ) from error
    return check


def _twice(what: str, name: str, first: str, second: str) -> str:
    if first == second:
        return f"plugin {first}: {what} {name} is registered twice"
    return f"{what} {name} is registered by plugin {first} and by plugin {second}; rename one of them"


def check_problems(offered: Any) -> list[str]:
    """Everything that keeps ``offered`` from being a check, one sentence each; empty when it is one."""
    if not isinstance(offered, type) or not issubclass(offered, Check):
        return [f"doctor_register_checks offers {offered!r}, expected a class derived from doctor.Check"]
    name = offered.__name__
    wrong = [*_name_problems(name), *_docstring_problems(offered), *_data_problems(offered), *_run_problems(offered)]
    wrong += _fix_problems(offered)
    return [f"check {name}: {problem}" for problem in wrong]


def _name_problems(name: str) -> list[str]:
    if CODE.fullmatch(name):
        return []
    return ["its name is its code, expected three capital letters and three digits such as ACM001"]


def _docstring_problems(offered: type[Check]) -> list[str]:
    if not DOCSTRINGS_KEPT:
        return []
    missing = []
    if not (offered.__doc__ or "").strip():
        missing.append("it has no docstring, whose first line is the title")
    if offered.run is not Check.run and not (getattr(offered.run, "__doc__", None) or "").strip():
        missing.append("run has no docstring, which says when the check fails")
    return missing


def _data_problems(offered: type[Check]) -> list[str]:
    problems = []
    if not isinstance(offered.severity, Severity):
        problems.append(f"severity is {offered.severity!r}, expected a doctor.Severity")
    if not _strings(offered.requires):
        problems.append(f"requires is {offered.requires!r}, expected a tuple of codes")
    elif offered.__name__ in offered.requires:
        problems.append("it requires itself")
    if not _strings(offered.reads) or not set(offered.reads) <= set(READS):
        problems.append(f"reads is {offered.reads!r}, expected a tuple of {', '.join(READS)}")
    if not _positive(offered.timeout):
        problems.append(f"timeout is {offered.timeout!r}, expected seconds above zero")
    if not isinstance(offered.always, bool):
        problems.append(f"always is {offered.always!r}, expected True or False")
    return problems


def _strings(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(item, str) for item in value)


def _positive(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value) and value > 0


def _run_problems(offered: type[Check]) -> list[str]:
    run = next(vars(base)["run"] for base in offered.__mro__ if "run" in vars(base))
    if run is vars(Check)["run"]:
        return ["it has no method run"]
    if not isinstance(run, FunctionType):
        return [f"run is a {type(run).__name__}, expected a method"]
    if run.__code__.co_flags & _CO_COROUTINE:
        return ["run is asynchronous, expected a plain method"]
    try:
        if not fact_parameters(run):
            return ["run has no parameters, expected self first"]
    except TypeError as error:
        return [f"run {error}"]
    return []


def _fix_problems(offered: type[Check]) -> list[str]:
    if offered.fix is Check.fix:
        return []
    fix = next(vars(base)["fix"] for base in offered.__mro__ if "fix" in vars(base))
    if not isinstance(fix, FunctionType):
        return [f"fix is a {type(fix).__name__}, expected a method"]
    if fix.__code__.co_flags & _CO_COROUTINE:
        return ["fix is asynchronous, expected a plain method"]
    try:
        names = fact_parameters(fix)
    except TypeError as error:
        return [f"fix {error}"]
    return [] if names[1:2] == ("finding",) else ["fix takes self and then finding, and facts after those"]


def fix_parameters(check: Check) -> tuple[str, ...]:
    """Names of the facts that planning a repair asks for; none for a check that repairs nothing."""
    return fact_parameters(type(check).fix)[2:] if type(check).fix is not Check.fix else ()


def run_parameters(check: Check | type[Check]) -> tuple[str, ...]:
    """Names of the facts that a verified check asks for, in the order of its parameters."""
    return fact_parameters(check.run if isinstance(check, type) else type(check).run)[1:]


def make_facts(offers: Offers[Any]) -> tuple[Fact, ...]:
    """The offered facts.

    Raises:
        RegistrationError: With every offer that is malformed, and every name offered twice.
    """
    problems: list[str] = []
    facts: dict[str, Fact] = {}
    for plugin, offered in offers:
        for name, function in _pairs(plugin, "doctor_register_facts", offered, problems):
            if name in facts:
                problems.append(_twice("fact", name, facts[name].plugin, plugin))
            elif not name.isidentifier() or not callable(function):
                problems.append(f"plugin {plugin}: fact {name!r} is {function!r}, expected a name and its function")
            else:
                _add_fact(facts, name, function, plugin, problems)
    refuse(problems)
    return tuple(facts.values())


def _add_fact(
    facts: dict[str, Fact], name: str, function: Callable[..., Any], plugin: str, problems: list[str]
) -> None:
    try:
        facts[name] = Fact(name, function, plugin, fact_parameters(function))
    except TypeError as error:
        problems.append(f"plugin {plugin}: the function of fact {name!r} {error}")


def make_formats(offers: Offers[Any]) -> dict[str, Callable[..., str | Iterable[str]]]:
    """The offered report formats by name.

    Raises:
        RegistrationError: With every offer that is malformed, and every name offered twice.
    """
    return _named_functions("format", "doctor_register_formats", offers, owners={})


def make_executors(offers: Offers[Any], *, own: str) -> dict[str, Callable[..., Any]]:
    """What makes each of the offered executors, by the executor's name.

    Args:
        offers: Of plugins.
        own: What the tool itself is called as the owner of ``OWN_EXECUTORS``.

    Raises:
        RegistrationError: With every offer that is malformed, and every name offered twice.
    """
    return _named_functions("executor", "doctor_register_executors", offers, owners=dict.fromkeys(OWN_EXECUTORS, own))


def _named_functions(
    what: str, hook: str, offers: Offers[Any], *, owners: dict[str, str]
) -> dict[str, Callable[..., Any]]:
    """Functions by lower-case name, each offered once; ``owners`` has the names that are taken."""
    problems: list[str] = []
    functions: dict[str, Callable[..., Any]] = {}
    for plugin, offered in offers:
        for name, function in _pairs(plugin, hook, offered, problems):
            if name in owners:
                problems.append(_twice(what, name, owners[name], plugin))
            elif not FORMAT.fullmatch(name) or not callable(function):
                problems.append(
                    f"plugin {plugin}: {what} {name!r} is {function!r}, expected a lower-case name and its function"
                )
            else:
                functions[name], owners[name] = function, plugin
    refuse(problems)
    return functions


def _pairs(plugin: str, hook: str, offered: Any, problems: list[str]) -> list[tuple[str, Any]]:
    if isinstance(offered, Mapping) and all(isinstance(name, str) for name in offered):
        return list(offered.items())
    problems.append(f"plugin {plugin}: {hook} returned {type(offered).__name__}, expected a mapping from names")
    return []


def make_harnesses(offers: Offers[Any]) -> tuple[Any, ...]:
    """The offered harness adapters, in the order offered.

    Raises:
        RegistrationError: With every offer that is no adapter, and every id or alias offered twice.
    """
    from doctor.harness.base import Harness  # noqa: PLC0415 - only a diagnosis needs adapters

    problems: list[str] = []
    harnesses: list[Harness] = []
    owners: dict[str, str] = {}
    for plugin, offered in offers:
        if not isinstance(offered, Harness) or not _named(offered):
            problems.append(
                f"plugin {plugin}: doctor_register_harnesses offers {offered!r}, "
                "expected an instance of a class derived from doctor.Harness with an id and a title"
            )
            continue
        for spelling in {offered.id, *offered.aliases}:
            if spelling in owners:
                problems.append(_twice("harness", spelling, owners[spelling], plugin))
            owners[spelling] = plugin
        harnesses.append(offered)
    refuse(problems)
    return tuple(harnesses)


def _named(offered: Any) -> bool:
    return all(isinstance(getattr(offered, name, None), str) for name in ("id", "title"))


def verify(checks: Sequence[Check], graph: FactGraph) -> None:
    """Refuse checks and facts that do not fit together.

    Raises:
        RegistrationError: With every unknown fact, unknown requirement and circle among all of them.
    """
    codes = {check.code for check in checks}
    problems = graph.problems()
    for check in checks:
        asker = f"check {check.code}" + (f" of plugin {check.plugin}" if check.plugin else "")
        problems += [
            f"{asker} asks for fact {name!r}, which nobody registers{graph.hint(name)}"
            for name in (*run_parameters(check), *fix_parameters(check))
            if name not in graph
        ]
        problems += [
            f"{asker} requires {code}, which nobody registers{did_you_mean(code, codes)}"
            for code in check.requires
            if code not in codes
        ]
    if loop := cycle({check.code: check.requires for check in checks}):
        problems.append(f"checks require each other in a circle: {' -> '.join(loop)}")
    refuse(problems)
