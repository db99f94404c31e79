"""Where a spec's files are in a project."""

from pathlib import Path

LAUNCHES = "launches"
SPEC = "spec.json"
PROMPT_NAME = "prompt.md"
SKILLS = "skills"
SKILL_FILE = "SKILL.md"


def launch_directory(directory: Path, identity: str) -> Path:
    """The directory of one spec below a project's ``.metawsm``."""
    return directory / LAUNCHES / identity


def prompt_file(directory: Path, identity: str) -> Path:
    """The file that holds exactly a spec's prompt."""
    return launch_directory(directory, identity) / PROMPT_NAME
