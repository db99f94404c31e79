"""HRN001 to HRN005 and HRN010: each harness that is used is there, answers, and is logged in."""

import os
from collections.abc import Iterable, Iterator, Mapping

import doctor
from checks.uses import Use, adapter, listed, uses

Harnesses = Mapping[str, doctor.HarnessFact]
Bindings = tuple[doctor.Binding, ...]
Stages = tuple[doctor.StageBinding, ...]

CONFIGURED = ("env:", "machine.toml")
"""Beginnings of the sources of a path that somebody wrote down."""


def _started(registry: doctor.Registry, bindings: Bindings, stages: Stages) -> set[str]:
    """Ids of the harnesses that would be started: carriers in place of what they carry."""
    carried = {use.runtime: adapter(registry, use.runtime) for use in uses(bindings, stages)}
    return {harness.id for harness in carried.values() if harness is not None}


class HRN001(doctor.Check):
    """Every harness that an agent or a stage uses is installed.

    A terminal session whose program is missing ends at once and reports success. So this is found before anything
    starts, and the remedy is the command that installs the harness.
    """

    reads = ("process",)

    def run(
        self, harnesses: Harnesses, bindings: Bindings, stages: Stages, registry: doctor.Registry
    ) -> Iterator[doctor.Finding]:
        """Fails when no program of the harness is at a configured path or on PATH.

        There is one finding for the stages that one entry gives a harness, and one for each harness that other
        agents use. A gateway without an endpoint is left to STG001.
        """
        for group in _by_entry(use for use in uses(bindings, stages) if not _refused(use, registry)):
            use = group[0]
            harness = adapter(registry, use.runtime)
            fact = harnesses.get(harness.id) if harness else None
            if harness is None or fact is None:
                yield self._absent(group, f"{use.runtime} is no harness known here", f"known: {listed(registry.ids)}")
            elif not fact.found:
                remedy = f"install it: {harness.install}" if harness.install else "put its program on PATH"
                yield self._absent(group, f"{harness.id} was not found ({_looked_for(harness, fact)})", remedy)

    def _absent(self, group: list[Use], seen: str, remedy: str) -> doctor.Finding:
        use, several = group[0], len(group) > 1
        subject = f"stages {listed((each.stage or '' for each in group), limit=8)}" if several else use.subject
        return self.finding(
            subject,
            f"{seen}; {subject} {'run' if several else 'runs'} it (from {use.choice.source})",
            remedy=remedy,
            pointer=use.pointer,
            affects=(f"runtime:{use.runtime}", *(tag for each in group if each.stage for tag in each.tags)),
            key=f"stages {use.runtime} {use.choice.source}" if several else use.key,
        )


def _by_entry(every: Iterable[Use]) -> list[list[Use]]:
    """Stage rows together that one entry gave the same harness; agents apart."""
    groups: dict[tuple[object, ...], list[Use]] = {}
    for use in every:
        entry = (use.pointer, use.choice.source) if use.stage else (use.key,)
        groups.setdefault((bool(use.stage), use.runtime, *entry), []).append(use)
    return list(groups.values())


def _refused(use: Use, registry: doctor.Registry) -> bool:
    """Whether it is a gateway without an endpoint, which nothing carries then."""
    harness = registry.get(use.runtime)
    if harness is None or harness.carrier is None or not harness.stage_refusal or use.endpoint is not None:
        return False
    return all(binding.endpoint.value is None for binding in use.bindings)


def _looked_for(harness: doctor.Harness, fact: doctor.HarnessFact) -> str:
    unusable = listed(f"{each.path} {each.problem}" for each in fact.program.candidates if "/" in each.path)
    if harness.binaries:
        looked = f"looked for {' or '.join(harness.binaries)} on PATH"
        return f"{looked}; {unusable}" if unusable else looked
    return unusable or "nothing to look for"


class HRN002(doctor.Check):
    """Every harness has the version that the policy requires.

    Requirements stand in the policy's `doctor.harness`. Flags come and go between releases, so a policy that was
    written for one release says so there.
    """

    reads = ("process",)

    def run(
        self,
        policy: doctor.Policy,
        harnesses: Harnesses,
        bindings: Bindings,
        stages: Stages,
        registry: doctor.Registry,
    ) -> Iterator[doctor.Finding]:
        """Fails when the installed version is outside of what is required.

        It is a warning for a harness that nothing uses, or that does not say its version.
        """
        started = _started(registry, bindings, stages)
        for spelling, wanted in policy.doctor.harness.items():
            runtime = registry.canonical(spelling) or spelling
            fact = harnesses.get(runtime)
            if fact is None or not fact.found:
                continue
            version = fact.program.version
            if version is not None and doctor.satisfies(version, wanted):
                continue
            severe = runtime in started and version is not None
            yield self.finding(
                f"harness {runtime}",
                f"{runtime} at {fact.program.path} is {version or 'of unknown version'}; the policy requires {wanted}",
                remedy=f"install a version that meets {wanted}, or change doctor.harness.{spelling}",
                pointer=doctor.pointer("doctor", "harness", spelling),
                severity=doctor.Severity.ERROR if severe else doctor.Severity.WARNING,
                affects=(f"runtime:{runtime}",),
            )


class HRN003(doctor.Check):
    """Every harness that is found says its version.

    A program that cannot even say its version is a broken install or something else of the same name. One that
    hangs would hang an agent too; the diagnosis is then incomplete, and its exit code says so.
    """

    severity = doctor.Severity.WARNING
    reads = ("process",)

    def run(
        self, harnesses: Harnesses, bindings: Bindings, stages: Stages, registry: doctor.Registry
    ) -> Iterator[doctor.Finding]:
        """Fails when a harness hangs, exits with an error, or prints no version.

        Hanging or failing is an error where the harness is used, else a warning.
        """
        started = _started(registry, bindings, stages)
        hanging = []
        for runtime, fact in harnesses.items():
            problem = fact.program.problem
            if not fact.found or problem is None:
                continue
            severe = runtime in started and problem is not doctor.Problem.NO_VERSION
            yield self._silent(fact, problem, doctor.Severity.ERROR if severe else doctor.Severity.WARNING)
            if problem is doctor.Problem.TIMEOUT:
                hanging.append(runtime)
        if hanging:
            raise doctor.ProbeTimeout(f"no version in time from {listed(hanging, limit=16)}")

    def _silent(self, fact: doctor.HarnessFact, problem: doctor.Problem, severity: doctor.Severity) -> doctor.Finding:
        path = fact.program.path
        seen = {
            doctor.Problem.TIMEOUT: "did not answer in time",
            doctor.Problem.FAILED: "failed",
            doctor.Problem.NO_VERSION: "printed no version",
        }[problem]
        detail = f": {fact.program.problem_detail}" if fact.program.problem_detail else ""
        return self.finding(
            f"harness {fact.runtime_id}",
            f"{path} was asked for its version and {seen}{detail}",
            remedy=f"run {path} --version by hand; repair the install, or configure another path",
            severity=severity,
            affects=(f"runtime:{fact.runtime_id}",),
        )


class HRN004(doctor.Check):
    """Every configured harness path can be used.

    A path in a variable or in `machine.toml` outlives the install it points to. It is then passed over, and what
    runs is not what was configured.
    """

    severity = doctor.Severity.WARNING

    def run(
        self, harnesses: Harnesses, machine_file: doctor.Loaded[doctor.Machine], registry: doctor.Registry
    ) -> Iterator[doctor.Finding]:
        """Fails when a configured path is no program; says what is used instead."""
        for runtime, fact in harnesses.items():
            program = fact.program
            instead = (
                f"{program.path} (from {program.path_source}) is used instead" if fact.found else "nothing is used"
            )
            for candidate in program.candidates:
                if candidate.problem is None or not candidate.source.startswith(CONFIGURED):
                    continue
                yield self.finding(
                    f"harness {runtime}",
                    f"{candidate.source} says {candidate.path}, but {candidate.problem}; {instead}",
                    remedy=f"correct or remove it: {candidate.source.removeprefix('env:')}",
                    location=_setting_of(runtime, candidate, machine_file, registry),
                    affects=(f"runtime:{runtime}",),
                    key=f"{runtime} {candidate.source}",
                )


def _setting_of(
    runtime: str, candidate: doctor.Candidate, machine_file: doctor.Loaded[doctor.Machine], registry: doctor.Registry
) -> doctor.Location | None:
    """Where ``machine.toml`` names the path, when it is the one that does."""
    if candidate.source != "machine.toml" or machine_file.document is None or machine_file.value is None:
        return None
    for spelling in machine_file.value.harness:
        if registry.canonical(spelling) == runtime:
            return machine_file.document.at(doctor.pointer("harness", spelling, "path"))
    return None


class HRN005(doctor.Check):
    """Every harness that is used is logged in.

    Without credentials a harness waits for a person, or ends. A custom endpoint brings its own key, and a variable
    that the agent's own options set counts too. Harnesses that cannot be asked pass.
    """

    reads = ("process",)

    def run(
        self, harnesses: Harnesses, bindings: Bindings, stages: Stages, registry: doctor.Registry
    ) -> Iterator[doctor.Finding]:
        """Fails when a used harness holds no credentials and no endpoint of its own is configured for it."""
        waiting: dict[str, list[Use]] = {}
        served: set[str] = set()
        for use in uses(bindings, stages, by_endpoint=True):
            harness = adapter(registry, use.runtime)
            fact = harnesses.get(harness.id) if harness else None
            if harness is None or fact is None or not fact.found or fact.auth is not doctor.Auth.NO:
                continue
            left = tuple(each for each in use.bindings if not _brings_key(each, harness))
            if len(left) < len(use.bindings) or use.endpoint is not None:
                served.add(harness.id)
            if use.endpoint is None and (left or use.stage):
                waiting.setdefault(harness.id, []).append(use._replace(bindings=left))
        for runtime, group in waiting.items():
            whole = runtime not in served
            tags = dict.fromkeys(tag for use in group for tag in ((f"runtime:{use.runtime}",) if whole else use.tags))
            yield self._logged_out(runtime, harnesses[runtime], group, tuple(tags), registry)

    def _logged_out(
        self,
        runtime: str,
        fact: doctor.HarnessFact,
        group: list[Use],
        tags: tuple[str, ...],
        registry: doctor.Registry,
    ) -> doctor.Finding:
        harness = registry.get(runtime)
        login = harness.login if harness else None
        detail = f" ({fact.auth_detail})" if fact.auth_detail else ""
        return self.finding(
            f"harness {runtime}",
            f"{runtime} is not logged in{detail}; {listed(use.subject for use in group)} would wait for a login",
            remedy=f"log in: {login}" if login else f"give {runtime} credentials as its manual says",
            affects=tags,
        )


def _brings_key(binding: doctor.Binding, harness: doctor.Harness) -> bool:
    """Whether the agent's own options set a variable that the harness takes credentials from."""
    env = binding.launch.env if binding.launch else {}
    return bool(env) and any(env.get(name, "").strip() for name in harness.auth_variables)


class HRN010(doctor.Check):
    """The configured program of a harness is the one on PATH too.

    Two installs side by side are usually meant. When they are not, what you try by hand is not what the agents run.
    """

    severity = doctor.Severity.INFO

    def run(
        self, harnesses: Harnesses, environment: Mapping[str, str], registry: doctor.Registry
    ) -> Iterator[doctor.Finding]:
        """Reports a harness whose configured path is another file than the one on PATH."""
        for runtime, fact in harnesses.items():
            path, source = fact.program.path, fact.program.path_source or ""
            harness = registry.get(runtime)
            if path is None or harness is None or not source.startswith(CONFIGURED):
                continue
            other = _on_path(harness.binaries, environment.get("PATH", os.defpath))
            if other is not None and os.path.realpath(other) != os.path.realpath(path):
                yield self.finding(
                    f"harness {runtime}",
                    f"{runtime} is {path} (from {source}); by hand you run {other}, the one on PATH",
                    remedy="nothing if that is meant; otherwise remove one of the two",
                    affects=(f"runtime:{runtime}",),
                )


def _on_path(names: tuple[str, ...], path: str) -> str | None:
    from shutil import which  # noqa: PLC0415 - only where a path is configured

    return next((found for name in names if (found := which(name, path=path))), None)


@doctor.hookimpl
def doctor_register_checks() -> list[type[doctor.Check]]:
    """The checks of this module."""
    return [HRN001, HRN002, HRN003, HRN004, HRN005, HRN010]
