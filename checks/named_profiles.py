"""NPR: the machine's settings can be read, and the models they name reach the harnesses they are for."""

import re
from collections.abc import Iterable, Iterator, Mapping

import doctor
from checks.uses import adapter, agent_tags, agents, listed

Bindings = tuple[doctor.Binding, ...]

NO_LAUNCH = doctor.CompiledArgv(argv=())

ANYBODYS = "provider/model"
"""A harness that takes this takes the models of every vendor, and owns none."""


class NPR001(doctor.Check):
    """The machine's settings and the active named profile can be read.

    They say which model and endpoint every agent gets. A chosen profile that is not there is not silently replaced
    by the defaults.
    """

    always = True

    def run(
        self, machine_file: doctor.Loaded[doctor.Machine], profile_file: doctor.ActiveProfile
    ) -> Iterator[doctor.Finding]:
        """Fails when ``machine.toml``, the pointer to the active profile or the profile's file is missing or wrong."""
        for problem in (*machine_file.problems, *profile_file.problems):
            yield self.finding(
                problem.subject,
                problem.message,
                remedy=problem.remedy,
                location=problem.location,
                affects=("*",),
                fixable=problem.instead is not None,
            )

    def fix(
        self,
        finding: doctor.Finding,
        machine_file: doctor.Loaded[doctor.Machine],
        profile_file: doctor.ActiveProfile,
    ) -> doctor.Fix | None:
        """Gives a key its right name where only one can be meant."""
        from checks.spelling import problem_of, spelt  # noqa: PLC0415 - only a finding needs it

        loaded = profile_file.loaded
        for document, problems in (
            (machine_file.document, machine_file.problems),
            (loaded.document if loaded else None, profile_file.problems),
        ):
            problem = problem_of(finding, problems)
            if problem is not None:
                return spelt(self, finding, document, problem)
        return None


class NPR002(doctor.Check):
    """Every model that is configured for a stage is used there.

    A model spec names the harness it is for. Where another harness runs, the spec is left out, and the agent works
    with that harness's own choice of model.
    """

    severity = doctor.Severity.WARNING

    def run(
        self,
        bindings: Bindings,
        stages: tuple[doctor.StageBinding, ...],
        registry: doctor.Registry,
        origins: doctor.Origins,
    ) -> Iterator[doctor.Finding]:
        """Fails when the model of the active profile, or of ``DOCTOR_MODEL``, is for another harness.

        Names the place of the model and the place of the harness. Harnesses that take no model, such as a shell,
        pass.
        """
        for (stage, runtime, entry), group in _unused(bindings, stages).items():
            harness = registry.get(runtime)
            if harness is None or "model" not in harness.options:
                continue
            first = group[0]
            source, _, spec = entry.partition("=")
            model_at = origins.model(source, stage, first.profile_index)
            harness_at = origins.runtime(first.runtime.source, stage, first.profile_index)
            users = [each for each in group if isinstance(each, doctor.Binding)]
            who = agents(users) if users else "it"
            yield self.finding(
                f"stage {stage}",
                f"{spec} (from {_from(source, model_at)}) is configured for stage {stage} but not used: {runtime} "
                f"runs {who} (from {_from(first.runtime.source, harness_at)})",
                remedy=f"configure a model of {runtime} for stage {stage}, or let the harness of {spec} run it",
                location=model_at or harness_at,
                affects=agent_tags(users) if users else (f"stage:{stage}",),
                key=f"{stage} {runtime} {entry}",
            )


def _unused(
    bindings: Bindings, stages: tuple[doctor.StageBinding, ...]
) -> dict[tuple[doctor.Stage, str, str], list[doctor.Binding | doctor.StageBinding]]:
    """Who leaves a model out: agents, and those stages that the stage map names and no agent stands for."""
    groups: dict[tuple[doctor.Stage, str, str], list[doctor.Binding | doctor.StageBinding]] = {}
    for binding in bindings:
        for entry in binding.unused_models:
            groups.setdefault((binding.stage, binding.runtime.value or "", entry), []).append(binding)
    for row in stages:
        for entry in row.unused_models if row.runtime.source == "stage" else ():
            groups.setdefault((row.stage, row.runtime.value or "", entry), [row])
    return groups


def _from(source: str, place: doctor.Location | None) -> str:
    """A source, with the file and line where it says so."""
    return f"{source}, {place.path}:{place.line}" if place and place.line else source


class NPR003(doctor.Check):
    """Every model belongs to the harness it is given to.

    A model of another vendor is only refused by the server, after the agent has started. A custom endpoint, a cloud
    platform or a model provider of the user's own serves what it likes, so nothing is said there.
    """

    def run(
        self, bindings: Bindings, registry: doctor.Registry, context: doctor.HarnessContext
    ) -> Iterator[doctor.Finding]:
        """Fails when the model is one of another known harness, and nothing sends the requests elsewhere.

        It is a warning for a model that is nobody's.
        """
        groups: dict[tuple[str, str], list[doctor.Binding]] = {}
        for binding in bindings:
            if binding.runtime.value and binding.model.value and binding.endpoint.value is None:
                groups.setdefault((binding.runtime.value, binding.model.value), []).append(binding)
        for (runtime, model), group in groups.items():
            harness = registry.get(runtime)
            if harness is None or _fits(model, harness.model_patterns):
                continue
            stuck = [each for each in group if not harness.redirected(context, each.launch or NO_LAUNCH)]
            if not stuck:
                continue
            first = stuck[0]
            owners = _belongs(model, registry)
            written = first.model.source == "policy"
            yield self.finding(
                f"agent_profiles[{first.profile_index}].runner_options.model" if written else agents(stuck),
                f"{runtime}, which runs {agents(stuck)}, has no model called {model} (from {first.model.source})"
                f"{owners}",
                remedy=f"name a model of {runtime}, or configure an endpoint that serves {model}",
                pointer=doctor.pointer("agent_profiles", first.profile_index, "runner_options", "model")
                if written
                else None,
                severity=doctor.Severity.ERROR if owners else doctor.Severity.WARNING,
                affects=agent_tags(stuck),
                key=f"{runtime} {model}",
            )


def _fits(model: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns matches the whole name; without patterns any name fits."""
    known = tuple(patterns)
    return not known or any(re.fullmatch(pattern, model) for pattern in known)


def _belongs(model: str, registry: doctor.Registry) -> str:
    """Whose model it is instead, as the rest of a sentence; empty when nobody's patterns match."""
    vendors = [each for each in registry.harnesses if each.model_patterns and not _fits(ANYBODYS, each.model_patterns)]
    owners = [each.id for each in vendors if _fits(model, each.model_patterns)]
    return f"; it is one of {' or '.join(owners)}" if owners else ""


class NPR004(doctor.Check):
    """Every harness that the active profile names is installed.

    A model spec begins with its harness. One that is not here runs nothing, whatever stage or role it was meant for.
    """

    severity = doctor.Severity.WARNING

    def run(
        self,
        named_profile: doctor.NamedProfile | None,
        profile_file: doctor.ActiveProfile,
        registry: doctor.Registry,
        harnesses: Mapping[str, doctor.HarnessFact],
    ) -> Iterator[doctor.Finding]:
        """Fails when a model's prefix is a harness that was not found; names every key that has it."""
        absent: dict[str, list[tuple[str, ...]]] = {}
        for key, spec in _specs(named_profile) if named_profile else ():
            harness = adapter(registry, registry.canonical(spec.partition(":")[0]))
            fact = harnesses.get(harness.id) if harness else None
            if fact is not None and fact.program.path is None:
                absent.setdefault(fact.runtime_id, []).append(key)
        document = profile_file.loaded.document if profile_file.loaded else None
        for runtime, keys in absent.items():
            places = [document.at(doctor.pointer(*key)) for key in keys] if document else []
            lines = [f" (line {place.line})" for place in places] or [""] * len(keys)
            named = (f"{'.'.join(key)}{line}" for key, line in zip(keys, lines, strict=True))
            harness = registry.get(runtime)
            install = harness.install if harness else ""
            yield self.finding(
                f"profile {profile_file.name}",
                f"profile {profile_file.name} names {runtime}, which is not installed, at {listed(named)}",
                remedy=f"{install or f'install {runtime}'}, or name a model of another harness",
                location=places[0] if places else None,
                key=runtime,
            )


def _specs(profile: doctor.NamedProfile) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every model spec of a profile, with the path of its key."""
    for part in ("agent", "dispatcher"):
        if spec := getattr(profile, part).model:
            yield (part, "model"), spec
    for tier in ("fast", "standard", "premium"):
        if spec := getattr(profile.tiers, tier):
            yield ("tiers", tier), spec
    for role in ("default", "evaluator", "assigner", "flip", "creator", "evolver"):
        choice = getattr(profile.models, role)
        if choice is not None and choice.model:
            yield ("models", role, "model"), choice.model
    for stage, own in profile.stages.items():
        if own.model:
            yield ("stages", str(stage), "model"), own.model


class NPR005(doctor.Check):
    """The profile that the project chose is still what it was.

    A project keeps the fingerprint of the profile it chose. When the profile is edited later, the project's agents
    silently work with other models than those that were agreed on.
    """

    severity = doctor.Severity.WARNING

    def run(self, profile_file: doctor.ActiveProfile) -> Iterator[doctor.Finding]:
        """Fails when the profile says something else than when the project chose it."""
        drift = profile_file.drift
        if drift is not None:
            yield self.finding(
                f"profile {profile_file.name}", drift.message, remedy=drift.remedy, location=drift.location
            )


@doctor.hookimpl
def doctor_register_checks() -> list[type[doctor.Check]]:
    """The checks of this family."""
    return [NPR001, NPR002, NPR003, NPR004, NPR005]
