"""``doctor schema``."""

import json
from pathlib import Path

import pytest

from doctor.cli import main

Capture = pytest.CaptureFixture[str]
PUBLISHED = sorted((Path(__file__).parents[2] / "reference" / "schemas").glob("*.schema.json"))


@pytest.mark.parametrize("file", PUBLISHED, ids=lambda path: path.name)
def test_a_schema_is_printed_as_it_is_published(file: Path, capsys: Capture) -> None:
    assert main(["schema", file.name.removesuffix(".schema.json")]) == 0
    assert capsys.readouterr() == (file.read_text(encoding="utf-8"), "")


def test_every_schema_that_is_published_is_listed(capsys: Capture) -> None:
    assert main(["schema"]) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert sorted(f"{name}.schema.json" for name in names) == [file.name for file in PUBLISHED]


def test_the_list_is_a_document_for_programs(capsys: Capture) -> None:
    assert main(["schema", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schemas"][0] == {
        "name": "policy",
        "title": "Policy of harness-doctor",
        "id": "urn:harness-doctor:schema:policy",
    }


@pytest.mark.parametrize("name", ["profile", "named-profile.schema.json"])
def test_the_name_of_a_file_and_what_people_say_are_understood(name: str, capsys: Capture) -> None:
    assert main(["schema", name]) == 0
    assert json.loads(capsys.readouterr().out)["$id"] == "urn:harness-doctor:schema:named-profile"


def test_an_unknown_name_is_refused_with_the_nearest(capsys: Capture) -> None:
    assert main(["schema", "polcy"]) == 2
    assert capsys.readouterr() == ("", "doctor: no schema is called 'polcy'\ndid you mean 'policy'?\n")
