"""The models that an executor profile or a policy names, as a named profile."""

from collections.abc import Mapping
from typing import Any

from doctor.config.documents import Document
from doctor.errors import UsageError
from doctor.harness.registry import Registry
from doctor.model.location import pointer
from doctor.model.stage import Stage
from doctor.settings.specs import spec_for
from doctor.settings.wg_profile import Converted, Note


def convert_json(document: Document, registry: Registry) -> Converted:
    """What a JSON file says about models.

    Raises:
        UsageError: It is neither an executor profile nor a policy, or names no model that could be taken over.
    """
    data: Mapping[str, Any] = document.data
    if isinstance(data.get("agent_profiles"), list):
        found = _of_policy(document, registry)
    elif isinstance(data.get("type"), str) and isinstance(data.get("command"), str):
        found = _of_executor(document, registry)
    else:
        raise UsageError(
            f"{document.path} is neither an executor profile nor a policy",
            remedy="one has the keys type and command, the other agent_profiles",
        )
    if not found.data:
        raise UsageError(f"{document.path} names no model of a known harness", remedy="create a profile instead")
    return found


def _of_executor(document: Document, registry: Registry) -> Converted:
    """The model of the harness that an executor is of; its other settings stay with the executor."""
    data: Mapping[str, Any] = document.data
    config = data.get("config") if isinstance(data.get("config"), dict) else {}
    found = Converted()
    spec = _spec(registry, (data["type"], data["command"].rpartition("/")[2]), (config or {}).get("model"))
    if spec is not None:
        found.data = {"agent": {"model": spec}}
    found.notes += [
        _note(document, "stays with the executor profile", "config", key) for key in config or {} if key != "model"
    ]
    return found


def _of_policy(document: Document, registry: Registry) -> Converted:
    """The models that the policy gives the agents of each stage; the first one at a stage counts."""
    data: Mapping[str, Any] = document.data
    profiles = {each.get("name"): (index, each) for index, each in enumerate(_tables(data.get("agent_profiles")))}
    found = Converted()
    stages: dict[str, dict[str, str]] = {}
    for agent in _tables(data.get("agents")):
        index, profile = profiles.get(agent.get("profile"), (None, {}))
        options = profile.get("runner_options")
        model = options.get("model") if isinstance(options, dict) else None
        spec = _spec(registry, (str(profile.get("runner")),), model)
        stage = str(agent.get("stage") or Stage.EXECUTE)
        if spec is None or index is None or stage not in set(Stage):
            continue
        if stages.setdefault(stage, {"model": spec})["model"] != spec:
            place = ("agent_profiles", index, "runner_options", "model")
            found.notes.append(_note(document, f"another model is taken for stage {stage} already", *place))
    if Stage.EXECUTE in stages:
        found.data["agent"] = stages.pop(Stage.EXECUTE)
    if stages:
        found.data["stages"] = stages
    return found


def _spec(registry: Registry, names: tuple[str, ...], model: Any) -> str | None:
    if not isinstance(model, str) or not model.strip() or any(letter.isspace() for letter in model.strip()):
        return None
    harness = next((found for name in names if (found := registry.get(name)) is not None), None)
    return spec_for(harness, model.strip()) if harness is not None else None


def _tables(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _note(document: Document, message: str, *path: str | int) -> Note:
    place = document.at(pointer(*path))
    return Note(key=".".join(map(str, path)), message=message, path=place.path, line=place.line)
