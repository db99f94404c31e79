"""Every format of one report, as it stands in ``golden/``.

``DOCTOR_TEST_RENEW=1 pytest tests/report/test_golden.py`` writes them anew; read the difference before it is committed.
"""

import os
from pathlib import Path

import pytest

from doctor.report.formats import FORMATS
from tests.report.sample import REPORT, SECRET

GOLDEN = Path(__file__).with_name("golden")
SUFFIXES = {"junit": "xml", "sarif": "sarif", "markdown": "md", "html": "html", "json": "json"}


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_what_it_was(name: str) -> None:
    path = GOLDEN / f"{name}.{SUFFIXES.get(name, 'txt')}"
    text = "".join(FORMATS[name](REPORT))
    if os.environ.get("DOCTOR_TEST_RENEW"):
        path.write_text(text, encoding="utf-8", newline="")
        pytest.skip(f"{path.name} is written anew")
    assert text == path.read_bytes().decode("utf-8")


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_keeps_the_names_of_secrets_and_not_their_values(name: str) -> None:
    text = "".join(FORMATS[name](REPORT))
    assert SECRET not in text
    assert "API_KEY=[redacted]" in text.replace("&#91;", "[").replace("&#93;", "]").replace("&#95;", "_")


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_comes_in_pieces(name: str) -> None:
    pieces = FORMATS[name](REPORT)
    assert not isinstance(pieces, str)
    longest = max(map(len, pieces))
    assert longest < 4000
