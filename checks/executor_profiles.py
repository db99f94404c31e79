"""EXP: what a coordinator's runner would start is there, is meant to be, and is understood."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import doctor
from checks.secret_shapes import GUESSES, kinds
from checks.uses import adapter

OPTIONS = ("full_auto", "model", "permission_mode", "extra_args", "trust_workspace")
"""Keys of an executor's configuration that are options of its harness."""

BYPASS_BY_DEFAULT: Mapping[str, str] = {"claude_code": "bypassPermissions"}
"""Permission modes with which executors start their harness where nothing else is said."""


class Root(Protocol):
    """A directory that profiles are kept in."""

    @property
    def origin(self) -> str:
        """``project`` or ``machine``."""


class Command(Protocol):
    """What a profile starts."""

    @property
    def harness(self) -> str | None:
        """Id of the harness that an executor of this tool runs."""


class Profile(Protocol):
    """An executor profile as it was found."""

    @property
    def name(self) -> str:
        """Its file's, without the end."""

    @property
    def root(self) -> Root:
        """Where it is kept."""

    @property
    def path(self) -> Path:
        """Its file."""

    @property
    def loaded(self) -> doctor.Loaded[Any]:
        """Its value, or everything that is wrong with it."""

    @property
    def command(self) -> Command | None:
        """What it starts, where that is known."""

    @property
    def notes(self) -> Sequence[doctor.ConfigProblem]:
        """What has no effect."""

    @property
    def hides(self) -> Sequence[Path]:
        """Others of its name, which do not count."""


Profiles = tuple[Profile, ...]


def _subject(profile: Profile, key: str = "") -> str:
    """How a profile, or a key of it, is called in a report."""
    return f"executor profile {profile.name}{' ' if key else ''}{key}"


def _of(profile: Profile, problem: doctor.ConfigProblem) -> str:
    return _subject(profile, "" if problem.location.pointer in {"", None} else problem.subject)


def _place(profile: Profile, *keys: str) -> doctor.Location:
    document = profile.loaded.document
    return document.at(doctor.pointer(*keys)) if document else doctor.Location(path=str(profile.path))


class EXP001(doctor.Check):
    """Every executor profile can be read.

    A runner refuses to start with one that is wrong. This says everything that is wrong with all of them, before.
    """

    def run(self, executor_profiles: Profiles) -> Iterator[doctor.Finding]:
        """Fails when a profile of the project or the machine is no JSON, or has a key or value that it cannot have."""
        for profile in executor_profiles:
            for problem in profile.loaded.problems:
                if problem.rule != "reference":
                    yield self.finding(
                        _of(profile, problem), problem.message, remedy=problem.remedy, location=problem.location
                    )


class EXP002(doctor.Check):
    """Every executor profile starts something that is there.

    A command is an executable file beside its profile, or a harness. What lies elsewhere is refused, so that a
    profile says by itself what it runs.
    """

    def run(self, executor_profiles: Profiles) -> Iterator[doctor.Finding]:
        """Fails when a command does not exist, cannot be executed, or leads out of the profile's own directory."""
        for profile in executor_profiles:
            for problem in profile.loaded.problems:
                if problem.rule == "reference":
                    yield self.finding(
                        _of(profile, problem), problem.message, remedy=problem.remedy, location=problem.location
                    )


class EXP003(doctor.Check):
    """Every harness that an executor profile runs is installed.

    A runner with such a profile cannot start here, and leaves its runs to others.
    """

    severity = doctor.Severity.WARNING

    def run(
        self,
        executor_profiles: Profiles,
        registry: doctor.Registry,
        harnesses: Mapping[str, doctor.HarnessFact],
    ) -> Iterator[doctor.Finding]:
        """Fails when a profile's command is a harness that was not found."""
        for profile in executor_profiles:
            harness = adapter(registry, profile.command.harness if profile.command else None)
            fact = harnesses.get(harness.id) if harness else None
            if harness is not None and fact is not None and not fact.found:
                yield self.finding(
                    _subject(profile),
                    f"executor profile {profile.name} runs {harness.id}, which is not installed",
                    remedy=harness.install or f"install {harness.id}",
                    location=_place(profile, "command"),
                )


class EXP004(doctor.Check):
    """No executor profile hides another one of its name.

    The project's profiles come before the machine's, and those before the shipped ones. Whoever asks for a name gets
    the first, with other permissions perhaps than the one that was meant.
    """

    severity = doctor.Severity.WARNING

    def run(self, executor_profiles: Profiles) -> Iterator[doctor.Finding]:
        """Fails when a profile stands in more than one place; names the one that counts and those that do not."""
        for profile in executor_profiles:
            if profile.hides:
                hidden = ", ".join(str(path) for path in profile.hides)
                yield self.finding(
                    _subject(profile),
                    f"{profile.path} counts for executor profile {profile.name}, and hides {hidden}",
                    remedy="rename it, unless it is meant to take the other's place",
                    location=_place(profile),
                )


class EXP005(doctor.Check):
    """No executor profile lets a harness do things without asking.

    Runs come from a coordinator, and nobody watches. Options that skip permission questions are often what such a run
    needs; they are listed with what they allow.
    """

    severity = doctor.Severity.WARNING

    def run(self, executor_profiles: Profiles, registry: doctor.Registry) -> Iterator[doctor.Finding]:
        """Fails when the command that a profile comes to lets its harness act without asking; names what it may do."""
        for profile in executor_profiles:
            harness = adapter(registry, profile.command.harness if profile.command else None)
            if harness is None or profile.loaded.value is None:
                continue
            config = profile.loaded.value.config
            default = None if config.get("permission_mode") else BYPASS_BY_DEFAULT.get(harness.id)
            if grants := _grants(config, harness, default):
                why = f" ({default} is the default)" if default else ""
                yield self.finding(
                    _subject(profile, "config"),
                    f"{harness.id}, as executor profile {profile.name} starts it: {'; '.join(grants)}{why}",
                    remedy="keep it only where the machine is meant for it: a container or a separate user",
                    location=_place(profile, "config"),
                    key=f"{harness.id} {'; '.join(grants)}",
                )


def _grants(config: Mapping[str, Any], harness: doctor.Harness, mode: str | None) -> tuple[str, ...]:
    """What a harness may do without asking, as its executor starts it."""
    options = {key: config[key] for key in OPTIONS if key in harness.options and config.get(key) is not None}
    if mode is not None:
        options["permission_mode"] = mode
    options["extra_args"] = tuple(options.get("extra_args", ()))
    return harness.compile(doctor.LaunchRequest(path=harness.id, options=doctor.RunnerOptions(**options))).grants


class EXP006(doctor.Check):
    """No secret stands in an executor profile.

    Its configuration is sent to the coordinator when a runner registers, and shown there. What was found is never
    printed.
    """

    def run(self, executor_profiles: Profiles) -> Iterator[doctor.Finding]:
        """Fails when the configuration holds what looks like a key, token or password."""
        for profile in executor_profiles:
            document = profile.loaded.document
            data = document.data if document and isinstance(document.data, dict) else {}
            for keys, text in _texts(data.get("config"), ("config",)):
                if document is not None and (found := kinds(text)):
                    where = ".".join(keys)
                    guessed = GUESSES.issuperset(found)
                    yield self.finding(
                        _subject(profile, where),
                        f"{where} of executor profile {profile.name} holds what looks like {' and '.join(found)}",
                        remedy="revoke it, remove it, and let the executor take it from a variable or a file",
                        location=document.at(doctor.pointer(*keys)),
                        severity=doctor.Severity.WARNING if guessed else doctor.Severity.ERROR,
                    )


def _texts(value: Any, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text below a value with its path, each with the key in front that says what it is for."""
    waiting = [(keys, value)]
    while waiting:
        path, found = waiting.pop()
        if isinstance(found, str):
            yield path, f"{path[-1]}={found}"
        elif isinstance(found, dict):
            waiting += [((*path, str(key)), each) for key, each in found.items()]
        elif isinstance(found, list):
            waiting += [((*path, str(index)), each) for index, each in enumerate(found)]


class EXP007(doctor.Check):
    """Every key that configures an executor of this tool has an effect.

    Executors ignore what they do not know, so that a mistyped permission mode leaves them with their default.
    """

    severity = doctor.Severity.WARNING

    def run(self, executor_profiles: Profiles) -> Iterator[doctor.Finding]:
        """Fails when ``config`` has a key that the executor of the profile's harness does not take."""
        for profile in executor_profiles:
            for note in profile.notes:
                yield self.finding(_of(profile, note), note.message, remedy=note.remedy, location=note.location)


@doctor.hookimpl
def doctor_register_checks() -> list[type[doctor.Check]]:
    """The checks of this family."""
    return [EXP001, EXP002, EXP003, EXP004, EXP005, EXP006, EXP007]
