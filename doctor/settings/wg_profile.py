"""A wg profile or ``config.toml``, in its loose form, as a named profile of this tool.

What wg resolves for each role is kept: where the two tools would take a model from different keys, the role gets the
model that wg gives it. Keys without a counterpart are noted, never dropped silently.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from doctor.config.documents import Document
from doctor.harness.registry import Registry
from doctor.model.location import pointer
from doctor.model.machine import REASONING_LEVELS
from doctor.model.roles import ROLE_TIERS
from doctor.settings.wg_specs import endpoint_table, model_spec

TIERS = ("fast", "standard", "premium")
_ROLES = {**{role: role for role in ROLE_TIERS}, "flip_inference": "flip", "flip_comparison": "flip"}
"""Role of wg to role of this tool; of two that become one, the first that says something counts."""

_WORKER = "task_agent"
WORKER_STAGES = ("interview", "execute")
"""Stages that workers work at."""

_TABLES = ("agent", "dispatcher", "coordinator", "tiers", "models", "llm_endpoints")


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something about an import that its user should know."""

    key: str
    """In the file that was read; empty for the whole of it."""

    message: str
    path: str
    line: int | None = None


@dataclass(slots=True)
class Converted:
    """What one file became: the data of a named profile, and what is to be said about it."""

    data: dict[str, Any] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)


class WgReader:
    """Reads one document of wg.

    Args:
        document: A TOML file.
        registry: The harnesses that a model may be for.
        inherited: Endpoints of the tree's ``config.toml``, for a profile that declares none.
    """

    def __init__(self, document: Document, registry: Registry, *, inherited: tuple[dict[str, Any], ...] = ()) -> None:
        self._document = document
        self._registry = registry
        self._inherited = inherited
        self._found = Converted()

    def convert(self) -> Converted:
        """Everything that the document says, in this tool's schema."""
        written = self._document.data
        description = written.get("description")
        if isinstance(description, str) and description.strip():
            self._found.data["description"] = description
        self._model("agent", written)
        self._model("dispatcher" if "dispatcher" in written else "coordinator", written)
        self._tiers(_table(written, "tiers"))
        self._models(_table(written, "models"))
        self._pin_what_would_move(written)
        self._endpoints(written)
        for key in written:
            if key not in {*_TABLES, "description"}:
                self._note("does nothing in a profile", key)
        return self._found

    def _note(self, message: str, *path: str | int) -> None:
        place = self._document.at(pointer(*path))
        key = ".".join(map(str, path))
        self._found.notes.append(Note(key=key, message=message, path=place.path, line=place.line))

    def _spec(self, table: Mapping[str, Any], *path: str) -> str | None:
        """The model that a table names under the last part of the path, noted where it is spelled differently."""
        if path[-1] not in table:
            return None
        spec, note = model_spec(table[path[-1]], table.get("provider"), self._registry)
        if note is not None:
            self._note(note, *path)
        return spec

    def _model(self, name: str, written: Mapping[str, Any]) -> None:
        table = _table(written, name)
        spec = self._spec(table, name, "model")
        if spec is not None:
            self._found.data["dispatcher" if name == "coordinator" else name] = {"model": spec}
        for key in table:
            if key not in {"model", "provider"}:
                self._note("has no counterpart here", name, key)

    def _tiers(self, table: Mapping[str, Any]) -> None:
        tiers = {tier: spec for tier in TIERS if (spec := self._spec(table, "tiers", tier)) is not None}
        if tiers:
            self._found.data["tiers"] = tiers
        for key, value in table.items():
            tier = key.removesuffix("_reasoning")
            if key != tier and tier in TIERS and value in REASONING_LEVELS:
                for role in (role for role, usual in ROLE_TIERS.items() if usual == tier):
                    self._role(role).setdefault("reasoning", value)
            elif key not in TIERS:
                self._note("has no counterpart here", "tiers", key)

    def _models(self, models: Mapping[str, Any]) -> None:
        told: dict[str, str] = {}
        for name in models:
            table = _table(models, name)
            role = _ROLES.get(name)
            if name == _WORKER:
                self._worker(table)
            elif role is None:
                self._note("is a role that this tool does not have", "models", name)
            elif role in told:
                if table != _table(models, told[role]):
                    self._note(f"differs from models.{told[role]}, which stands for both here", "models", name)
            else:
                told[role] = name
                self._role(role).update(self._choice(name, table))

    def _choice(self, name: str, table: Mapping[str, Any]) -> dict[str, Any]:
        spec = self._spec(table, "models", name, "model")
        choice: dict[str, Any] = {"model": spec} if spec is not None else {}
        takes = {"tier": TIERS, "reasoning": REASONING_LEVELS}
        for key, value in table.items():
            named = key == "endpoint" and isinstance(value, str) and bool(value.strip())
            if named or value in takes.get(key, ()):
                choice[key] = value
            elif key not in {"model", "provider"}:
                self._note("has no counterpart here", "models", name, key)
        return choice

    def _worker(self, table: Mapping[str, Any]) -> None:
        """The worker's own model is the one that workers get, whatever ``agent.model`` says."""
        spec = self._spec(table, "models", _WORKER, "model")
        if spec is None:
            spec = self._found.data.get("tiers", {}).get(str(table.get("tier")))
        usual = self._found.data.get("agent", {}).get("model")
        if spec is not None and usual is None:
            self._found.data["agent"] = {"model": spec}
        elif spec is not None and spec != usual:
            self._found.data["stages"] = {stage: {"model": spec} for stage in WORKER_STAGES}
        for key in table:
            if key not in {"model", "provider", "tier"}:
                self._note("has no counterpart here", "models", _WORKER, key)

    def _role(self, role: str) -> dict[str, Any]:
        roles: dict[str, dict[str, Any]] = self._found.data.setdefault("models", {})
        return roles.setdefault(role, {})

    def _pin_what_would_move(self, written: Mapping[str, Any]) -> None:
        """Give a role wg's model outright where this tool would ask ``agent.model`` before ``models.default``."""
        data = self._found.data
        default = data.get("models", {}).get("default", {}).get("model")
        agent, tiers = data.get("agent", {}).get("model"), data.get("tiers", {})
        if default is not None and agent is not None and default != agent:
            for role, usual in ROLE_TIERS.items():
                chosen = data.get("models", {}).get(role, {})
                if not chosen.get("model") and not tiers.get(chosen.get("tier") or usual):
                    self._role(role)["model"] = default
        standard = tiers.get("standard")
        if agent and standard and standard != agent and not _table(_table(written, "models"), _WORKER):
            # wg gives its workers a tier before it asks agent.model.
            data["stages"] = {stage: {"model": standard} for stage in WORKER_STAGES}
            self._note(f"is what wg runs ordinary tasks with, rather than agent.model, {agent}", "tiers", "standard")

    def _endpoints(self, written: Mapping[str, Any]) -> None:
        declared = _table(written, "llm_endpoints").get("endpoints")
        for key in _table(written, "llm_endpoints"):
            if key != "endpoints":
                self._note("has no counterpart here", "llm_endpoints", key)
        found = list(self._declared(declared)) if isinstance(declared, list) else list(self._inherited)
        if found:
            self._found.data["llm_endpoints"] = {"endpoints": found}

    def _declared(self, declared: list[Any]) -> Iterator[dict[str, Any]]:
        names: set[str] = set()
        default = False
        for index, each in enumerate(declared):
            place = ("llm_endpoints", "endpoints", index)
            endpoint, notes = endpoint_table(each if isinstance(each, dict) else {})
            for key, message in notes:
                self._note(message, *place, key)
            if endpoint is None:
                continue
            if endpoint["name"] in names:
                self._note("an endpoint of this name is there already; this one is left out", *place)
                continue
            if default and endpoint.pop("is_default", False):
                self._note("another endpoint is the default already", *place, "is_default")
            names.add(endpoint["name"])
            default = default or endpoint.get("is_default", False)
            yield endpoint


def _table(written: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = written.get(name)
    return found if isinstance(found, dict) else {}
