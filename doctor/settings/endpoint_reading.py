"""The endpoints of this machine and of the active profile, each with its place."""

from collections.abc import Mapping

from doctor.config.machine import ActiveProfile, active_profile, load_machine
from doctor.config.names import nearest
from doctor.config.problems import Loaded
from doctor.config.words import listed, quoted
from doctor.errors import UsageError
from doctor.model.location import pointer
from doctor.model.machine import Endpoint, Machine, NamedProfile
from doctor.model.options import Options
from doctor.model.secret import SecretRef
from doctor.records import dataclass
from doctor.resolve import endpoints_of
from doctor.settings.problems import refuse
from doctor.settings.results import Source
from doctor.settings.surroundings import Surroundings, look_around


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """What is configured, as read; the machine's settings and the active profile are without problems."""

    here: Surroundings
    machine_file: Loaded[Machine]
    active: ActiveProfile

    @property
    def machine(self) -> Machine:
        """The machine's settings."""
        return self.machine_file.value or Machine()

    @property
    def profile(self) -> NamedProfile | None:
        """The active profile; ``None`` when there is none."""
        return self.active.loaded.value if self.active.loaded else None

    @property
    def endpoints(self) -> Mapping[str, Endpoint]:
        """By name; the active profile's win over the machine's."""
        return endpoints_of(self.machine, self.profile)

    def machine_source(self, name: str) -> Source:
        """Where ``machine.toml`` has the endpoint."""
        document = self.machine_file.document
        line = document.at_key(pointer("endpoints", name)).line if document else None
        return Source(kind="machine", path=str(self.here.paths.machine_file), line=line)

    def profile_source(self, name: str) -> Source | None:
        """Where the active profile has the endpoint; ``None`` when it has none of this name."""
        loaded = self.active.loaded
        if loaded is None or loaded.value is None:
            return None
        names = [each.name for each in loaded.value.llm_endpoints.endpoints]
        if name not in names:
            return None
        place = pointer("llm_endpoints", "endpoints", names.index(name))
        line = loaded.document.at(place).line if loaded.document else None
        return Source(kind="profile", path=str(self.active.path), line=line)


def configured(options: Options) -> Configured:
    """Read the machine's settings and the active profile.

    Raises:
        UsageError: One of the two cannot be read; the first problem is told with its place.
    """
    here = look_around(options)
    machine_file = load_machine(here.paths.machine_file, runners=here.runners)
    refuse(machine_file.problems)
    active = active_profile(
        flag=options.profile,
        environment=options.environment,
        paths=here.paths,
        runners=here.runners,
        project=here.project.root,
    )
    refuse(active.problems)
    return Configured(here=here, machine_file=machine_file, active=active)


def require_known(name: str, known: Mapping[str, object]) -> None:
    """Pass when an endpoint is called ``name``.

    Raises:
        UsageError: None is; names the nearest, and all.
    """
    if name not in known:
        near = nearest(name, tuple(known))
        every = f"configured endpoints: {listed(sorted(known))}" if known else "no endpoint is configured"
        remedy = f"did you mean {quoted(near)}? ({every})" if near else every
        raise UsageError(f"there is no endpoint {quoted(name)}", remedy=remedy)


def key_of(endpoint: Endpoint) -> SecretRef | None:
    """Where the endpoint's key is; ``None`` where it wants none."""
    if not (endpoint.api_key_env or endpoint.api_key_file or endpoint.api_key_command):
        return None
    return SecretRef(env=endpoint.api_key_env, file=endpoint.api_key_file, command=endpoint.api_key_command)
