"""SEC: no secret stands where it is printed or kept, and nobody else can change what is started."""

import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

import doctor
from checks.modes import OTHERS, OTHERS_WRITE, can_change, narrowed
from checks.secret_shapes import GUESSES, kinds

OWN_VARIABLES = ("DOCTOR_", "TMUX")
"""Beginnings of variables that agents do not inherit."""

OTHERS_READ = stat.S_IRGRP | stat.S_IROTH

Text = tuple[str, tuple[str | int, ...], tuple[str, ...]]
"""A text of the policy, its path there, and what it affects."""


def _texts(policy: doctor.Policy) -> Iterator[Text]:
    """Every text of the policy that a person or a program might put a secret into."""
    for index, profile in enumerate(policy.agent_profiles):
        affects = (f"profile:{profile.name}",)
        options = profile.runner_options
        place = ("agent_profiles", index)
        yield profile.base_prompt, (*place, "base_prompt"), affects
        if options.command:
            yield options.command, (*place, "runner_options", "command"), affects
        for position, argument in enumerate(options.extra_args):
            yield argument, (*place, "runner_options", "extra_args", position), affects
        for name, value in options.env.items():
            # The name says what the value is for.
            yield f"{name}={value}", (*place, "runner_options", "env", name), affects
    for position, command in enumerate(policy.git_pr.test_commands):
        yield command, ("git_pr", "test_commands", position), ()
    yield policy.operator.llm.command, ("operator", "llm", "command"), ()
    yield f"url={policy.forum.redis.url}", ("forum", "redis", "url"), ()


def _subject(path: Iterable[str | int]) -> str:
    """``agent_profiles[0].base_prompt`` for a path of keys and indices."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _key(path: tuple[str | int, ...], found: Iterable[str], affects: tuple[str, ...]) -> str | None:
    """What a secret in a list is known by: an argument put before it moves it. The secret itself is no part of it."""
    if not isinstance(path[-1], int):
        return None
    where = ".".join(str(part) for part in path if isinstance(part, str))
    return f"{' '.join(affects)} {where} {' and '.join(found)}".strip()


class SEC001(doctor.Check):
    """No secret stands in the policy or in the active profile's variables.

    They are committed, printed by `ps`, and copied into reports. Known shapes of keys and tokens are an error,
    because the agent's command and journal would repeat them; strings that only look random are a warning. What was
    found is never printed.
    """

    def run(
        self,
        policy: doctor.Policy,
        named_profile: doctor.NamedProfile | None,
        profile_file: doctor.ActiveProfile,
        environment: Mapping[str, str],
    ) -> Iterator[doctor.Finding]:
        """Fails when a prompt, argument, command or variable holds what looks like a key, token or password."""
        seen: dict[str, tuple[str, ...]] = {}
        for text, path, affects in _texts(policy):
            found = seen.get(text)
            if found is None:
                found = seen[text] = kinds(text)
            if found:
                inherited = _is_variable(path) and _is_inherited(text, environment)
                yield self._secret(
                    _subject(path),
                    found,
                    affects,
                    pointer=doctor.pointer(*path),
                    fixable=inherited,
                    key=_key(path, found, affects),
                )
        for name, value in named_profile.env.items() if named_profile else ():
            if found := kinds(f"{name}={value}"):
                document = profile_file.loaded.document if profile_file.loaded else None
                place = document.at(doctor.pointer("env", name)) if document else None
                inherited = place is not None and _is_inherited(f"{name}={value}", environment)
                yield self._secret(
                    f"profile {profile_file.name} env.{name}", found, ("*",), location=place, fixable=inherited
                )

    def fix(
        self,
        finding: doctor.Finding,
        policy_file: doctor.Loaded[doctor.Policy],
        profile_file: doctor.ActiveProfile,
    ) -> doctor.Fix | None:
        """Removes a variable that agents get all the same: it is set here to the same value, and they inherit it."""
        place = finding.location
        documents = (policy_file.document, profile_file.loaded.document if profile_file.loaded else None)
        document = next((each for each in documents if each and place and each.path == place.path), None)
        if document is None or place is None or place.pointer is None:
            return None
        edits = doctor.edit(document)
        path = edits.path(place.pointer)
        value = document.data
        for part in path:
            value = value[part]
        edits.remove(path)
        title = f"leave {path[-1]} to the environment, where it has the same value"
        return self.repair(finding, title, edits.fix(), secrets=(value,))

    def _secret(
        self,
        subject: str,
        found: tuple[str, ...],
        affects: tuple[str, ...],
        *,
        pointer: str | None = None,
        location: doctor.Location | None = None,
        fixable: bool = False,
        key: str | None = None,
    ) -> doctor.Finding:
        guessed = GUESSES.issuperset(found)
        return self.finding(
            subject,
            f"{subject} holds what looks like {' and '.join(found)}",
            remedy="revoke it, remove it, and let the agent take it from a variable or a file",
            pointer=pointer,
            location=location,
            severity=doctor.Severity.WARNING if guessed else doctor.Severity.ERROR,
            affects=affects,
            fixable=fixable,
            key=key,
        )


def _is_variable(path: tuple[str | int, ...]) -> bool:
    return path[2:4] == ("runner_options", "env")


def _is_inherited(assignment: str, environment: Mapping[str, str]) -> bool:
    """Whether agents get a variable with this value from the environment that they are started in."""
    name, _, value = assignment.partition("=")
    return environment.get(name) == value and not name.startswith(OWN_VARIABLES)


def _others_write(path: Path) -> bool:
    """Whether somebody else can write there. A group with its owner's number is the owner's own, by convention."""
    try:
        status = path.stat()
    except OSError:
        return False
    group = 0 if status.st_gid == status.st_uid != 0 else stat.S_IWGRP
    return bool(status.st_mode & (group | stat.S_IWOTH))


def _mode(path: Path) -> int | None:
    """Permission bits of what is at ``path``; ``None`` when nothing is there that can be looked at."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return None


class SEC002(doctor.Check):
    """Nobody else can change the project's policy.

    Whoever writes `.metawsm` decides what is started as you.
    """

    severity = doctor.Severity.WARNING

    def run(self, project: doctor.Project) -> Iterator[doctor.Finding]:
        """Fails when ``.metawsm``, the policy, or a directory of skills, checks or executors is writable by others."""
        directory = project.root / ".metawsm"
        policies = (directory / "policy.json", directory / "policy.toml", *filter(None, [project.policy_path]))
        parts = (directory / name for name in ("skills", "checks", "executors"))
        for path in dict.fromkeys((directory, *parts, *policies)):
            if _others_write(path):
                yield self.finding(
                    str(path),
                    f"{path} can be changed by others (mode {_mode(path) or 0:o})",
                    remedy=f"chmod go-w {path}",
                    location=doctor.Location(path=str(path)),
                    fixable=can_change(path),
                )

    def fix(self, finding: doctor.Finding) -> doctor.Fix | None:
        """Takes the right to write from group and others."""
        place = finding.location
        return narrowed(self, finding, Path(place.path), by=OTHERS_WRITE) if place else None


class SEC003(doctor.Check):
    """Nobody else can change or read this machine's settings.

    They say which programs are harnesses, where keys are, and where prompts go. Changing them is a warning; reading
    is only reported, as they hold no keys themselves.
    """

    severity = doctor.Severity.WARNING

    def run(self, paths: doctor.Paths) -> Iterator[doctor.Finding]:
        """Fails when the directory of settings or a file in it is writable by group or others."""
        names = ("machine.toml", "profiles", "executors", "active-profile")
        for path in (paths.config_dir, *(paths.config_dir / name for name in names)):
            mode = _mode(path) or 0
            if _others_write(path):
                yield self._open(path, f"can be changed by others (mode {mode:o})", "go-w", doctor.Severity.WARNING)
            elif path.name == "machine.toml" and mode & OTHERS_READ and _reachable(path):
                yield self._open(path, f"can be read by others (mode {mode:o})", "go-rwx", doctor.Severity.INFO)

    def _open(self, path: Path, seen: str, change: str, severity: doctor.Severity) -> doctor.Finding:
        return self.finding(
            str(path),
            f"{path} {seen}",
            remedy=f"chmod {change} {path}",
            location=doctor.Location(path=str(path)),
            severity=severity,
            fixable=can_change(path),
        )

    def fix(self, finding: doctor.Finding) -> doctor.Fix | None:
        """Takes the right to write from group and others, and every right to ``machine.toml``."""
        if finding.location is None:
            return None
        path = Path(finding.location.path)
        return narrowed(self, finding, path, by=OTHERS if path.name == "machine.toml" else OTHERS_WRITE)


def _reachable(path: Path) -> bool:
    """Whether others may go through every directory that leads to ``path``."""
    return all((_mode(directory) or 0) & (stat.S_IXGRP | stat.S_IXOTH) for directory in path.parents)


class UntrustedPlugin(Protocol):
    """A project plugin that was not loaded."""

    @property
    def path(self) -> str:
        """Its file."""

    @property
    def reason(self) -> str:
        """``new``, ``changed``, ``outside`` or ``unreadable``."""


REASONS: Mapping[str, tuple[str, str]] = {
    "new": ("it was never trusted", "read it, then run: doctor trust"),
    "changed": ("it changed since it was trusted", "read what changed, then run: doctor trust"),
    "outside": ("a link leads out of .metawsm/checks", "replace the link by the file, then run: doctor trust"),
    "unreadable": ("it is no readable file of bearable size", "repair or remove it"),
}
"""Why a plugin was not loaded, in words, and what to do."""


class SEC004(doctor.Check):
    """Every check that the project brings along is trusted.

    A plugin is a program that runs as you. One that nobody has looked at is left out, and so are its checks.
    """

    severity = doctor.Severity.INFO

    def run(self, untrusted_plugins: tuple[UntrustedPlugin, ...]) -> Iterator[doctor.Finding]:
        """Reports each file of ``.metawsm/checks`` that was not loaded, and why."""
        for plugin in untrusted_plugins:
            seen, remedy = REASONS.get(plugin.reason, (plugin.reason, "read it, then run: doctor trust"))
            yield self.finding(
                str(plugin.path),
                f"{plugin.path} was not loaded: {seen}",
                remedy=remedy,
                location=doctor.Location(path=str(plugin.path)),
            )


@doctor.hookimpl
def doctor_register_checks() -> list[type[doctor.Check]]:
    """The checks of this family."""
    return [SEC001, SEC002, SEC003, SEC004]
