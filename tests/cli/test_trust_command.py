"""``doctor trust``."""

import hashlib
import json
from pathlib import Path

import pytest

from doctor.cli import main

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def plugin(project: Path) -> Path:
    path = project / ".metawsm" / "checks" / "ours.py"
    path.parent.mkdir(parents=True)
    path.write_text("")
    return path


def test_a_plugin_is_shown_trusted_and_forgotten(plugin: Path, capsys: Capture) -> None:
    digest = hashlib.sha256(b"").hexdigest()
    printed = []
    for argv, content in ([["--list"], ""], [[], ""], [["--list"], ""], [["--list"], "x = 1"], [["--remove"], "x = 1"]):
        plugin.write_text(str(content))
        assert main(["trust", *argv]) == 0
        printed.append(capsys.readouterr())
    changed = hashlib.sha256(b"x = 1").hexdigest()
    assert printed == [
        (f"new         {digest}  {plugin}\n", ""),
        (f"trusted     {digest}  {plugin}\n", ""),
        (f"trusted     {digest}  {plugin}\n", ""),
        (f"changed     {changed}  {plugin}\n", ""),
        (f"removed     -  {plugin}\n", ""),
    ]


def test_it_is_had_as_json(plugin: Path, capsys: Capture) -> None:
    assert main(["trust", "--format", "json"]) == 0
    record = {"path": str(plugin), "sha256": hashlib.sha256(b"").hexdigest(), "state": "trusted"}
    assert json.loads(capsys.readouterr().out) == {"schema_version": 1, "plugins": [record]}


def test_with_nothing_to_trust_nothing_is_written(project: Path, capsys: Capture) -> None:
    assert main(["trust"]) == 0
    assert main(["trust", "--remove"]) == 0
    said = f"there are no plugins in {project}/.metawsm/checks\nnothing was trusted\n"
    assert capsys.readouterr() == ("", said)
    assert not (project.parent / "state").exists()


def test_a_link_out_of_the_directory_is_refused(plugin: Path, capsys: Capture) -> None:
    (plugin.parent / "other.py").symlink_to("/etc/hostname")
    assert main(["trust"]) == 2
    assert "cannot be trusted" in capsys.readouterr().err


def test_listing_and_removing_exclude_each_other(project: Path) -> None:
    assert main(["trust", "--list", "--remove"]) == 2
