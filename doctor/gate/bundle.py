"""One file about this machine and this project for whoever is to find a defect: everything that helps, and no secret.

It has to come about when everything is broken. So each part is made by itself, and one that cannot be made says why.
"""

import platform
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

from doctor.__about__ import __version__
from doctor.config.machine import active_profile
from doctor.config.paths import Paths, machine_paths
from doctor.config.project import DIRECTORY, Project, find_project
from doctor.config.words import Kind
from doctor.diagnosis.run import Examined, examine
from doctor.errors import RegistrationError
from doctor.gate.masking import Shown, hidden_values, masked_file, read_shown
from doctor.harness.registry import Registry, builtin_harnesses
from doctor.model.event import Event
from doctor.model.finding import Severity
from doctor.model.options import Options
from doctor.report.json_format import TOOL, to_dict
from doctor.report.redact import Redactor, is_secret_name, secret_values
from doctor.report.visible import home_relative

T = TypeVar("T")

MARK = "doctor_report"
VERSION = 1
JOURNAL = "metawsm.db"

MOST_ROWS = 200
"""Items of one list of the report that are kept."""

LONGEST_TEXT = 20_000
"""Characters of one text that are kept."""

SHOWN = frozenset({"LANG", "LC_ALL", "LC_CTYPE", "TERM", "COLORTERM", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "CI", "TZ"})
"""Variables whose values are shown; of all others only that they are set."""

LIBRARIES = ("argcomplete", "packaging", "platformdirs", "pluggy", "pyyaml", "rich", "shellingham", "tomlkit")
OPTIONAL = ("openai", "watchfiles")
TOOLS = ("tmux", "git")


def bundle(options: Options, *, now: datetime, progress: Callable[[str], None] | None = None) -> dict[str, Any]:
    """Everything, as plain values without secrets and without the home directory's name.

    Args:
        options: What to look at.
        now: When.
        progress: Told what is being done.
    """
    paths = machine_paths(options.environment, options.home)
    project = find_project(cwd=options.cwd, home=options.home, policy=options.policy)
    diagnosed = _Diagnosed(options, progress)
    files = _files(options, project, paths)
    clean = _redactor(options, diagnosed.examined, files)
    parts: dict[str, Callable[[], Any]] = {
        "versions": lambda: _versions(diagnosed.examined),
        "paths": lambda: _paths(options, project, paths),
        "options": lambda: _options(options),
        "environment": lambda: _environment(options.environment),
        "problem": lambda: diagnosed.problem,
        "report": lambda: _report(diagnosed.examined),
        "crashes": lambda: _crashes(diagnosed.examined),
        "plugins": lambda: _plugins(diagnosed.examined),
        "files": lambda: {name: masked_file(shown, clean) for name, shown in files.items()},
        "journal": lambda: _journal(project),
    }
    made = {name: _guarded(part) for name, part in parts.items()}
    tidy = _Tidy(clean, str(options.home))
    return {
        MARK: VERSION,
        "made_at": now.isoformat(timespec="seconds"),
        **{name: tidy(part) for name, part in made.items()},
    }


class _Diagnosed:
    """A diagnosis that may have failed; a second one without foreign plugins where they are what failed."""

    def __init__(self, options: Options, progress: Callable[[str], None] | None) -> None:
        self.examined: Examined | None = None
        self.problem: dict[str, Any] | None = None
        try:
            self.examined = examine(options, progress=progress)
        except Exception as error:  # noqa: BLE001 - whatever is broken is what the file is about
            self.problem = _told(error)
            if isinstance(error, RegistrationError):
                alone = replace(options, autoload=False, plugins=(), allow_project_plugins=False)
                self.examined = _or_none(lambda: examine(alone, progress=progress))


def _or_none(make: Callable[[], T]) -> T | None:
    try:
        return make()
    except Exception:  # noqa: BLE001 - the first failure is told; this was a second try
        return None


def _guarded(make: Callable[[], Any]) -> Any:
    """A part of the file, or why there is none."""
    try:
        return make()
    except Exception as error:  # noqa: BLE001 - see the module
        return {"problem": _told(error)}


def _told(error: Exception) -> dict[str, Any]:
    return {
        "error": f"{type(error).__name__}: {error}",
        "traceback": traceback.format_exception(error, limit=-30),
    }


def _files(options: Options, project: Project, paths: Paths) -> dict[str, Shown]:
    """The files that are shown, by what they are."""
    policy = project.policy_path or project.root / DIRECTORY / "policy.json"
    places: dict[str, tuple[Path, Kind]] = {
        "policy": (policy, "toml" if policy.suffix == ".toml" else "json"),
        "machine": (paths.machine_file, "toml"),
    }
    runners = Registry(builtin_harnesses()).specs()
    active = _or_none(
        lambda: active_profile(
            flag=options.profile,
            environment=options.environment,
            paths=paths,
            runners=runners,
            project=project.root,
        )
    )
    if active is not None and active.path is not None:
        places["profile"] = (active.path, "toml")
    for name in ("profile-selection.json", "doctor-baseline.json", "doctor.lock"):
        places[name] = (project.root / DIRECTORY / name, "json" if name.endswith(".json") else "toml")
    return {name: read_shown(path, kind) for name, (path, kind) in places.items()}


def _redactor(options: Options, examined: Examined | None, files: Mapping[str, Shown]) -> Redactor:
    """One that also knows what the files keep under names of secrets."""
    known = list(secret_values(options.environment))
    for shown in files.values():
        known += hidden_values(shown.document)
    if examined is not None:
        environments = (each.launch.env for each in examined.report.agents if each.launch is not None)
        known += (value for each in environments for value in secret_values(each))
    return Redactor(known)


def _report(examined: Examined | None) -> dict[str, Any] | None:
    """The report as JSON has it, its lists cut to what a reader can take in."""
    if examined is None:
        return None
    report = examined.report
    lists = {name: getattr(report, name) for name in _LISTS}
    document = to_dict(replace(report, **{name: rows[:MOST_ROWS] for name, rows in lists.items()}))
    left_out = {name: len(rows) - MOST_ROWS for name, rows in lists.items() if len(rows) > MOST_ROWS}
    document["summary"] = {str(severity): report.count(severity) for severity in Severity}
    return {**document, "left_out": left_out}


_LISTS = ("agents", "findings", "ignored", "known", "checks")


def _versions(examined: Examined | None) -> dict[str, Any]:
    libraries = {name: _version(name) for name in (*LIBRARIES, *OPTIONAL)}
    said: dict[str, Any] = {
        TOOL: __version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "libraries": libraries,
    }
    if examined is not None:
        tool = examined.fact("tools")
        said["tools"] = {name: tool(name).version or "absent" for name in TOOLS}
    return said


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "absent"


def _paths(options: Options, project: Project, paths: Paths) -> dict[str, str | None]:
    return {
        "executable": sys.executable,
        "package": str(Path(__file__).parent.parent),
        "cwd": str(options.cwd),
        "project": str(project.root),
        "repository": str(project.repository) if project.repository else None,
        "policy": str(project.policy_path) if project.policy_path else None,
        "config": str(paths.config_dir),
        "state": str(paths.state_dir),
        "cache": str(paths.cache_dir),
    }


_OWN = ("environment", "home", "cwd", "today")
"""Options that stand elsewhere in the file."""


def _options(options: Options) -> dict[str, str]:
    default = Options(cwd=options.cwd, home=options.home, environment={}, today=options.today)
    said = {name: getattr(options, name) for name in Options.__slots__ if name not in _OWN}
    return {name: str(value) for name, value in said.items() if value != getattr(default, name)}


def _environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Every variable's name; of most only whether it is blank."""
    return {
        name: environment[name]
        if name in SHOWN and not is_secret_name(name)
        else "set"
        if environment[name]
        else "blank"
        for name in sorted(environment)
    }


def _crashes(examined: Examined | None) -> list[dict[str, Any]]:
    results = examined.report.checks if examined else ()
    return [{"code": each.code, "traceback": each.detail.splitlines()} for each in results if each.detail]


def _plugins(examined: Examined | None) -> dict[str, Any] | None:
    if examined is None:
        return None
    plugins = examined.prepared.plugins
    return {
        "loaded": [each._asdict() for each in plugins.infos],
        "not loaded": [{"path": each.path, "reason": each.reason} for each in plugins.untrusted],
        "notices": list(examined.report.notices),
    }


def _journal(project: Project) -> dict[str, Any]:
    """What the journal counts, and how the last processes went; no text of theirs."""
    from doctor.journal.journal import Journal  # noqa: PLC0415 - SQLite, which the rest does without

    path = project.root / DIRECTORY / JOURNAL
    with Journal(path, patience=2.0) as journal:
        events, processes = journal.events(), journal.processes()
    return {
        "events": len(events),
        "processes": dict(Counter(str(row.state) for row in processes)),
        "last": [
            {"event": event.event_type, "at": event.occurred_at, "state": _state(event)} for event in events[-20:]
        ],
    }


def _state(event: Event) -> str | None:
    """What an event left its process in."""
    extra = event.payload.get("extra")
    state = extra.get("lifecycle_status") if isinstance(extra, Mapping) else None
    return state if isinstance(state, str) else None


class _Tidy:
    """Takes secrets and the home directory out of plain values, and the length out of long ones."""

    def __init__(self, clean: Redactor, home: str) -> None:
        self._clean = clean
        self._home = home

    def __call__(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(name)): self(item) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            kept = [self(item) for item in value[:MOST_ROWS]]
            return [*kept, f"and {len(value) - MOST_ROWS} more"] if len(value) > MOST_ROWS else kept
        return value

    def text(self, text: str) -> str:
        clean = self._clean(text)
        if len(self._home) > 1:
            clean = home_relative(clean, self._home).replace(f"{self._home}/", "~/")
        return clean if len(clean) <= LONGEST_TEXT else f"{clean[:LONGEST_TEXT]}… and {len(clean) - LONGEST_TEXT} more"
