"""NPR: the machine's settings can be read, and the models they name reach the harnesses they are for."""

import re
from collections.abc import Iterable, Iterator

import doctor
from checks.uses import agent_tags, agents

Bindings = tuple[doctor.Binding, ...]


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
                problem.subject, problem.message, remedy=problem.remedy, location=problem.location, affects=("*",)
            )


class NPR002(doctor.Check):
    """Every model that is configured for a stage is used there.

    A model spec names the harness it is for. Where another harness runs, the spec is left out, and the agent works
    with that harness's own choice of model.
    """

    severity = doctor.Severity.WARNING

    def run(self, bindings: Bindings, registry: doctor.Registry) -> Iterator[doctor.Finding]:
        """Fails when the model of the active profile, or of ``DOCTOR_MODEL``, is for another harness.

        Harnesses that take no model, such as a shell, pass.
        """
        groups: dict[tuple[doctor.Stage, str, str], list[doctor.Binding]] = {}
        for binding in bindings:
            for entry in binding.unused_models:
                groups.setdefault((binding.stage, binding.runtime.value or "", entry), []).append(binding)
        for (stage, runtime, entry), group in groups.items():
            harness = registry.get(runtime)
            if harness is None or "model" not in harness.options:
                continue
            source, _, spec = entry.partition("=")
            yield self.finding(
                f"stage {stage}",
                f"{spec} (from {source}) is configured for stage {stage} but not used: {runtime} runs {agents(group)} "
                f"(from {group[0].runtime.source})",
                remedy=f"configure a model of {runtime} for stage {stage}, or let the harness of {spec} run it",
                affects=agent_tags(group),
                key=f"{stage} {runtime} {entry}",
            )


class NPR003(doctor.Check):
    """Every model belongs to the harness it is given to.

    A model of another vendor is only refused by the server, after the agent has started. A custom endpoint serves
    what it likes, so nothing is said there.
    """

    def run(self, bindings: Bindings, registry: doctor.Registry) -> Iterator[doctor.Finding]:
        """Fails when the harness's own models all have other names, and no custom endpoint is configured."""
        groups: dict[tuple[str, str], list[doctor.Binding]] = {}
        for binding in bindings:
            if binding.runtime.value and binding.model.value and binding.endpoint.value is None:
                groups.setdefault((binding.runtime.value, binding.model.value), []).append(binding)
        for (runtime, model), group in groups.items():
            harness = registry.get(runtime)
            if harness is None or _fits(model, harness.model_patterns):
                continue
            first = group[0]
            written = first.model.source == "policy"
            yield self.finding(
                f"agent_profiles[{first.profile_index}].runner_options.model" if written else agents(group),
                f"{runtime}, which runs {agents(group)}, has no model called {model} (from {first.model.source})"
                f"{_belongs(model, registry)}",
                remedy=f"name a model of {runtime}, or configure an endpoint that serves {model}",
                pointer=doctor.pointer("agent_profiles", first.profile_index, "runner_options", "model")
                if written
                else None,
                affects=agent_tags(group),
                key=f"{runtime} {model}",
            )


def _fits(model: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns matches the whole name; without patterns any name fits."""
    known = tuple(patterns)
    return not known or any(re.fullmatch(pattern, model) for pattern in known)


def _belongs(model: str, registry: doctor.Registry) -> str:
    """Whose model it is instead, as the rest of a sentence; empty when nobody's patterns match."""
    owners = [each.id for each in registry.harnesses if each.model_patterns and _fits(model, each.model_patterns)]
    return f"; it is one of {' or '.join(owners)}" if owners else ""


@doctor.hookimpl
def doctor_register_checks() -> list[type[doctor.Check]]:
    """The checks of this family."""
    return [NPR001, NPR002, NPR003]
