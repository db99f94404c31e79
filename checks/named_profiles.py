"""NPR: the machine's settings can be read, and the models they name reach the harnesses they are for."""

import re
from collections.abc import Iterable, Iterator

import doctor
from checks.uses import agent_tags, agents

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


@doctor.hookimpl
def doctor_register_checks() -> list[type[doctor.Check]]:
    """The checks of this family."""
    return [NPR001, NPR002, NPR003]
