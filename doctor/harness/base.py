"""What an adapter says about one harness. Third-party adapters subclass ``Harness`` too."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import ClassVar

from doctor.harness.own_files import OwnFiles
from doctor.harness.process import Completed
from doctor.harness.signs import Sign
from doctor.model.harness import PROMPT, Auth, CompiledArgv, Dialog, ProgramFact, RunnerSpec
from doctor.model.policy import RunnerOptions
from doctor.model.secret import SecretRef
from doctor.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HarnessContext:
    """The machine as an adapter may look at it: read only."""

    home: Path
    project: Path
    """The directory that agents start in; unless someone chose another, the project's root."""

    environment: Mapping[str, str]

    def has(self, *names: str) -> str | None:
        """The first of these variables that is set and not blank, else ``None``. Values are not looked at further."""
        return next((name for name in names if self.environment.get(name, "").strip()), None)

    def directory(self, variable: str, default: str) -> Path:
        """The directory that ``variable`` names, or ``default`` below the home directory."""
        value = self.environment.get(variable, "").strip()
        return self.expand(value) if value else self.home / default

    def expand(self, path: str) -> Path:
        """``path`` with a leading ``~`` replaced by the home directory of this context."""
        return self.home / path[1:].lstrip("/") if path == "~" or path.startswith("~/") else Path(path)


ENDPOINT_KEY = "DOCTOR_ENDPOINT_KEY"
"""Variable in which a harness gets an endpoint's key that is in no variable of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchRequest:
    """What ``Harness.compile`` turns into an argv."""

    path: str
    """Program to spawn."""

    version: str | None = None
    """Its version, when known; ``None`` compiles for the newest known."""

    options: RunnerOptions = field(default_factory=RunnerOptions)
    model: str | None = None
    """The model as this harness spells it, without the prefix of a model spec."""

    endpoint_url: str | None = None
    endpoint_key_env: str | None = None
    """Variable that holds the endpoint's key, where it is in one."""

    endpoint_key: SecretRef | None = None
    """Where the endpoint's key is, wherever that may be; ``None`` with a variable named means that variable."""

    interactive: bool = False
    cwd: str | None = None
    """Absolute directory it starts in, where known; options that speak of the working directory need it."""

    @property
    def key_variable(self) -> str | None:
        """Variable in which a harness that takes any name gets the endpoint's key; ``None`` where there is no key."""
        return self.endpoint_key_env or (ENDPOINT_KEY if self.endpoint_key else None)

    def key_as(self, variable: str | None) -> dict[str, SecretRef]:
        """``variable`` with the endpoint's key as its value; nothing where there is no endpoint or it has no key."""
        key = self.endpoint_key or (SecretRef(env=self.endpoint_key_env) if self.endpoint_key_env else None)
        return {variable: key} if variable and key and self.endpoint_url else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """One command-line flag and the versions that have it (from ``since`` up to, not including, ``until``)."""

    name: str
    since: str | None = None
    until: str | None = None
    instead: str | None = None
    """What takes its place after ``until``."""

    command: str | None = None
    """The subcommand it belongs to; ``""`` is a start without one, ``None`` any."""


def option(flag: str, value: str | None) -> tuple[str, ...]:
    """``flag value``, or nothing when there is no value."""
    return (flag, value) if value else ()


def given(args: Sequence[str], *flags: str) -> bool:
    """Whether one of ``flags`` is among ``args``, as ``--flag`` or ``--flag=value``."""
    return any(arg in flags or arg.partition("=")[0] in flags for arg in args)


def value_of(args: Sequence[str], *flags: str) -> str | None:
    """The value that ``args`` give one of ``flags`` last, as ``--flag value`` or ``--flag=value``, or ``None``."""
    found = None
    for index, arg in enumerate(args):
        name, equals, value = arg.partition("=")
        if name in flags:
            found = value if equals else next(iter(args[index + 1 : index + 2]), None)
    return found


def covers(folder: str, path: Path) -> bool:
    """Whether ``folder`` is ``path`` or holds it, in either of its spellings: as given, and with links resolved."""
    if not folder:
        return False
    return any(Path(folder) in (spelling, *spelling.parents) for spelling in (path, path.resolve()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """One setting that says how freely a harness may act."""

    name: str
    """``permissions``, ``sandbox`` or ``network``."""

    steps: tuple[str, ...]
    """Its values, from the strictest."""

    unset: str
    """The one that counts where nothing is said."""

    flags: tuple[str, ...] = ()
    """Options whose value it is."""

    keys: tuple[str, ...] = ()
    """Keys of ``Harness.overrides``, or of settings files in JSON or TOML, whose value it is."""

    also: Mapping[str, str] = field(default_factory=dict)
    """Options without a value, and the step that each stands for."""


SWITCHED_OFF = frozenset({"", "0", "false"})
"""Values with which such a variable says no."""


class Harness:
    """One agent CLI. Everything is class data except what depends on a version or on the machine."""

    id: ClassVar[str]
    """Canonical registry name, the runtime id of journals."""

    title: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]] = ()
    """Other spellings accepted on input, never printed as the id."""

    binaries: ClassVar[tuple[str, ...]] = ()
    """Program names looked for on PATH, best first."""

    install: ClassVar[str] = ""
    """The command that installs it, for remedies."""

    login: ClassVar[str | None] = None
    """The command that logs in, for remedies."""

    builtin: ClassVar[bool] = False
    """Carried by this tool: nothing is looked for on PATH."""

    version_args: ClassVar[tuple[str, ...]] = ("--version",)
    version_timeout: ClassVar[float] = 15.0
    """Seconds."""

    options: ClassVar[tuple[str, ...]] = ("model", "extra_args", "env")
    """Keys of ``runner_options`` it takes."""

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Closed values of an option."""

    needs_prompt: ClassVar[bool] = True
    stage_refusal: ClassVar[str | None] = None
    """Why it cannot run a stage at all."""

    endpoint_kinds: ClassVar[tuple[str, ...]] = ()
    """Kinds of endpoint (``openai``, ``anthropic``, ``gemini``) it can be pointed at."""

    carrier: ClassVar[str | None] = None
    """Id of the harness that runs in its place, for a gateway that starts no agent itself."""

    needs_endpoint: ClassVar[bool] = False
    """Whether it can do nothing without a configured endpoint."""

    model_patterns: ClassVar[tuple[str, ...]] = ()
    """Regular expressions for the whole name; a model that none matches belongs to another harness.

    Empty: it takes any model. A custom endpoint serves what it likes, so they say nothing about it.
    """

    redirects: ClassVar[tuple[str, ...]] = ()
    """Variables that send its requests to another server, or choose the model in a way of their own."""

    auth_args: ClassVar[tuple[str, ...] | None] = None
    """Arguments of its own cheap "am I logged in" question, or ``None``."""

    auth_timeout: ClassVar[float] = 15.0
    auth_variables: ClassVar[tuple[str, ...]] = ()
    """Variables whose presence may change the answer."""

    help_args: ClassVar[tuple[tuple[str, ...], ...]] = (("--help",),)
    """Cheap help calls that together list the flags that ``compile`` may use.

    What stands before a call's last argument is the subcommand whose flags it lists. Empty: nothing can be asked.
    """

    flags: ClassVar[tuple[Flag, ...]] = ()
    """Flags that came or went; the rest is asked of ``help_args``."""

    dials: ClassVar[tuple[Dial, ...]] = ()
    """Settings whose values have an order, for telling whether a change lets it do more."""

    bypass: ClassVar[tuple[str, ...]] = ()
    """Flags that make it act without asking, or outside of its sandbox."""

    overrides: ClassVar[tuple[str, ...]] = ()
    """Options that take ``KEY=VALUE`` of its configuration."""

    acts_freely: ClassVar[bool] = False
    """Whether it runs commands unasked and unconfined where nothing is said."""

    own_files: ClassVar[OwnFiles] = OwnFiles()
    """What it reads in the project by itself, skills apart."""

    signs: ClassVar[tuple[Sign, ...]] = ()
    """What it prints when it waits for a person or fails; where two fit, the first counts."""

    ready: ClassVar[tuple[str, ...]] = ()
    """Regular expressions, one of which is found once it has its prompt, at work or not.

    They are searched without regard to lines, in text without white space. Empty: its screen is not known.
    """

    def spec(self) -> RunnerSpec:
        """What a policy may say about it."""
        return RunnerSpec(
            id=self.id,
            aliases=self.aliases,
            options=self.options,
            choices=self.choices,
            needs_prompt=self.needs_prompt,
            stage_refusal=self.stage_refusal,
        )

    def builtin_program(self, context: HarnessContext) -> ProgramFact:
        """The program of a harness that this tool carries, where neither a variable nor the machine names another."""
        return ProgramFact()

    def metadata_version(self, path: Path) -> str | None:
        """Its version as recorded beside the program, for one that is slow to answer; ``None``: ask the program."""
        return None

    def asks(self, context: HarnessContext) -> bool:
        """Whether ``auth_args`` have to be asked; not where files and variables already tell."""
        return self.auth_args is not None

    def auth_files(self, context: HarnessContext) -> tuple[Path, ...]:
        """Files whose change may change the answer of ``auth``; a cached answer is kept until one does."""
        return ()

    def auth(self, context: HarnessContext, answer: Completed | None) -> tuple[Auth, str]:
        """Whether it holds credentials, and how that is known, in words without secrets.

        Args:
            context: The machine.
            answer: What ``auth_args`` printed, or ``None`` when there is no such question or it gave no answer.
        """
        return Auth.UNKNOWN, "this harness has no question to ask"

    def skill_roots(self, context: HarnessContext) -> tuple[Path, ...]:
        """Directories in which the harness itself looks for ``<name>/SKILL.md``, first match wins."""
        return ()

    def dialogs(self, context: HarnessContext, launch: CompiledArgv, auth: Auth) -> Iterator[Dialog]:
        """Dialogs that would stop an unattended start in ``context.project``."""
        return iter(())

    def redirected(self, context: HarnessContext, launch: CompiledArgv) -> bool:
        """Whether variables, the command or a configuration file send its requests where any model may be served."""
        environment = {**context.environment, **launch.env}
        return any(environment.get(name, "").strip().lower() not in SWITCHED_OFF for name in self.redirects)

    def root_refusal(self, context: HarnessContext, launch: CompiledArgv) -> str | None:
        """Why this argv refuses to run as root, or ``None``."""
        return None

    def compile(self, request: LaunchRequest) -> CompiledArgv:
        """The argv of one start; ``PROMPT`` stands where the prompt goes."""
        return CompiledArgv(argv=(request.path, *request.options.extra_args, PROMPT), env=request.options.env)
