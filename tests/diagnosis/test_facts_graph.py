"""Facts by name."""

import pytest

from doctor.diagnosis.collect import make_facts
from doctor.diagnosis.facts_graph import FactGraph, cycle
from doctor.errors import RegistrationError


def test_a_graph_knows_its_names_and_what_each_needs() -> None:
    graph = FactGraph(make_facts([("acme", {"double": lambda number: 2 * number})]), {"number": 21})

    assert graph.names == ("double", "number")
    assert "double" in graph
    assert "triple" not in graph
    assert graph.needs("double") == ("number",)
    assert graph.needs("number") == ()
    assert graph.problems() == []


def test_a_fact_that_is_known_from_the_start_cannot_be_registered() -> None:
    facts = make_facts([("acme", {"options": lambda: 1})])

    with pytest.raises(RegistrationError, match="fact 'options' of plugin acme is one of doctor's own; rename it"):
        FactGraph(facts, {"options": 1})


def test_a_circle_is_shown_in_the_order_in_which_one_needs_the_next() -> None:
    assert cycle({"a": ["b"], "b": ["a"], "c": ["a"]}) in (["a", "b", "a"], ["b", "a", "b"])
    assert cycle({"a": ["b"], "c": ["a"]}) is None
