"""What plugins offer is verified and named."""

import functools
from collections.abc import Callable
from typing import Any

import pytest

from doctor.diagnosis.check import Check
from doctor.diagnosis.collect import (
    check_problems,
    make_checks,
    make_executors,
    make_facts,
    make_formats,
    make_harnesses,
    run_parameters,
    verify,
)
from doctor.diagnosis.facts_graph import FactGraph
from doctor.errors import RegistrationError
from doctor.harness.base import Harness


class ACM001(Check):
    """It holds."""

    def run(self, policy: Any, *, skills: Any) -> None:
        """Never fails."""


def changed(**data: Any) -> type[Check]:
    """A check like ACM001 with some class data of its own."""
    return type("ACM002", (ACM001,), {"__doc__": "It holds too."} | data)


def refusal(make: Callable[[], Any]) -> str:
    with pytest.raises(RegistrationError) as caught:
        make()
    return str(caught.value)


def test_a_well_formed_check_becomes_an_instance_that_knows_its_plugin() -> None:
    checks = make_checks([("zebra", changed()), ("acme", ACM001)])

    assert [(check.code, check.plugin) for check in checks] == [("ACM001", "acme"), ("ACM002", "zebra")]
    assert run_parameters(checks[0]) == ("policy", "skills")


def documented(function: Any) -> Any:
    if isinstance(function, staticmethod | classmethod):
        function.__func__.__doc__ = "Never."
    else:
        function.__doc__ = "Never."
    return function


async def asynchronous(self: Any) -> None:
    """Never."""


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"__doc__": None}, "it has no docstring, whose first line is the title"),
        ({"__doc__": "  \n"}, "it has no docstring, whose first line is the title"),
        ({"severity": "error"}, "severity is 'error', expected a doctor.Severity"),
        ({"requires": "ACM001"}, "requires is 'ACM001', expected a tuple of codes"),
        ({"requires": ("ACM002",)}, "it requires itself"),
        ({"reads": "files"}, "reads is 'files', expected a tuple of files, process, network"),
        ({"reads": ("disk",)}, "reads is ('disk',), expected a tuple of files, process, network"),
        ({"timeout": 0}, "timeout is 0, expected seconds above zero"),
        ({"timeout": True}, "timeout is True, expected seconds above zero"),
        ({"timeout": float("nan")}, "timeout is nan, expected seconds above zero"),
        ({"timeout": "5"}, "timeout is '5', expected seconds above zero"),
        ({"always": 1}, "always is 1, expected True or False"),
        ({"run": lambda self: None}, "run has no docstring, which says when the check fails"),
        ({"run": documented(lambda: None)}, "run has no parameters, expected self first"),
        ({"run": documented(staticmethod(lambda policy: None))}, "run is a staticmethod, expected a method"),
        ({"run": documented(classmethod(lambda cls: None))}, "run is a classmethod, expected a method"),
        ({"run": asynchronous}, "run is asynchronous, expected a plain method"),
        ({"run": documented(lambda self, *facts: None)}, "run takes *facts, but every parameter names one fact"),
        ({"run": documented(lambda self, **facts: None)}, "run takes **facts, but every parameter names one fact"),
        ({"run": documented(lambda self, a=1: None)}, "run gives 'a' a default, but a fact is always given"),
        ({"run": documented(lambda self, *, a=1: None)}, "run gives 'a' a default, but a fact is always given"),
    ],
)
def test_a_malformed_check_is_refused_by_plugin_and_class(data: dict[str, Any], problem: str) -> None:
    assert refusal(lambda: make_checks([("acme", changed(**data))])) == f"plugin acme: check ACM002: {problem}"


@pytest.mark.parametrize(
    "name", ["acm001", "ACM01", "ACM0001", "AC0001", "ACM\uff10\uff10\uff11", "ÄCM001", "Sample", "ACM001\n"]
)
def test_a_check_not_named_by_a_code_is_refused(name: str) -> None:
    offered = type(name, (ACM001,), {"__doc__": "It holds."})

    assert check_problems(offered) == [
        f"check {name}: its name is its code, expected three capital letters and three digits such as ACM001"
    ]


def test_a_check_without_run_is_refused() -> None:
    class ACM003(Check):
        """It holds."""

    assert check_problems(ACM003) == ["check ACM003: it has no method run"]


@pytest.mark.parametrize("offered", [ACM001(), "ACM001", None, dict])
def test_what_is_no_check_class_is_refused(offered: Any) -> None:
    assert refusal(lambda: make_checks([("acme", offered)])) == (
        f"plugin acme: doctor_register_checks offers {offered!r}, expected a class derived from doctor.Check"
    )


def test_all_malformed_checks_are_named_at_once() -> None:
    said = refusal(lambda: make_checks([("acme", changed(timeout=-1, always=None)), ("other", 7)]))

    assert [line.partition(":")[0] for line in said.splitlines()] == ["plugin acme", "plugin acme", "plugin other"]


def test_a_code_of_two_plugins_is_refused_with_both_names() -> None:
    assert refusal(lambda: make_checks([("doctor", ACM001), ("acme", ACM001)])) == (
        "check ACM001 is registered by plugin doctor and by plugin acme; rename one of them"
    )


def test_a_code_registered_twice_by_one_plugin_is_refused() -> None:
    assert refusal(lambda: make_checks([("acme", ACM001), ("acme", ACM001)])) == (
        "plugin acme: check ACM001 is registered twice"
    )


def test_a_check_that_cannot_be_made_is_refused() -> None:
    def needy(self: Any, more: int) -> None:
        pass

    assert refusal(lambda: make_checks([("acme", changed(__init__=needy))])).startswith(
        "plugin acme: check ACM002 cannot be made without arguments: "
    )


def test_facts_know_their_plugin_and_what_they_need() -> None:
    class Source:
        def method(self, left: int) -> int:
            return left

    def plain(left: int, *, right: int) -> int:
        return left + right

    @functools.wraps(plain)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return plain(*args, **kwargs)

    offered = {
        "plain": plain,
        "method": Source().method,
        "wrapped": wrapped,
        "partial": functools.partial(plain, right=1),
        "builtin": dict,
    }
    facts = {
        fact.name: (fact.plugin, fact.parameters)
        for fact in make_facts([("acme", {name: offered[name] for name in offered if name != "builtin"})])
    }

    assert facts == {
        "plain": ("acme", ("left", "right")),
        "method": ("acme", ("left",)),
        "wrapped": ("acme", ("left", "right")),
        "partial": ("acme", ("left",)),
    }


@pytest.mark.parametrize(
    ("offered", "problem"),
    [
        ([], "doctor_register_facts returned list, expected a mapping from names"),
        ({1: len}, "doctor_register_facts returned dict, expected a mapping from names"),
        ({"a b": len}, f"fact 'a b' is {len!r}, expected a name and its function"),
        ({"a": 1}, "fact 'a' is 1, expected a name and its function"),
        ({"a": lambda *b: b}, "the function of fact 'a' takes *b, but every parameter names one fact"),
        ({"a": lambda b=1: b}, "the function of fact 'a' gives 'b' a default, but a fact is always given"),
        ({"a": len}, "the function of fact 'a' takes obj, but every parameter names one fact"),
        ({"a": dict}, "the function of fact 'a' has no signature to read fact names from"),
    ],
)
def test_a_malformed_fact_is_refused(offered: Any, problem: str) -> None:
    assert refusal(lambda: make_facts([("acme", offered)])) == f"plugin acme: {problem}"


def test_a_fact_of_two_plugins_is_refused_with_both_names() -> None:
    offered = {"policy": lambda: 1}

    assert refusal(lambda: make_facts([("doctor", offered), ("acme", offered)])) == (
        "fact policy is registered by plugin doctor and by plugin acme; rename one of them"
    )


def test_formats_are_offered_by_name() -> None:
    assert make_formats([("acme", {"sample": str})]) == {"sample": str}


@pytest.mark.parametrize(
    ("offered", "problem"),
    [
        ([str], "doctor_register_formats returned list, expected a mapping from names"),
        ({"Sample": str}, f"format 'Sample' is {str!r}, expected a lower-case name and its function"),
        ({"a=b": str}, f"format 'a=b' is {str!r}, expected a lower-case name and its function"),
        ({"a": "b"}, "format 'a' is 'b', expected a lower-case name and its function"),
    ],
)
def test_a_malformed_format_is_refused(offered: Any, problem: str) -> None:
    assert refusal(lambda: make_formats([("acme", offered)])) == f"plugin acme: {problem}"


def test_executors_are_offered_by_name() -> None:
    assert make_executors([("acme", {"remote": str})], own="doctor") == {"remote": str}


@pytest.mark.parametrize(
    ("offered", "problem"),
    [
        ([str], "doctor_register_executors returned list, expected a mapping from names"),
        ({"Remote": str}, f"executor 'Remote' is {str!r}, expected a lower-case name and its function"),
        ({"remote": None}, "executor 'remote' is None, expected a lower-case name and its function"),
    ],
)
def test_a_malformed_executor_is_refused(offered: Any, problem: str) -> None:
    assert refusal(lambda: make_executors([("acme", offered)], own="doctor")) == f"plugin acme: {problem}"


def test_an_executor_with_the_name_of_another_is_refused_with_both_owners() -> None:
    twice = [("acme", {"tmux": str}), ("acme", {"remote": str}), ("zeta", {"remote": str})]
    assert refusal(lambda: make_executors(twice, own="doctor")).splitlines() == [
        "executor tmux is registered by plugin doctor and by plugin acme; rename one of them",
        "executor remote is registered by plugin acme and by plugin zeta; rename one of them",
    ]


def test_a_format_of_two_plugins_is_refused_with_both_names() -> None:
    assert refusal(lambda: make_formats([("doctor", {"json": str}), ("acme", {"json": str})])) == (
        "format json is registered by plugin doctor and by plugin acme; rename one of them"
    )


class Acme(Harness):
    id = "acme"
    title = "Acme"
    aliases = ("acme_cli", "acme")


def test_harnesses_keep_their_order() -> None:
    first, second = Acme(), type("Other", (Acme,), {"id": "aaa", "aliases": ()})()

    assert make_harnesses([("acme", first), ("other", second)]) == (first, second)


def test_a_harness_spelling_of_two_plugins_is_refused_with_both_names() -> None:
    other = type("Other", (Acme,), {"id": "other", "aliases": ("acme_cli",)})()

    assert refusal(lambda: make_harnesses([("acme", Acme()), ("other", other)])) == (
        "harness acme_cli is registered by plugin acme and by plugin other; rename one of them"
    )


@pytest.mark.parametrize("offered", [Acme, "acme", Harness()])
def test_what_is_no_harness_instance_is_refused(offered: Any) -> None:
    assert refusal(lambda: make_harnesses([("acme", offered)])).startswith(
        "plugin acme: doctor_register_harnesses offers "
    )


def test_facts_in_a_circle_are_refused() -> None:
    graph = FactGraph(make_facts([("acme", {"a": lambda b: b, "b": lambda c: c, "c": lambda a: a})]), {})

    assert refusal(lambda: verify([], graph)) in {
        f"facts need each other in a circle: {circle}"
        for circle in ("a -> b -> c -> a", "b -> c -> a -> b", "c -> a -> b -> c")
    }


def test_checks_in_a_circle_are_refused() -> None:
    checks = make_checks(
        [
            ("acme", changed(requires=("ACM009",))),
            ("acme", type("ACM009", (changed(requires=("ACM002",)),), {"__doc__": "It."})),
        ]
    )
    graph = FactGraph((), {"policy": 1, "skills": 1})

    assert refusal(lambda: verify(checks, graph)) in {
        f"checks require each other in a circle: {circle}"
        for circle in ("ACM002 -> ACM009 -> ACM002", "ACM009 -> ACM002 -> ACM009")
    }
