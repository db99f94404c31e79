import copy
import dataclasses
import pickle
from dataclasses import FrozenInstanceError, asdict, field, fields, is_dataclass, replace
from typing import Any, ClassVar, cast

import pytest

from doctor.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place."""

    name: str
    size: int = 3
    tags: list[str] = field(default_factory=list)
    hidden: str = field(default="", repr=False, compare=False)
    kind: ClassVar[str] = "place"

    @property
    def title(self) -> str:
        return self.name.title()


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """No field at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Has a rule, and a text of its own."""

    number: int

    def __post_init__(self) -> None:
        if self.number < 0:
            raise ValueError("negative")

    def __repr__(self) -> str:
        return f"<{self.number}>"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """``Place``, as the standard library makes it."""

    name: str
    size: int = 3
    tags: list[str] = field(default_factory=list)
    hidden: str = field(default="", repr=False, compare=False)


def test_has_the_values_that_it_was_given_and_the_defaults_of_the_others() -> None:
    place = Place(name="attic", size=5)

    assert [place.name, place.size, place.tags, place.hidden] == ["attic", 5, [], ""]
    assert (place.kind, place.title) == ("place", "Attic")


def test_each_instance_has_what_its_factory_made() -> None:
    assert Place(name="a").tags is not Place(name="b").tags


def test_none_is_a_value_and_no_default() -> None:
    assert Place(name="a", tags=None).tags is None  # type: ignore[arg-type]


@pytest.mark.parametrize("values", [{}, {"name": "a", "colour": "red"}, {"name": "a", "kind": "b"}])
def test_refuses_missing_and_unknown_values(values: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        Place(**values)


def test_takes_no_value_by_position() -> None:
    with pytest.raises(TypeError):
        Place("attic")  # type: ignore[call-arg]


def test_nothing_can_be_changed() -> None:
    place = Place(name="attic")

    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'name'"):
        place.name = "cellar"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'name'"):
        del place.name
    with pytest.raises(FrozenInstanceError):
        place.colour = "red"  # type: ignore[attr-defined]


def test_has_no_room_for_more() -> None:
    assert not hasattr(Place(name="attic"), "__dict__")


def test_equal_values_of_the_same_class_are_equal_but_for_what_does_not_count() -> None:
    assert Place(name="a", hidden="x") == Place(name="a", hidden="y")
    assert Place(name="a") != Place(name="b")
    assert Place(name="a") != cast("object", Twin(name="a"))
    assert Nothing() == Nothing()


def test_equal_records_have_equal_hashes() -> None:
    assert len({Checked(number=1), Checked(number=1), Checked(number=2)}) == 2


def test_shows_its_fields_as_the_standard_library_would() -> None:
    assert repr(Twin(name="a", tags=["b"])).replace("Twin", "Place") == repr(Place(name="a", tags=["b"]))
    assert repr(Nothing()) == "Nothing()"


def test_what_a_class_defines_itself_stays() -> None:
    assert repr(Checked(number=1)) == "<1>"


def test_a_rule_holds_for_every_instance() -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="negative"):
            Checked(number=-1)


def test_the_functions_of_the_standard_library_know_it() -> None:
    place = Place(name="attic", tags=["x"])

    assert is_dataclass(place)
    assert [each.name for each in fields(place)] == ["name", "size", "tags", "hidden"]
    assert replace(place, size=9) == Place(name="attic", size=9, tags=["x"])
    assert asdict(place) == {"name": "attic", "size": 3, "tags": ["x"], "hidden": ""}


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_can_be_stored_and_copied(protocol: int) -> None:
    place = Place(name="attic", tags=["x"], hidden="y")

    for other in (pickle.loads(pickle.dumps(place, protocol)), copy.copy(place), copy.deepcopy(place)):
        assert asdict(place) == asdict(other)


def test_refuses_every_other_kind_of_class() -> None:
    with pytest.raises(TypeError, match="frozen, slotted and keyword-only"):
        dataclass(frozen=True, slots=False, kw_only=True)
