"""A repair that is ended at any point leaves files that are old or new, and can be taken back."""

import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[3]
SCRIPT = Path(__file__).with_name("endings.py")
FEWEST = {"apply": 30, "undo": 20}
"""Places at which each is ended; fewer would mean that some are not seen."""


@pytest.mark.parametrize("action", FEWEST)
def test_whatever_is_ended_before_any_single_touch_of_a_file_can_be_taken_back(tmp_path: Path, action: str) -> None:
    code = (
        f"import runpy, sys; sys.path[:0] = [{str(CHECKOUT)!r}]; sys.argv = {[str(SCRIPT), str(tmp_path), action]!r}; "
        f"runpy.run_path({str(SCRIPT)!r}, run_name='__main__')"
    )
    completed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=300, cwd=tmp_path
    )
    assert (completed.returncode, completed.stderr) == (0, "")
    assert int(completed.stdout) >= FEWEST[action]
