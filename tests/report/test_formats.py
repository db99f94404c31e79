"""Built-in formats are offered like anyone else's."""

import re
import subprocess
import sys
from pathlib import Path

import pluggy
import pytest

from doctor import hookspecs
from doctor.cli.options import BUILT_IN, DOCUMENTS
from doctor.model.report import Report
from doctor.report import formats, json_format, plain, table


def test_the_hook_offers_every_built_in_format(report: Report) -> None:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(formats)
    (offered,) = manager.hook.doctor_register_formats()
    assert tuple(offered) == BUILT_IN
    assert {name: "".join(offered[name](report)) for name in ("table", "plain", "json")} == {
        "table": table.render(report),
        "plain": plain.render(report),
        "json": json_format.render(report),
    }


def test_every_format_but_those_for_reading_says_what_failed() -> None:
    assert set(DOCUMENTS) == {*formats.FORMATS} - {*formats.STYLED}


@pytest.mark.parametrize("name", formats.MACHINE)
def test_a_format_is_imported_when_it_is_used(name: str) -> None:
    looking = f"import sys, doctor.report.formats; sys.exit('doctor.report.{name}' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", looking], timeout=60, check=False).returncode == 0


def test_the_reference_describes_every_format() -> None:
    text = (Path(__file__).parents[2] / "reference" / "report-format.md").read_text(encoding="utf-8")
    assert re.findall(r"^## ([a-z]+)$", text, re.MULTILINE) == list(BUILT_IN)
