import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

CHECKOUT = Path(__file__).parents[2]
REFERENCE = CHECKOUT / "reference"
SCHEMAS = sorted((REFERENCE / "schemas").glob("*.schema.json"))


def generate(reference: Path, mode: str) -> subprocess.CompletedProcess[str]:
    """Run the generator of a copy of the reference."""
    # Away from the checkout an installed package is all that can be imported; without one, the checkout is meant.
    environment = dict(os.environ)
    if "DOCTOR_TEST_INSTALLED" not in os.environ:
        environment["PYTHONPATH"] = str(CHECKOUT)
    return subprocess.run(
        [sys.executable, str(reference / "generate.py"), mode],
        cwd=reference,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The reference as it is committed, to write in."""
    target = tmp_path / "reference"
    shutil.copytree(REFERENCE, target, ignore=shutil.ignore_patterns("__pycache__"))
    return target


def test_the_committed_reference_fits_the_code(copy: Path) -> None:
    completed = generate(copy, "--check")
    assert (completed.returncode, completed.stdout) == (0, ""), completed.stderr


def test_a_page_that_was_edited_by_hand_is_reported(copy: Path) -> None:
    page = copy / "exit-codes.md"
    page.write_text(page.read_text(encoding="utf-8").replace("130", "131"), encoding="utf-8")
    completed = generate(copy, "--check")
    assert completed.returncode == 1
    assert "-| 131 | `INTERRUPTED`" in completed.stdout


def test_a_page_of_a_check_that_is_gone_is_reported_and_removed(copy: Path) -> None:
    leftover = copy / "checks" / "OLD001.md"
    leftover.write_text("# gone\n", encoding="utf-8")
    assert "checks/OLD001.md" in generate(copy, "--check").stdout
    assert generate(copy, "--write").returncode == 0
    assert not leftover.exists()


def test_writing_restores_every_generated_page(copy: Path) -> None:
    shutil.rmtree(copy / "checks")
    (copy / "cli.md").unlink()
    assert generate(copy, "--write").returncode == 0
    assert generate(copy, "--check").returncode == 0


def test_there_are_schemas_for_every_file_and_the_report() -> None:
    names = {path.name.removesuffix(".schema.json") for path in SCHEMAS}
    assert {"policy", "report"} <= names
    assert len(names) >= 5


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_a_published_schema_is_a_valid_one(path: Path) -> None:
    schema = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
