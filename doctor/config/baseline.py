"""Reading a baseline: the file of findings that are known and do not count."""

from pathlib import Path
from typing import Any

from doctor.config.issues import Issues
from doctor.config.leaves import Vocabulary
from doctor.config.loading import load, newer
from doctor.config.problems import Loaded
from doctor.model.fields import key
from doctor.records import dataclass

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineEntry:
    """One known finding."""

    code: str = key("Code of the check.", pattern=r"[A-Z]{3}[0-9]{3}", expected="a check's code such as SKL001")
    severity: str = key("How bad it was; a worse one counts as new.", choices=("info", "warning", "error"))
    fingerprint: str = key("What it is known by.", pattern=r"[0-9a-f]{16}", expected="16 hex digits")
    subject: str = key("What it was about; for people.", default="")
    affects: tuple[str, ...] = key("What it concerned; one that concerns more counts as new.", default=())
    count: int = key("How many of it there were.", default=1, minimum=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineFile:
    """`.metawsm/doctor-baseline.json`."""

    baseline: int = key("Version of this format; 1.", minimum=1)
    findings: tuple[BaselineEntry, ...] = key("The known findings.", default=())


def load_baseline(path: Path, *, content: bytes | None = None) -> Loaded[BaselineFile]:
    """Read a baseline, with everything that is wrong with it.

    Args:
        path: The file.
        content: What to take for the file's content instead of reading it.
    """
    return load(path, "json", BaselineFile, runners=(), rules=_rules, content=content)


def _rules(file: BaselineFile, _data: Any, _words: Vocabulary, issues: Issues) -> None:
    newer(file.baseline, "baseline", known=VERSION, issues=issues)
