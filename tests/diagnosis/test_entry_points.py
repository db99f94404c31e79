"""Plugins of installed distributions."""

import subprocess
import sys
from pathlib import Path

import pytest

from doctor.diagnosis.entry_points import find_entry_points

GROUP = "harness_doctor"


def install(site: Path, directory: str, entry_points: str | None = "[harness_doctor]\nacme = acme_plugin\n") -> Path:
    metadata = site / directory
    metadata.mkdir(parents=True)
    if entry_points is not None:
        (metadata / "entry_points.txt").write_text(entry_points)
    return metadata


def found(*paths: Path) -> list[tuple[str, str | None, str]]:
    entries = find_entry_points([str(path) for path in paths], GROUP)
    return [(entry.name, entry.version, entry.entry.value) for entry in entries]


@pytest.mark.parametrize(
    ("directory", "version"),
    [
        ("Acme_Checks-1.2.dist-info", "1.2"),
        ("acme_checks-1.2-py3.11.egg-info", "1.2"),
        ("acme_checks.egg-info", None),
    ],
)
def test_a_plugin_is_found_however_its_distribution_is_installed(
    tmp_path: Path, directory: str, version: str | None
) -> None:
    install(tmp_path, directory)

    assert found(tmp_path) == [("acme-checks:acme", version, "acme_plugin")]


def test_other_groups_and_distributions_without_entry_points_are_passed_over(tmp_path: Path) -> None:
    install(tmp_path, "acme-1.0.dist-info", "[console_scripts]\nharness_doctor = a:b\n")
    install(tmp_path, "bare-1.0.dist-info", None)
    (tmp_path / "file.egg-info").write_text("Name: file")

    assert found(tmp_path, tmp_path / "absent", tmp_path / "file.egg-info") == []


def test_several_entries_stand_in_the_order_of_their_file(tmp_path: Path) -> None:
    install(
        tmp_path,
        "acme-1.0.dist-info",
        "[console_scripts]\nx = y:z\n\n[harness_doctor]\nb = acme.b\na = acme.a:plugin\n",
    )

    assert found(tmp_path) == [("acme:b", "1.0", "acme.b"), ("acme:a", "1.0", "acme.a:plugin")]


def test_the_first_distribution_of_a_name_hides_the_others(tmp_path: Path) -> None:
    install(tmp_path / "first", "acme-2.0.dist-info", None)
    install(tmp_path / "second", "acme-1.0.dist-info")
    install(tmp_path / "second", "other-1.0.dist-info")
    install(tmp_path / "third", "other-0.9.dist-info")

    assert found(tmp_path / "first", tmp_path / "second", tmp_path / "third", tmp_path / "second") == [
        ("other:acme", "1.0", "acme_plugin")
    ]


def test_an_empty_path_is_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "acme-1.0.dist-info")
    monkeypatch.chdir(tmp_path)

    assert [entry.name for entry in find_entry_points([""], GROUP)] == ["acme:acme"]


def test_the_metadata_library_is_not_imported_where_no_plugin_is_installed(tmp_path: Path) -> None:
    install(tmp_path, "acme-1.0.dist-info", "[console_scripts]\na = b:c\n")
    script = (
        "import sys; from doctor.diagnosis.entry_points import find_entry_points; "
        f"before = 'importlib.metadata' in sys.modules; find_entry_points([{str(tmp_path)!r}], 'harness_doctor'); "
        "print(before, 'importlib.metadata' in sys.modules)"
    )

    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert answer.stdout.split() == ["False", "False"]
