"""OpenAI's Codex CLI."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from doctor.harness.base import Dial, Flag, Harness, HarnessContext, LaunchRequest, given, option, value_of
from doctor.harness.own_files import OwnFiles
from doctor.harness.process import Completed
from doctor.harness.signs import APPROVE, TRUST_BY_HAND, Sign, failure, question
from doctor.harness.state import read_toml, table
from doctor.harness.versions import version_at_least
from doctor.model.failure import FailureKind
from doctor.model.harness import PROMPT, Auth, CompiledArgv, Dialog

FULL_AUTO_DEPRECATED = "0.128.0"
"""First published release without ``--full-auto`` in the help. ``codex --full-auto`` is an unknown argument from here
on (exit 2); ``codex exec --full-auto`` is still taken, warns and asks for ``--sandbox workspace-write``.

Found by running published packages, ``[exec] --full-auto --help`` on each: 0.125.0 takes and lists it in both places,
0.128.0 (the next one published), 0.145.0, 0.146.0 and 0.146.1 take it after ``exec`` only, 0.147.0 and 0.149.1 (and
0.169.0) end with exit 2 in both.
"""

FULL_AUTO_REMOVED = "0.147.0"
"""First release in which ``codex exec --full-auto`` is an unknown argument too; found as above."""

BYPASS = ("--dangerously-bypass-approvals-and-sandbox", "--yolo")
SANDBOX = ("-s", "--sandbox")
BUILT_IN_PROVIDER = "openai"
ENDPOINT_PROVIDER = "doctor"
"""Provider id under which an endpoint is handed over: the built-in one would send it the user's own OpenAI login."""

_CHOSEN_PROVIDER = re.compile(r"""(?:-c|--config=)?model_provider=["']?([^"']*)["']?""")

GRANTS = {
    BYPASS[0]: "runs every command without asking and without a sandbox",
    "--yolo": "runs every command without asking and without a sandbox",
    "--dangerously-bypass-hook-trust": "runs hooks that nobody has trusted",
}


def _said(kind: FailureKind, words: str) -> tuple[Sign, Sign]:
    """A failure as ``exec`` and the screen print it, and that it is the last on a screen where nobody goes on."""
    return failure(kind, rf"^(?:ERROR:|■){words}"), failure(
        kind, rf"^■{words}[^•■\u203a]*(?=\u203aAskCodex)", dialog=True
    )


CODEX_DIALS = (
    Dial(
        name="permissions",
        steps=("untrusted", "on-request", "on-failure", "never", "bypass"),
        unset="on-request",
        flags=("-a", "--ask-for-approval"),
        keys=("approval_policy",),
        also=dict.fromkeys((*BYPASS, "--madmax"), "bypass"),
    ),
    Dial(
        name="sandbox",
        steps=("read-only", "workspace-write", "danger-full-access"),
        unset="read-only",
        flags=SANDBOX,
        keys=("sandbox_mode",),
        also={
            "--full-auto": "workspace-write",
            **dict.fromkeys((*BYPASS, "--madmax"), "danger-full-access"),
        },
    ),
    Dial(
        name="network",
        steps=("false", "true"),
        unset="false",
        keys=("sandbox_workspace_write.network_access",),
    ),
)


class Codex(Harness):
    """Codex. ``exec`` never asks; its sandbox decides what works."""

    id = "codex"
    title = "Codex"
    aliases = ("codex_cli",)
    binaries = ("codex",)
    install = "npm install -g @openai/codex"
    login = "codex login"
    options = ("full_auto", "model", "extra_args", "env", "trust_workspace")
    endpoint_kinds = ("openai",)
    model_patterns = (r"(openai/)?(gpt-|o\d|codex-|chatgpt-).*",)
    redirects = ("OPENAI_BASE_URL",)
    auth_args = ("login", "status")
    help_args = (("--help",), ("exec", "--help"))
    flags = (
        Flag(name="--full-auto", until=FULL_AUTO_DEPRECATED, instead="--sandbox workspace-write", command=""),
        Flag(name="--full-auto", until=FULL_AUTO_REMOVED, instead="--sandbox workspace-write", command="exec"),
        Flag(name="--yolo"),
    )

    dials = CODEX_DIALS
    bypass = (*BYPASS, "--dangerously-bypass-hook-trust")
    overrides = ("-c", "--config")
    own_files = OwnFiles(
        settings=(".codex/config.toml", ".codex/hooks.json", ".codex/hooks/", ".codex/rules/", ".codex/agents/"),
        instructions=("AGENTS.md", "AGENTS.override.md"),
    )

    signs = (
        question("trust", r"^Trustthisfolder\?Codexcanread", TRUST_BY_HAND),
        question("login", r"^>1\.SigninwithChatGPT", login),
        # The approvals were read in the program itself: no fake model asks for what brings them.
        question("approval", r"^Wouldyouliketo(?:runthefollowingcommand|makethefollowingedits|grantthese)", APPROVE),
        *_said(FailureKind.AUTH_EXPIRED, r"unexpectedstatus40[13]"),
        *_said(
            FailureKind.QUOTA,
            r"(?:Quotaexceeded|You['\u2019]vehityour\w*limit|unexpectedstatus429|exceededretrylimit,laststatus:429)",
        ),
        *_said(FailureKind.MODEL_REFUSED, r"Themodel`[^`]+`doesnotexist"),
        *_said(FailureKind.ENDPOINT_UNREACHABLE, r"Connectionfailed:"),
        *_said(FailureKind.NOT_LOGGED_IN, r"Missingenvironmentvariable"),
        failure(FailureKind.ENDPOINT_UNREACHABLE, r"^(?:ERROR:|•)Reconnecting\.\.\.waitingfornetwork", dialog=True),
        failure(FailureKind.TRUST_DIALOG, r"^Notinsideatrusteddirectory"),
        failure(FailureKind.UNKNOWN, r"^(?:ERROR:|■)(?:We['\u2019]recurrentlyexperiencing|unexpectedstatus5)"),
    )
    ready = (r"\u203aAskCodextodoanything",)

    def compile(self, request: LaunchRequest) -> CompiledArgv:
        """``codex exec ... PROMPT``, or ``codex ... PROMPT`` when interactive."""
        extra = request.options.extra_args
        own, notes = codex_arguments(request)
        auto, auto_notes = _full_auto(request)
        arguments = (*own, *auto)
        if not request.interactive:
            # A fixed flag stands after the extra ones: `--image FILE...` at the end would swallow the prompt.
            anywhere = () if given(extra, "--skip-git-repo-check") else ("--skip-git-repo-check",)
            arguments = ("exec", *extra, *anywhere, *arguments)
        else:
            arguments = (*extra, *arguments)
        return CompiledArgv(
            argv=(request.path, *arguments, PROMPT),
            env=request.options.env,
            secrets=request.key_as(request.key_variable),
            stdin_argv=None if request.interactive else (request.path, *arguments, "-"),
            notes=(*notes, *auto_notes),
            grants=codex_grants(arguments),
        )

    def asks(self, context: HarnessContext) -> bool:
        """Not where a provider of the user's own or CODEX_API_KEY tells, nor where Codex was never set up."""
        return own_provider(context) is None and not context.has("CODEX_API_KEY") and _is_set_up(context)

    def auth_files(self, context: HarnessContext) -> tuple[Path, ...]:
        """Its credentials and its configuration."""
        return (_home(context) / "auth.json", _home(context) / "config.toml")

    def auth(self, context: HarnessContext, answer: Completed | None) -> tuple[Auth, str]:
        """By the provider in config.toml, CODEX_API_KEY, then ``codex login status``."""
        told = own_provider(context)
        if told is not None:
            return told
        if context.has("CODEX_API_KEY"):
            return Auth.YES, "CODEX_API_KEY is set, which counts for `codex exec` only"
        if answer is None:
            return Auth.NO, f"there is neither auth.json nor config.toml in {_home(context)}"
        if answer.returncode == 0:
            return Auth.YES, "`codex login status` says it is logged in"
        if "not logged in" in f"{answer.stdout}{answer.stderr}".lower():
            return Auth.NO, "`codex login status` says it is not logged in"
        return Auth.UNKNOWN, f"`codex login status` ended with exit code {answer.returncode} and no answer"

    def skill_roots(self, context: HarnessContext) -> tuple[Path, ...]:
        """The project's, then the user's."""
        return codex_skill_roots(context)

    def redirected(self, context: HarnessContext, launch: CompiledArgv) -> bool:
        """Also by a model provider of its own, in the command or in config.toml."""
        return super().redirected(context, launch) or codex_redirected(context, launch)

    def dialogs(self, context: HarnessContext, launch: CompiledArgv, auth: Auth) -> Iterator[Dialog]:
        """Its question whether to trust the directory, and its sign-in menu."""
        return codex_dialogs(self.id, context, launch, auth)


def codex_arguments(request: LaunchRequest) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Model, endpoint and trust as arguments that Codex takes anywhere, and notes on them."""
    extra, notes = request.options.extra_args, []
    arguments: tuple[str, ...] = () if given(extra, "-m", "--model") else option("-m", request.model)
    if request.endpoint_url:
        arguments += _endpoint(request.endpoint_url, request.key_variable)
    if request.options.trust_workspace and request.cwd:
        arguments += ("-c", f'projects={{{_toml_string(request.cwd)}={{trust_level="trusted"}}}}')
    elif request.options.trust_workspace:
        notes.append("trust_workspace has no effect: the working directory is not known")
    return arguments, tuple(notes)


def _endpoint(url: str, key_env: str | None) -> tuple[str, ...]:
    """A provider of the endpoint's own, which gets the key in ``key_env`` and no other credential."""
    settings = {"name": ENDPOINT_PROVIDER, "base_url": url, "wire_api": "responses"}
    if key_env:
        settings["env_key"] = key_env
    own = {f"model_providers.{ENDPOINT_PROVIDER}.{key}": value for key, value in settings.items()}
    pairs = {"model_provider": ENDPOINT_PROVIDER, **own}.items()
    return tuple(word for key, value in pairs for word in ("-c", f"{key}={_toml_string(value)}"))


def codex_grants(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """What these arguments let Codex do without asking."""
    words = [grant for flag, grant in GRANTS.items() if given(arguments, flag)]
    if value_of(arguments, *SANDBOX) == "danger-full-access":
        words.append("runs commands without a sandbox")
    return tuple(dict.fromkeys(words))


def _full_auto(request: LaunchRequest) -> tuple[tuple[str, ...], tuple[str, ...]]:
    extra = request.options.extra_args
    if not request.options.full_auto:
        return (), ()
    if given(extra, *SANDBOX, *BYPASS, "--full-auto"):
        return (), ("full_auto adds nothing: extra_args choose the sandbox",)
    if not version_at_least(request.version, FULL_AUTO_DEPRECATED):
        return ("--full-auto",), ()
    flags: tuple[str, ...] = ("--sandbox", "workspace-write")
    if request.interactive and not given(extra, "-a", "--ask-for-approval"):
        flags += ("-a", "on-request")
    version = request.version or "of unknown version"
    return flags, (f"full_auto became `{' '.join(flags)}`: codex {version} has no --full-auto of its own any more",)


def _toml_string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _home(context: HarnessContext) -> Path:
    return context.directory("CODEX_HOME", ".codex")


def _is_set_up(context: HarnessContext) -> bool:
    return any((_home(context) / name).exists() for name in ("auth.json", "config.toml"))


def own_provider(context: HarnessContext) -> tuple[Auth, str] | None:
    """What config.toml's own model provider says about credentials; ``None`` where OpenAI's login counts."""
    config = read_toml(_home(context) / "config.toml")
    name = config.get("model_provider", BUILT_IN_PROVIDER)
    provider: Mapping[str, Any] = table(config, "model_providers", str(name))
    if name == BUILT_IN_PROVIDER or not provider or provider.get("requires_openai_auth"):
        return None
    variable = provider.get("env_key")
    if not isinstance(variable, str) or not variable:
        return Auth.YES, f"config.toml's model provider {name} needs no login"
    if context.has(variable):
        return Auth.YES, f"{variable}, the key of config.toml's model provider {name}, is set"
    return Auth.NO, f"{variable}, the key of config.toml's model provider {name}, is not set"


def codex_skill_roots(context: HarnessContext) -> tuple[Path, ...]:
    """The project's roots, then the user's, then those that Codex fills itself."""
    home, project = context.home, context.project
    own = _home(context) / "skills"
    shared = home / ".agents" / "skills"
    return (project / ".codex" / "skills", project / ".agents" / "skills", own, shared, own / ".system")


def codex_dialogs(runtime_id: str, context: HarnessContext, launch: CompiledArgv, auth: Auth) -> Iterator[Dialog]:
    """What stops this unattended start of Codex in ``context.project``; ``exec`` asks nothing, but needs its login."""
    config = _home(context) / "config.toml"
    headless = launch.argv[1:2] == ("exec",)
    if not headless and not _is_trusted(context, launch):
        yield Dialog(
            runtime_id=runtime_id,
            kind="trust",
            detail=f"{config} gives {context.project} no trust_level, and no bypass flag skips the question",
            remedy="set runner_options.trust_workspace = true, or add to config.toml: "
            f'[projects.{_toml_string(str(context.project))}] trust_level = "trusted"',
            headless=False,
        )
    if _brings_provider(launch):
        return
    key = {**context.environment, **launch.env}.get("CODEX_API_KEY", "").strip()
    by_key = bool(key) and own_provider(context) is None
    if by_key and headless:
        return
    if auth is Auth.NO or (by_key and not (_home(context) / "auth.json").exists()):
        yield Dialog(
            runtime_id=runtime_id,
            kind="login",
            detail="CODEX_API_KEY counts for `codex exec` only" if by_key else "it is not logged in",
            remedy="codex login",
            headless=not by_key,
        )


def codex_redirected(context: HarnessContext, launch: CompiledArgv) -> bool:
    """Whether another model provider than OpenAI is chosen, in the command or in config.toml."""
    named = read_toml(_home(context) / "config.toml").get("model_provider", BUILT_IN_PROVIDER)
    return _brings_provider(launch) or named != BUILT_IN_PROVIDER


def _brings_provider(launch: CompiledArgv) -> bool:
    """Whether the argv itself chooses a provider other than OpenAI, which needs no login of Codex."""
    chosen = [found[1] for argument in launch.argv if (found := _CHOSEN_PROVIDER.fullmatch(argument))]
    return bool(chosen) and chosen[-1] != BUILT_IN_PROVIDER


def _is_trusted(context: HarnessContext, launch: CompiledArgv) -> bool:
    if any(argument.startswith("projects=") for argument in launch.argv):
        return True
    projects = table(read_toml(_home(context) / "config.toml"), "projects")
    spellings = {str(context.project), str(context.project.resolve())}
    return any(table(projects, spelling).get("trust_level") for spelling in spellings)
