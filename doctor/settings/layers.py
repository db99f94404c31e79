"""The layers that settings come from, read once: policy, machine settings, the active named profile."""

from dataclasses import replace

from doctor.config.machine import ActiveProfile, active_profile, load_machine
from doctor.config.origins import FileOrigins
from doctor.config.policy import load_policy
from doctor.config.problems import Loaded
from doctor.config.profiles import VARIABLE
from doctor.config.selection import selection_file
from doctor.model.location import Location
from doctor.model.machine import Machine, NamedProfile
from doctor.model.options import Options
from doctor.model.policy import Policy
from doctor.records import dataclass
from doctor.settings.problems import refuse
from doctor.settings.results import Source, SourceKind
from doctor.settings.surroundings import Surroundings, look_around


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """Everything that effective values are resolved from."""

    around: Surroundings
    policy: Loaded[Policy]
    machine: Loaded[Machine]
    active: ActiveProfile

    @property
    def profile(self) -> NamedProfile | None:
        """The active named profile."""
        return self.active.loaded.value if self.active.loaded else None

    @property
    def origins(self) -> FileOrigins:
        """Where values of these layers stand."""
        named = self.active.loaded.document if self.active.loaded else None
        return FileOrigins(
            policy=self.policy.document, machine=self.machine.document, named=named, profile=self.profile
        )

    def without_profile(self) -> "Layers":
        """The same machine with no named profile active."""
        return self.with_profile(ActiveProfile())

    def with_profile(self, active: ActiveProfile) -> "Layers":
        """The same machine with another named profile."""
        return replace(self, active=active)

    def choosers(self) -> tuple[tuple[str, Source], ...]:
        """Every name of a profile that was chosen for this project, strongest first, with what chose it."""
        options, runners = self.around.options, self.around.runners
        environment = {name: value for name, value in options.environment.items() if name != VARIABLE}
        flag, own, project = options.profile, options.environment, self.around.project.root
        tries = (
            (flag, own, project),
            (None, own, project),
            (None, environment, project),
            (None, environment, None),
        )
        found: dict[str, tuple[str, Source]] = {}
        for one, variables, root in tries:
            chosen = active_profile(
                flag=one, environment=variables, paths=self.around.paths, runners=runners, project=root
            )
            if chosen.name is not None and chosen.source != "none":
                found.setdefault(chosen.source, (chosen.name, self._chooser(chosen.source)))
        return tuple(found.values())

    def _chooser(self, source: SourceKind) -> Source:
        if source == "pointer":
            return Source(kind=source, path=str(self.around.paths.active_profile_file), line=1)
        path = selection_file(self.around.project.root)
        return Source(kind=source, path=str(path), line=1) if source == "project" else Source(kind=source)


def read_layers(options: Options, *, strict: bool = True) -> Layers:
    """Read every layer.

    Args:
        options: Say which project and machine.
        strict: Refuse a file that is wrong; otherwise it counts as one that says nothing.

    Raises:
        UsageError: A file is wrong, the active profile is not there, or an option or variable names no harness.
    """
    around = look_around(options)
    project, paths, runners = around.project, around.paths, around.runners
    active = active_profile(
        flag=options.profile, environment=options.environment, paths=paths, runners=runners, project=project.root
    )
    policy = load_policy(project.policy_path, runners=runners, rival=project.rival_policy)
    machine = load_machine(paths.machine_file, runners=runners)
    if strict:
        refuse((*policy.problems, *machine.problems, *active.problems))
    return Layers(
        around=around,
        policy=policy if policy.value is not None else Loaded(value=Policy()),
        machine=machine if machine.value is not None else Loaded(value=Machine()),
        active=active,
    )


def at(kind: SourceKind, location: Location | None) -> Source:
    """The source of a value that stands at a place."""
    return Source(kind=kind, path=location.path, line=location.line) if location else Source(kind=kind)
