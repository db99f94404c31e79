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
        everyone = crowd(bindings)
        for runtime, flag, reason, group in _unknown(bindings, registry, harnesses, prober):
            from checks.old_flags import can_be_replaced  # noqa: PLC0415 - only a finding needs it

            place = _place_of(flag, group[0], policy)
            yield self.finding(
                f"harness {runtime}",
                _unknown_in_words(runtime, flag, reason, group, harnesses),
                remedy=f"remove {flag} from runner_options, or install a version of {runtime} that knows it",
                pointer=doctor.pointer("agent_profiles", group[0].profile_index, "runner_options", *place),
                affects=reach(group, everyone),
                key=f"{runtime} {flag}",
                fixable=can_be_replaced(flag, group, policy, registry, harnesses),
            )

    def fix(
        self,
        finding: doctor.Finding,
        *,
        policy: doctor.Policy,
        policy_file: doctor.Loaded[doctor.Policy],
        bindings: Bindings,
        registry: doctor.Registry,
        harnesses: Mapping[str, doctor.HarnessFact],
        prober: doctor.Prober,
    ) -> doctor.Fix | None:
        """Writes what takes the place of a flag that is gone, wherever a profile's ``extra_args`` have it."""
        from checks.old_flags import instead_of, replaced_flag  # noqa: PLC0415 - only a finding needs it

        for runtime, flag, reason, group in _unknown(bindings, registry, harnesses, prober):
            if _unknown_in_words(runtime, flag, reason, group, harnesses) == finding.message:
                words = instead_of(flag, group, policy, registry, harnesses)
                if words is None or policy_file.document is None:
                    return None
                edits = replaced_flag(doctor.edit(policy_file.document), flag, words, group, policy)
                return self.repair(finding, f"write {' '.join(words)} for {flag}", edits.fix())
        return None


def _unknown(
    bindings: Bindings,
    registry: doctor.Registry,
    harnesses: Mapping[str, doctor.HarnessFact],
    prober: doctor.Prober,
) -> Iterator[tuple[str, str, str, list[doctor.Binding]]]:
    """Each flag that is not known, by harness: why, and the agents that would be started with it."""

    def unknown(launch: Launch) -> tuple[tuple[str, str], ...]:
        fact = harnesses[launch.harness.id]
        return doctor.unknown_flags(launch.harness, fact, launch.compiled.argv, prober)

    for (runtime, (flag, reason)), group in merged(launches(bindings, registry), unknown).items():
        yield runtime, flag, reason, group


def _unknown_in_words(
    runtime: str,
    flag: str,
    reason: str,
    group: list[doctor.Binding],
    harnesses: Mapping[str, doctor.HarnessFact],
) -> str:
    version = harnesses[runtime].program.version or "of unknown version"
    return f"{agents(group)} would start {runtime} {version} with {flag}, which it does not know: {reason}"


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

    def run(
        self,
        policy: doctor.Policy,
        bindings: Bindings,
        registry: doctor.Registry,
        harnesses: Mapping[str, doctor.HarnessFact],
    ) -> Iterator[doctor.Finding]:
        """Reports each choice that was made while the commands were put together."""
        starts = launches(bindings, registry)
        for (runtime, note), group in merged(starts, lambda launch: launch.compiled.notes).items():
            from checks.old_flags import words_of_full_auto  # noqa: PLC0415 - only a finding needs it

            yield self.finding(
                f"harness {runtime}",
                f"{agents(group)}: {note}",
                pointer=doctor.pointer("agent_profiles", group[0].profile_index, "runner_options"),
                affects=agent_tags(group),
                key=f"{runtime} {note}",
                fixable=words_of_full_auto(note, group, policy, registry, harnesses) is not None,
            )

    def fix(
        self,
        finding: doctor.Finding,
        *,
        policy: doctor.Policy,
        policy_file: doctor.Loaded[doctor.Policy],
        bindings: Bindings,
        registry: doctor.Registry,
        harnesses: Mapping[str, doctor.HarnessFact],
    ) -> doctor.Fix | None:
        """Writes the flags that ``full_auto`` became, where the installed version has none of its own any more."""
        from checks.old_flags import spelt_out, words_of_full_auto  # noqa: PLC0415 - only a finding needs it

        starts = launches(bindings, registry)
        for (_, note), group in merged(starts, lambda launch: launch.compiled.notes).items():
            if f"{agents(group)}: {note}" == finding.message:
                words = words_of_full_auto(note, group, policy, registry, harnesses)
                if words is None or policy_file.document is None:
                    return None
                edits = spelt_out(doctor.edit(policy_file.document), words, group, policy)
                return self.repair(finding, f"write {' '.join(words)} for full_auto", edits.fix())
        return None


@doctor.hookimpl
def doctor_register_checks() -> list[type[doctor.Check]]:
    """The checks of this module."""
    return [HRN006, HRN007, HRN008, HRN009]
