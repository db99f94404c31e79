"""The executors that come with the tool."""

import subprocess
import sys
from pathlib import Path

from doctor.diagnosis.collect import OWN_EXECUTORS
from doctor.executor.base import Place
from doctor.executor.builtin import BUILTIN_EXECUTORS, FOREIGN_EXECUTORS


def test_each_makes_an_executor_of_its_name(tmp_path: Path) -> None:
    every = {**BUILTIN_EXECUTORS, **FOREIGN_EXECUTORS}
    made = {name: make(Place(directory=tmp_path)).name for name, make in every.items()}
    assert made == {"tmux": "tmux", "process": "process", "runner": "runner"}


def test_plugins_cannot_take_their_names() -> None:
    assert sorted({**BUILTIN_EXECUTORS, **FOREIGN_EXECUTORS}) == sorted(OWN_EXECUTORS)


def test_naming_them_imports_none_of_them() -> None:
    code = "import sys, doctor.executor.builtin; print(*(m for m in sys.modules if m.startswith('doctor.executor.')))"
    listed = subprocess.run([sys.executable, "-Ic", code], capture_output=True, text=True, check=True).stdout
    assert set(listed.split()) == {"doctor.executor.builtin", "doctor.executor.base"}
