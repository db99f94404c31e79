import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.harness.versions import find_version, satisfies, version_at_least, version_key

HERMES = (
    "Hermes Agent v0.19.0 (2026.7.20)\nInstall directory: /opt/x\nInstall method: pip\n"
    "Python: 3.11.7\nOpenAI SDK: 2.24.0\nUp to date\n"
)
COPILOT = "GitHub Copilot CLI 1.0.102.\nRun 'copilot update' to check for updates.\n"
AMP = "0.0.1790142911-g7618fb (released 2026-09-23T05:55:11.000Z, 1mo ago)\n"


@pytest.mark.parametrize(
    ("stdout", "stderr", "expected"),
    [
        ("codex-cli 0.169.0\n", "WARNING: could not create PATH aliases\n", ("0.169.0", "codex-cli 0.169.0")),
        ("2.1.197 (Claude Code)\n", "", ("2.1.197", "2.1.197 (Claude Code)")),
        ("1.18.33\n", "", ("1.18.33", "1.18.33")),
        (
            "oh-my-codex v0.21.6\nNode.js v20.20.2\nPlatform: linux x64\n",
            "",
            ("0.21.6", "oh-my-codex v0.21.6"),
        ),
        (HERMES, "", ("0.19.0", "Hermes Agent v0.19.0 (2026.7.20)")),
        (
            "\nLiteLLM: Current Version = 1.106.2\n\n",
            "warning 9.9.9",
            ("1.106.2", "LiteLLM: Current Version = 1.106.2"),
        ),
        (COPILOT, "", ("1.0.102", "GitHub Copilot CLI 1.0.102.")),
        (AMP, "", ("0.0.1790142911-g7618fb", AMP.strip())),
        ("", "0.73.1\n", ("0.73.1", "0.73.1")),
        ("\x1b[1m1.2.3-rc.1\x1b[0m\n", "", ("1.2.3-rc.1", "1.2.3-rc.1")),
        ("tmux 3.3a\n", "", ("3.3a", "tmux 3.3a")),
        ("git version 2.39.5\n", "", ("2.39.5", "git version 2.39.5")),
    ],
)
def test_the_version_is_the_first_one_of_the_first_line_that_has_one(
    stdout: str, stderr: str, expected: tuple[str, str]
) -> None:
    assert find_version(stdout, stderr) == expected


@pytest.mark.parametrize("output", ["", "no version here\n", "file-a1.2.3.txt is x1.2.3\n", "1\n"])
def test_what_is_no_version_is_none(output: str) -> None:
    assert find_version(output) is None


@given(st.text(), st.text())
def test_any_output_can_be_searched(stdout: str, stderr: str) -> None:
    found = find_version(stdout, stderr)

    assert found is None or (found[0][0] in "0123456789" and version_key(found[0]))


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("0.9.0", "0.10.0"),
        ("1.2.0-alpha.2", "1.2.0-alpha.10"),
        ("1.2.0-alpha.2", "1.2.0-beta.1"),
        ("1.2.0-rc.1", "1.2.0"),
        ("3.2", "3.3a"),
        ("0.0.1790142911-g7618fb", "0.0.1790142912-g0000000"),
    ],
)
def test_versions_have_an_order(older: str, newer: str) -> None:
    assert version_key(older) < version_key(newer)
    assert version_at_least(newer, older)
    assert not version_at_least(older, newer)


def test_trailing_zeros_and_builds_make_no_difference() -> None:
    assert version_key("1.2") == version_key("1.2.0") == version_key("v1.2.0+build.7")


def test_an_unknown_version_is_taken_for_the_newest() -> None:
    assert version_at_least(None, "99.0")


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_two_texts_can_be_compared(left: str, right: str) -> None:
    assert (version_key(left) < version_key(right)) != (version_key(left) >= version_key(right))


@pytest.mark.parametrize(
    ("version", "specifier", "expected"),
    [
        ("0.169.0", ">=0.160,<1", True),
        ("0.169.0", ">=0.170", False),
        ("0.170.0-alpha.3", ">=0.169", True),
        ("0.170.0-alpha.3", ">=0.170", False),
        ("0.0.1790142911-g7618fb", ">=0.0.1790000000", True),
        ("0.0.1790142911-g7618fb", "<0.0.1", False),
        ("3.3a", ">=3.0", True),
    ],
)
def test_a_version_is_held_against_a_requirement(version: str, specifier: str, expected: bool) -> None:
    assert satisfies(version, specifier) is expected


def test_what_is_no_requirement_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="sixteen"):
        satisfies("1.0.0", "sixteen")


LONG = "9" * 5000


@pytest.mark.parametrize("version", [LONG, f"1.{LONG}", f"1.2.{LONG}", f"1.2.3-rc.{LONG}", f"v{LONG}.1"])
def test_absurd_numbers_raise_nothing(version: str) -> None:
    find_version(version)

    assert version_key(version) == version_key(version)
    assert version_at_least(version, "0") in {True, False}


def test_a_number_of_absurd_length_is_no_version_and_not_cut_to_one() -> None:
    assert find_version(f"1.2.{LONG}") is None
    assert find_version(f"tool {LONG}.1.2\nruntime 1.2.3") == ("1.2.3", "runtime 1.2.3")
    assert satisfies(f"1.2.3-rc.{LONG}", ">=1.2")
