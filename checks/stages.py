"""STG: each stage's harness can do the work of a stage."""

from collections.abc import Iterator

import doctor
from checks.uses import agent_tags, agents, listed, uses

Bindings = tuple[doctor.Binding, ...]
Stages = tuple[doctor.StageBinding, ...]


class STG001(doctor.Check):
    """No stage is given to a harness that cannot run one.

    A gateway such as LiteLLM passes requests on but does no work of its own. With an endpoint configured for it,
    another harness carries the stage; without one there is nothing to start.
    """

    def run(self, bindings: Bindings, stages: Stages, registry: doctor.Registry) -> Iterator[doctor.Finding]:
        """Fails when a harness refuses stages and no endpoint of its own is configured."""
        for use in uses(bindings, stages, by_endpoint=True):
            harness = registry.get(use.runtime)
            if harness is not None and harness.stage_refusal and use.endpoint is None:
                yield self.finding(
                    use.subject,
                    f"{harness.id} cannot run {use.subject} (from {use.choice.source}): {harness.stage_refusal}",
                    remedy=f"run: doctor endpoint set {harness.id} URL, or choose another harness",
                    pointer=use.pointer,
                    affects=use.tags,
                    key=use.key,
                )


class STG002(doctor.Check):
    """Every harness that only talks to an endpoint has one.

    Endpoints belong to the machine, not to the policy, so a policy that runs elsewhere can lack one here.
    """

    def run(self, bindings: Bindings, stages: Stages, registry: doctor.Registry) -> Iterator[doctor.Finding]:
        """Fails when a harness can do nothing without an endpoint and none of a fitting kind is configured."""
        for use in uses(bindings, stages, by_endpoint=True):
            harness = registry.get(use.runtime)
            if harness is None or not harness.needs_endpoint or harness.stage_refusal or use.endpoint is not None:
                continue
            kinds = " or ".join(harness.endpoint_kinds)
            yield self.finding(
                use.subject,
                f"{harness.id}, which runs {use.subject} (from {use.choice.source}), needs an endpoint "
                f"of kind {kinds}, and none is configured",
                remedy=f"run: doctor endpoint set {harness.id} URL --kind {harness.endpoint_kinds[0]}",
                pointer=use.pointer,
                affects=use.tags,
                key=use.key,
            )


class STG003(doctor.Check):
    """Every agent runs on the harness its profile names.

    The stage map outranks a profile's own `runner`. This says for how many agents it does.
    """

    severity = doctor.Severity.INFO

    def run(self, bindings: Bindings) -> Iterator[doctor.Finding]:
        """Reports for each stage and harness the agents whose profile names another harness."""
        groups: dict[tuple[doctor.Stage, str | None, str], list[tuple[doctor.Binding, str]]] = {}
        for binding in bindings:
            runtime = binding.runtime
            runner = next((each for each in runtime.shadowed if each.startswith("agent=")), None)
            if runner is not None:
                group = groups.setdefault((binding.stage, runtime.value, runtime.source), [])
                group.append((binding, runner.removeprefix("agent=")))
        for (stage, value, source), group in groups.items():
            replaced = [binding for binding, _ in group]
            runners = listed(dict.fromkeys(runner for _, runner in group))
            yield self.finding(
                f"stage {stage}",
                f"{value} (from {source}) runs {agents(replaced)} at stage {stage} instead of {runners}, "
                "the runner of their profiles",
                remedy="nothing if that is meant; otherwise change the stage map",
                affects=agent_tags(replaced),
                key=f"{stage} {value} {source}",
            )


@doctor.hookimpl
def doctor_register_checks() -> list[type[doctor.Check]]:
    """The checks of this family."""
    return [STG001, STG002, STG003]
