"""How much memory a long report takes: it is written as it is made."""

import subprocess
import sys
from pathlib import Path

import pytest

from doctor.report.formats import FORMATS

LIMIT_MB = 200
SMALL = {"markdown": 60_000}
"""Formats that leave something out have less than ``LEAST`` characters."""

LEAST = 2_000_000

SCRIPT = """
import sys
sys.path.append({root!r})
from tests.report.long_report import main
main({name!r})
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_five_thousand_findings_take_less_than_200_mb(name: str, tmp_path: Path) -> None:
    output = tmp_path / "report"
    with output.open("wb") as stdout:
        ended = subprocess.run(
            [sys.executable, "-c", SCRIPT.format(root=str(Path(__file__).parents[2]), name=name)],
            cwd=tmp_path,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )
    assert ended.returncode == 0, ended.stderr
    assert int(ended.stderr) / 1e6 < LIMIT_MB
    assert output.stat().st_size > SMALL.get(name, LEAST)
