import inspect
from typing import Any

import pytest

import doctor

NAMES = tuple(doctor.__all__)


def exported(name: str) -> Any:
    return getattr(doctor, name)


def test_names_are_listed_once_and_in_the_order_of_the_linter() -> None:
    constants = sorted(name for name in NAMES if name.isupper())
    classes = sorted(name for name in NAMES if name[0].isupper() and not name.isupper())
    rest = sorted(name for name in NAMES if not name[0].isupper())
    assert [*constants, *classes, *rest] == list(NAMES)
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_listed_name_can_be_had(name: str) -> None:
    assert exported(name) is not None


@pytest.mark.parametrize("name", [name for name in NAMES if callable(exported(name))])
def test_every_class_and_function_says_what_a_caller_may_rely_on(name: str) -> None:
    assert len(inspect.getdoc(exported(name)) or "") > len(name)


@pytest.mark.parametrize("name", [name for name in NAMES if inspect.isfunction(exported(name))])
def test_every_function_is_fully_annotated(name: str) -> None:
    signature = inspect.signature(exported(name))
    empty = inspect.Parameter.empty
    assert signature.return_annotation is not empty
    assert [parameter.name for parameter in signature.parameters.values() if parameter.annotation is empty] == []


def test_listing_the_module_shows_the_public_names() -> None:
    assert sorted(NAMES) == dir(doctor)


def test_a_private_name_is_not_offered_through_the_package() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Prober2'"):
        exported("Prober2")


def test_the_testing_module_is_public_and_documented() -> None:
    import doctor.testing

    assert inspect.getdoc(doctor.testing.run_check)
