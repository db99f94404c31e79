"""HRN006 to HRN009: what a start of a harness would run into, judged on the command that would be run."""

import os
from collections.abc import Iterator, Mapping

import doctor
from checks.uses import Launch, agent_tags, agents, crowd, launches, merged, reach

Bindings = tuple[doctor.Binding, ...]


class HRN006(doctor.Check):
    """No harness refuses to run as root.

    Some harnesses exit at once when they are to skip all permission questions and run as root, which is how most
    containers run.
    """

    def run(
        self, bindings: Bindings, registry: doctor.Registry, context: doctor.HarnessContext
    ) -> Iterator[doctor.Finding]:
        """Fails when this process is root and the harness refuses the compiled command as root."""
        if os.geteuid() != 0:
            return

        def refusals(launch: Launch) -> tuple[str, ...]:
            refusal = launch.harness.root_refusal(context, launch.compiled)
            return (refusal,) if refusal else ()

        everyone = crowd(bindings)
        for (runtime, refusal), group in merged(launches(bindings, registry), refusals).items():
            yield self.finding(
                f"harness {runtime}",
                f"{agents(group)} would run {runtime} as root, which it refuses: {refusal}",
                remedy="run as another user, or choose a permission mode that still asks",
                pointer=doctor.pointer("agent_profiles", group[0].profile_index, "runner_options"),
                affects=reach(group, everyone),
            )


class HRN007(doctor.Check):
    """No dialog waits for a person when a harness starts.

    Trust, onboarding and permission dialogs take the first keys that arrive, and nobody is there to answer. They
    are forecast from the harness's own state files. A login that is missing is told by HRN005; a command that chooses
    a model provider of its own needs none.
    """

    def run(
        self,
        bindings: Bindings,
        registry: doctor.Registry,
        context: doctor.HarnessContext,
        harnesses: Mapping[str, doctor.HarnessFact],
    ) -> Iterator[doctor.Finding]:
        """Fails when a dialog stops headless starts too; one that only interactive starts meet is a warning."""

        def forecast(launch: Launch) -> Iterator[doctor.Dialog]:
            auth = harnesses[launch.harness.id].auth
            told = auth is doctor.Auth.NO and launch.endpoint is None
            for dialog in launch.harness.dialogs(context, launch.compiled, auth):
                if not (told and dialog.kind == "login"):
                    yield dialog

        everyone = crowd(bindings)
        for (runtime, dialog), group in merged(launches(bindings, registry), forecast).items():
            yield self.finding(
                f"harness {runtime}",
                f"the {dialog.kind} dialog of {runtime} would stop {agents(group)}: {dialog.detail}",
                remedy=dialog.remedy,
                severity=doctor.Severity.ERROR if dialog.headless else doctor.Severity.WARNING,
                affects=reach(group, everyone),
                key=f"{runtime} {dialog.kind}",
            )


class HRN008(doctor.Check):
    """Every flag that an agent is started with is known to the installed version.

    Flags come and go between releases, and an unknown flag ends the start. What the facts about a harness do not
    say is asked of its own help, once for each installed binary.
    """

    reads = ("process",)
    timeout = 60.0

    def run(
        self,
        policy: doctor.Policy,
        bindings: Bindings,
        registry: doctor.Registry,
        harnesses: Mapping[str, doctor.HarnessFact],
        prober: doctor.Prober,
    ) -> Iterator[doctor.Finding]:
        """Fails when the compiled command has a flag that the installed version does not know."""

        def unknown(launch: Launch) -> tuple[tuple[str, str], ...]:
            fact = harnesses[launch.harness.id]
            return doctor.unknown_flags(launch.harness, fact, launch.compiled.argv, prober)

        everyone = crowd(bindings)
        for (runtime, (flag, reason)), group in merged(launches(bindings, registry), unknown).items():
            place = _place_of(flag, group[0], policy)
            version = harnesses[runtime].program.version or "of unknown version"
            yield self.finding(
                f"harness {runtime}",
                f"{agents(group)} would start {runtime} {version} with {flag}, which it does not know: {reason}",
                remedy=f"remove {flag} from runner_options, or install a version of {runtime} that knows it",
                pointer=doctor.pointer("agent_profiles", group[0].profile_index, "runner_options", *place),
                affects=reach(group, everyone),
                key=f"{runtime} {flag}",
            )


def _place_of(flag: str, binding: doctor.Binding, policy: doctor.Policy) -> tuple[str | int, ...]:
    """Where below ``runner_options`` the profile itself writes this flag; nothing when the adapter added it."""
    for index, argument in enumerate(policy.agent_profiles[binding.profile_index].runner_options.extra_args):
        if argument.partition("=")[0] == flag:
            return ("extra_args", index)
    return ()


class HRN009(doctor.Check):
    """Every option is passed on as it is written.

    The same option is spelt differently by different releases; this says which flags were chosen, so that the
    command is no surprise.
    """

    severity = doctor.Severity.INFO

    def run(self, bindings: Bindings, registry: doctor.Registry) -> Iterator[doctor.Finding]:
        """Reports each choice that was made while the commands were put together."""
        starts = launches(bindings, registry)
        for (runtime, note), group in merged(starts, lambda launch: launch.compiled.notes).items():
            yield self.finding(
                f"harness {runtime}",
                f"{agents(group)}: {note}",
                pointer=doctor.pointer("agent_profiles", group[0].profile_index, "runner_options"),
                affects=agent_tags(group),
                key=f"{runtime} {note}",
            )


@doctor.hookimpl
def doctor_register_checks() -> list[type[doctor.Check]]:
    """The checks of this module."""
    return [HRN006, HRN007, HRN008, HRN009]
