"""Paths relative to where their reader stands."""

import pytest

from doctor.model.location import Location
from doctor.report.places import below, nearby


@pytest.mark.parametrize(
    ("path", "directory", "short"),
    [
        ("/p/a/b", "/p", "a/b"),
        ("/p/a", "/p/", "a"),
        ("/p//a", "/p", "a"),
        ("/a", "/", "a"),
        ("/pq/a", "/p", None),
        ("/p", "/p", None),
        ("/p/", "/p", None),
        ("/p/a", None, None),
        ("/p/a", "", None),
        ("a", "/p", None),
    ],
)
def test_a_path_is_relative_to_a_directory_that_it_lies_in(path: str, directory: str | None, short: str | None) -> None:
    assert below(path, directory) == short


def test_a_place_keeps_its_line_and_column() -> None:
    location = Location(path="/p/a", line=3, column=4)
    assert [nearby(location, base) for base in ("/p", "/q")] == ["a:3:4", "/p/a:3:4"]
