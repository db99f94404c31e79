"""What is in effect here: every setting with the file and line it comes from, and what it hides.

=============================================  =====================================================
key                                            what it says
=============================================  =====================================================
``profile``                                    the active named profile, and what chose it
``stages.<stage>.runtime|model|endpoint``      what the first agent at a stage would be started with
``agent_profiles.<name>.<stage>.…``            where another agent profile gets something else there
``agent.model``, ``dispatcher.model``          the active profile's own
``tiers.<tier>``                               the active profile's own
``models.<role>.model``                        what a role gets, be it from its tier
``models.<role>.endpoint|reasoning``           the active profile's own
``endpoints.<name>.url|kind|key|default|…``    a model server; its key in words
``env.<NAME>``                                 a variable that the active profile pins
=============================================  =====================================================
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from doctor.config.origins import FileOrigins
from doctor.model.binding import Binding, Choice, StageBinding
from doctor.model.location import pointer
from doctor.model.machine import Machine, NamedProfile
from doctor.model.options import Options
from doctor.model.policy import Policy
from doctor.model.roles import ROLE_TIERS, profile_model, role_model
from doctor.model.stage import Stage
from doctor.resolve import MODEL_VARIABLE, RUNTIME_VARIABLE, resolve
from doctor.settings.layers import Layers, at, read_layers
from doctor.settings.named import read_named
from doctor.settings.own_values import machine_values, profile_values, shown_variable
from doctor.settings.results import Shadow, Shown, Source, SourceKind, Value
from doctor.settings.specs import spec_for
from doctor.settings.surroundings import look_around

_OF_THE_POLICY = frozenset({"policy", "stage", "default", "config", "agent"})
_STRENGTH = ("flag", "env", "policy", "profile", "machine", "default")
_UNRESOLVED = ("agent.model", "dispatcher.model", "tiers.")
"""Beginnings of the keys that a profile's own leaves have in the effective view too."""


def show(options: Options, name: str | None = None) -> Shown:
    """The values in effect, or those that one named profile (a starter counts) has of its own.

    Raises:
        UsageError: There is no such profile, or a file that is needed is wrong.
    """
    if name is None:
        layers = read_layers(options)
        return Shown(name=layers.active.name, values=values_of(layers))
    found = read_named(name, look_around(options))
    return Shown(name=name, values=profile_values(found.profile, found.document, found.kind))


def effective_values(options: Options, *, strict: bool = True) -> tuple[Value, ...]:
    """Everything in effect in one project on this machine.

    Args:
        options: Say which project and machine.
        strict: Refuse a file that is wrong; otherwise it counts as one that says nothing.

    Raises:
        UsageError: ``strict``, and a file is wrong; or an option or variable names no harness.
    """
    return values_of(read_layers(options, strict=strict))


def values_of(layers: Layers) -> tuple[Value, ...]:
    """Everything in effect in these layers."""
    own = _own(layers)
    return (
        *_active(layers),
        *_rows(layers),
        *(value for value in own if value.key.startswith(_UNRESOLVED)),
        *_roles(layers, own),
        *_endpoints(layers, own),
        *_variables(layers, own),
    )


def hidden(values: Iterable[Value]) -> tuple[Value, ...]:
    """Those values that hide something of the active profile, or the choice of it, behind something stronger."""
    mine = {"profile", "pointer", "project"}
    return tuple(
        value
        for value in values
        if value.source.kind not in {"profile", "pointer"} and any(each.source.kind in mine for each in value.shadows)
    )


def _own(layers: Layers) -> tuple[Value, ...]:
    loaded = layers.active.loaded
    if loaded is None or loaded.value is None:
        return ()
    return profile_values(loaded.value, loaded.document, "profile")


def _active(layers: Layers) -> Iterator[Value]:
    """The choice of the profile; nothing where none is active, or one was only supposed to be."""
    choosers = layers.choosers() if layers.active.name is not None else ()
    if choosers and choosers[0][0] == layers.active.name:
        (name, source), *weaker = choosers
        shadows = tuple(Shadow(value=other, source=by) for other, by in weaker if other != name)
        yield Value(key="profile", value=name, source=source, shadows=shadows)


def _rows(layers: Layers) -> Iterator[Value]:
    options = layers.around.options
    resolution = resolve(
        policy=layers.policy.value or Policy(),
        registry=layers.around.registry,
        harnesses={},
        machine=layers.machine.value or Machine(),
        profile_name=layers.active.name,
        profile=layers.profile,
        environment=options.environment,
        workspace="-",
        cwd=str(layers.around.project.root),
        runtime=options.runtime,
    )
    wording = _Wording(layers)
    rows = {row.stage: tuple(wording.row(f"stages.{row.stage}", row)) for row in resolution.stages}
    for values in rows.values():
        yield from values
    told: set[tuple[str, Stage]] = set()
    for binding in resolution.bindings:
        if (binding.profile, binding.stage) in told:
            continue
        told.add((binding.profile, binding.stage))
        usual = {(value.key.rpartition(".")[2], value.value) for value in rows[binding.stage]}
        for value in wording.row(f"agent_profiles.{binding.profile}.{binding.stage}", binding):
            if (value.key.rpartition(".")[2], value.value) not in usual:
                yield value


class _Wording:
    """Turns choices of the resolved table into values."""

    def __init__(self, layers: Layers) -> None:
        self._layers = layers
        self._origins: FileOrigins = layers.origins
        self._variables: Mapping[str, str] = layers.around.options.environment
        self._named = f"profile:{layers.active.name or ''}"

    def row(self, prefix: str, row: StageBinding | Binding) -> Iterator[Value]:
        """Harness, model and endpoint of one row, where there are any.

        An empty model is one that is left to the harness although something names one for another harness.
        """
        origins, stage, index = self._origins, row.stage, row.profile_index

        def runtime(source: str) -> Source:
            return at(self.kind(source), origins.runtime(source, stage, index))

        if row.runtime.value is not None:
            shadows = tuple(Shadow(value=value, source=runtime(source)) for source, value in self.hides(row.runtime))
            yield Value(
                key=f"{prefix}.runtime", value=row.runtime.value, source=runtime(row.runtime.source), shadows=shadows
            )
        yield from self.model(f"{prefix}.model", row)
        if row.endpoint.value is not None:
            source = at(self.kind(row.endpoint.source), origins.endpoint(row.endpoint, stage))
            yield Value(key=f"{prefix}.endpoint", value=row.endpoint.value, source=source)

    def model(self, key: str, row: StageBinding | Binding) -> Iterator[Value]:
        harness = self._layers.around.registry.get(row.runtime.value or "")
        if harness is not None and "model" not in harness.options:
            return

        def source(name: str) -> Source:
            return at(self.kind(name), self._origins.model(name, row.stage, row.profile_index))

        weaker = [(name, self.spec(name, value, row)) for name, value in self.hides(row.model)]
        weaker += [self.split(entry) for entry in row.unused_models]
        weaker.sort(key=lambda each: _STRENGTH.index(self.kind(each[0])))
        if row.model.value is None and not weaker:
            return
        yield Value(
            key=key,
            value=self.spec(row.model.source, row.model.value, row) if row.model.value else "",
            source=source(row.model.source),
            shadows=tuple(Shadow(value=value, source=source(name)) for name, value in weaker),
        )

    def spec(self, source: str, model: str, row: StageBinding | Binding) -> str:
        """A model with the prefix of its harness: as its source writes it, or else the harness's shortest name."""
        written = None
        if source == self._named and self._layers.profile is not None:
            written = profile_model(self._layers.profile, row.stage)
        if written is not None:
            return written[0]
        if source == f"env:{MODEL_VARIABLE}":
            return self._variables[MODEL_VARIABLE].strip()
        harness = self._layers.around.registry.get(row.runtime.value or "")
        return spec_for(harness, model) if harness is not None else model

    def hides(self, choice: Choice) -> list[tuple[str, str]]:
        """Source and value of everything weaker that differs."""
        return [self.split(entry) for entry in choice.shadowed]

    def split(self, entry: str) -> tuple[str, str]:
        """The source and the value of an entry such as ``policy=opus``; a profile's name may hold ``=`` itself."""
        if entry.startswith(f"{self._named}="):
            return self._named, entry.removeprefix(f"{self._named}=")
        source, _, value = entry.partition("=")
        return source, value

    def kind(self, source: str) -> SourceKind:
        """The layer that a source of the resolved table belongs to."""
        if source in _OF_THE_POLICY:
            return "policy" if self._layers.policy.document else "default"
        if source in {f"env:{MODEL_VARIABLE}", f"env:{RUNTIME_VARIABLE}"}:
            return "env"
        if source.startswith("profile:"):
            return "profile"
        kinds: dict[str, SourceKind] = {"flag": "flag", "machine": "machine"}
        return kinds.get(source, "default")


def _roles(layers: Layers, own: tuple[Value, ...]) -> Iterator[Value]:
    profile = layers.profile
    if profile is None:
        return
    places = {value.key: value.source for value in own}
    for role in ROLE_TIERS:
        found = role_model(profile, role)
        if found is not None:
            spec, key = found
            yield Value(key=f"models.{role}.model", value=spec, source=places[key])
        for leaf in ("endpoint", "reasoning"):
            yield from (value for value in own if value.key == f"models.{role}.{leaf}")


def _endpoints(layers: Layers, own: tuple[Value, ...]) -> Iterator[Value]:
    """Leaf by leaf; an endpoint of the profile takes the place of the machine's of the same name as a whole."""
    machine, document = layers.machine.value or Machine(), layers.machine.document
    theirs = {value.key: value for value in machine_values(machine.endpoints, document)}
    for value in own:
        if value.key.startswith("endpoints."):
            weaker = theirs.get(value.key)
            if weaker is not None and weaker.value != value.value:
                yield replace(value, shadows=(Shadow(value=weaker.value, source=weaker.source),))
            else:
                yield value
    taken = _brought(layers.profile)
    yield from machine_values({name: each for name, each in machine.endpoints.items() if name not in taken}, document)


def _brought(profile: NamedProfile | None) -> set[str]:
    return {each.name for each in profile.llm_endpoints.endpoints} if profile else set()


def _variables(layers: Layers, own: tuple[Value, ...]) -> Iterator[Value]:
    pinned = {value.key.removeprefix("env."): value for value in own if value.key.startswith("env.")}
    yield from pinned.values()
    policy, document = layers.policy.value or Policy(), layers.policy.document
    for index, profile in enumerate(policy.agent_profiles):
        for name, value in profile.runner_options.env.items():
            weaker = pinned.get(name)
            shown = shown_variable(name, value)
            if weaker is not None and (weaker.value != shown):
                place = pointer("agent_profiles", index, "runner_options", "env", name)
                yield Value(
                    key=f"agent_profiles.{profile.name}.env.{name}",
                    value=shown,
                    source=at("policy", document.at(place) if document else None),
                    shadows=(Shadow(value=weaker.value, source=weaker.source),),
                )
