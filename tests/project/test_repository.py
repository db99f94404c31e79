"""What holds for every file of the repository."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
TOP_LEVEL = (
    *("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "SECURITY.md", "noxfile.py", "pyproject.toml"),
    *("action.yml", ".pre-commit-hooks.yaml"),
)
LONGEST_MODULE = 400


def kept_files() -> list[str]:
    """The files that git keeps or would, relative to the checkout; none where git is not there to ask."""
    argv = ["git", "-C", str(CHECKOUT), "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        return []
    return [name for name in listed if (CHECKOUT / name).is_file()]


FILES = kept_files()
pytestmark = pytest.mark.skipif(not FILES, reason="this is no git clone: run the tests in one")

# Spelt so that this file does not match itself.
LEFT_BEHIND = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X{3}|HA" + r"CK)\b")
FOREIGN_PATH = re.compile(r"(?<![\w.])/wor" + r"k/|\.\./sha" + r"red\b|/tmp/des" + r"ign")
CONFLICT = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)


def matches(pattern: re.Pattern[str]) -> list[str]:
    """Each kept text file's lines that match, as ``file: text``."""
    found = []
    for name in FILES:
        text = (CHECKOUT / name).read_text(encoding="utf-8", errors="replace")
        found += [f"{name}: {match.group(0)}" for match in pattern.finditer(text)]
    return found


@pytest.mark.parametrize("pattern", [LEFT_BEHIND, FOREIGN_PATH, CONFLICT], ids=["unfinished", "paths", "conflicts"])
def test_no_file_holds_what_was_left_behind(pattern: re.Pattern[str]) -> None:
    assert matches(pattern) == []


@pytest.mark.parametrize("name", TOP_LEVEL)
def test_the_top_level_is_complete(name: str) -> None:
    assert (CHECKOUT / name).stat().st_size > 0


def test_no_module_outgrows_one_responsibility() -> None:
    modules = [
        name for name in FILES if name.endswith(".py") and name.split("/")[0] in {"doctor", "checks", "profiles"}
    ]
    lengths = {name: (CHECKOUT / name).read_text(encoding="utf-8").count("\n") for name in modules}
    assert {name: length for name, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_the_change_log_covers_the_version_of_the_package() -> None:
    import doctor

    text = (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{doctor.__version__}]" in text or "## [Unreleased]" in text


def test_every_supported_python_is_declared_once() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = [c.rpartition(" ")[2] for c in project["classifiers"] if re.search(r":: 3\.\d+$", c)]
    assert project["requires-python"] == f">={declared[0]}"


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".md")])
def test_every_relative_link_of_a_document_leads_somewhere(name: str) -> None:
    text = (CHECKOUT / name).read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", text)
    assert [target for target in targets if not (CHECKOUT / name).parent.joinpath(target).exists()] == []
