"""Where the values of the resolved table stand: files and lines, worked out only for those that are asked for."""

from doctor.config.documents import Document
from doctor.model.binding import Choice
from doctor.model.location import Location, pointer
from doctor.model.machine import NamedProfile
from doctor.model.roles import STAGE_ROLES, profile_model
from doctor.model.stage import Stage
from doctor.records import dataclass

_ROUTES = ("orchestrator", "runtime_profile")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOrigins:
    """Finds the place of a choice in the files it was resolved from.

    A place is ``None`` for what stands in no file: options, variables, and what was left to a default.
    """

    policy: Document | None = None
    machine: Document | None = None
    named: Document | None = None
    """The active named profile's file."""

    profile: NamedProfile | None = None
    """What that file says."""

    def runtime(self, source: str, stage: Stage, profile_index: int) -> Location | None:
        """Where ``source`` names a harness for an agent profile at a stage."""
        parts: dict[str, tuple[str | int, ...]] = {
            "stage": (*_ROUTES, "stages", stage),
            "default": (*_ROUTES, "default"),
            "config": ("orchestrator", "runtime_backend"),
            "agent": ("agent_profiles", profile_index, "runner"),
        }
        if source in parts:
            return _place(self.policy, *parts[source])
        return self._named_model(stage) if source.startswith("profile:") else None

    def model(self, source: str, stage: Stage, profile_index: int) -> Location | None:
        """Where ``source`` names a model for an agent profile at a stage."""
        if source == "policy":
            return _place(self.policy, "agent_profiles", profile_index, "runner_options", "model")
        return self._named_model(stage) if source.startswith("profile:") else None

    def endpoint(self, choice: Choice, stage: Stage) -> Location | None:
        """Where an endpoint was chosen: at the role that names it, or else where it is configured."""
        if choice.value is None:
            return None
        if choice.source == "machine" or self.profile is None:
            return _place(self.machine, "endpoints", choice.value)
        for role in (STAGE_ROLES.get(stage), "default"):
            named = getattr(self.profile.models, role) if role else None
            if named is not None and named.endpoint == choice.value:
                return _place(self.named, "models", role or "", "endpoint")
        return self.brought(choice.value)

    def brought(self, name: str) -> Location | None:
        """Where the active named profile configures an endpoint of its own; ``None`` when it does not."""
        every = self.profile.llm_endpoints.endpoints if self.profile else ()
        index = next((index for index, each in enumerate(every) if each.name == name), None)
        return None if index is None else _place(self.named, "llm_endpoints", "endpoints", index)

    def _named_model(self, stage: Stage) -> Location | None:
        found = profile_model(self.profile, stage) if self.profile else None
        return _place(self.named, *found[1].split(".")) if found else None


def _place(document: Document | None, *parts: str | int) -> Location | None:
    return document.at(pointer(*parts)) if document is not None else None
