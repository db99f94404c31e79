"""Anthropic's Claude Code."""

import json
from collections.abc import Iterator
from pathlib import Path

from doctor.harness.base import Dial, Harness, HarnessContext, LaunchRequest, covers, given, option, value_of
from doctor.harness.own_files import OwnFiles
from doctor.harness.process import Completed
from doctor.harness.signs import APPROVE, TRUST_BY_HAND, Sign, failure, question
from doctor.harness.state import read_json, table
from doctor.model.failure import FailureKind
from doctor.model.harness import PROMPT, Auth, CompiledArgv, Dialog

BYPASS = ("--dangerously-skip-permissions", "--allow-dangerously-skip-permissions")
BYPASS_MODE = "bypassPermissions"
KEY_TAIL = 20
"""How much of the end of an approved API key Claude Code itself keeps in its state file."""

BYPASS_REMEDY = "set skipDangerousModePermissionPrompt to true in Claude Code's settings.json"
ROOT_REMEDY = "set IS_SANDBOX=1 where it is contained, or start it as another user than root"


def _said(kind: FailureKind, words: str) -> tuple[Sign, Sign]:
    """A failure as ``-p`` and the screen print it, and that it is the last on a screen where nobody goes on."""
    idle = r"(?=\W\w+for[\dhms]+\u276f)"
    return failure(kind, rf"^[⎿●]?{words}"), failure(kind, rf"^[⎿●]{words}[^●⎿\u276f]*{idle}", dialog=True)


class ClaudeCode(Harness):
    """Claude Code. Headless (``-p``) it shows no dialog, and denies what it may not do without asking."""

    id = "claude_code"
    title = "Claude Code"
    aliases = ("claude", "claude_cli")
    binaries = ("claude",)
    install = "npm install -g @anthropic-ai/claude-code"
    login = "claude auth login"
    options = ("model", "permission_mode", "extra_args", "env")
    choices = {  # noqa: RUF012 - declared ClassVar by the base class
        "permission_mode": ("default", "acceptEdits", "auto", "dontAsk", "plan", BYPASS_MODE)
    }
    endpoint_kinds = ("anthropic",)
    model_patterns = (
        r"(anthropic/)?claude-.*",
        r"(opus|sonnet|haiku|fable|opusplan|best|default)(\[1m\])?",
        r"arn:aws[\w-]*:bedrock:.+|(?:[a-z-]+\.)?anthropic\.claude-.+",
    )
    redirects = (
        "CLAUDE_CODE_USE_BEDROCK",
        "CLAUDE_CODE_USE_VERTEX",
        "CLAUDE_CODE_USE_FOUNDRY",
        "ANTHROPIC_BASE_URL",
        "ANTHROPIC_MODEL",
    )
    auth_args = ("auth", "status")
    auth_variables = (
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_AUTH_TOKEN",
        "CLAUDE_CODE_OAUTH_TOKEN",
        "CLAUDE_CODE_USE_BEDROCK",
        "CLAUDE_CODE_USE_VERTEX",
        "CLAUDE_CODE_USE_FOUNDRY",
    )

    dials = (
        Dial(
            name="permissions",
            steps=("plan", "dontAsk", "default", "acceptEdits", "auto", BYPASS_MODE),
            unset="default",
            flags=("--permission-mode",),
            keys=("permissions.defaultMode",),
            also=dict.fromkeys(BYPASS, BYPASS_MODE),
        ),
    )
    bypass = BYPASS
    own_files = OwnFiles(
        settings=(
            ".claude/settings.json",
            ".claude/settings.local.json",
            ".mcp.json",
            ".claude/agents/",
            ".claude/commands/",
            ".claude/hooks/",
        ),
        instructions=("CLAUDE.md", "CLAUDE.local.md", ".claude/CLAUDE.md", ".claude/rules/", ".claude/output-styles/"),
    )

    signs = (
        question("trust", r"^(?:Quicksafetycheck:Isthisaproject|Doyoutrustthefilesinthisfolder\?)", TRUST_BY_HAND),
        question("bypass", r"^WARNING:ClaudeCoderunninginBypassPermissionsmode", BYPASS_REMEDY),
        question("api-key", r"^DetectedacustomAPIkeyinyourenvironment", "pass the key as ANTHROPIC_AUTH_TOKEN"),
        question("onboarding", r"^Choosethetextstylethatlooksbest", "start claude once by hand"),
        question("login", r"^Selectloginmethod:", login),  # read in the program: it comes with a network only
        question("approval", r"^Doyouwantto[\w./'-]+\?\u276f1\.Yes", APPROVE),
        *_said(FailureKind.NOT_LOGGED_IN, r"Notloggedin·Pleaserun/login"),
        *_said(FailureKind.AUTH_EXPIRED, r"(?:OAuthtoken(?:revoked|hasexpired)|Invalid(?:bearertoken|APIkey))"),
        *_said(
            FailureKind.AUTH_EXPIRED, r"(?:Failedtoauthenticate\.|Pleaserun/login·APIError:40|Youraccountdoesnothave)"
        ),
        *_said(FailureKind.QUOTA, r"(?:Creditbalance(?:is)?toolow|APIError:Requestrejected\(429\))"),
        *_said(FailureKind.QUOTA, r"(?:Claude(?:AI)?usagelimitreached|You['\u2019]vehityour[\w-]*limit)"),
        *_said(FailureKind.MODEL_REFUSED, r"There['\u2019]sanissuewiththeselectedmodel"),
        *_said(FailureKind.ENDPOINT_UNREACHABLE, r"APIError:UnabletoconnecttoAPI"),
        failure(FailureKind.ENDPOINT_UNREACHABLE, r"^UnabletoconnecttoAnthropicservices"),
        failure(FailureKind.UNKNOWN, r"^[⎿●]?APIError:5\d\d"),
        failure(FailureKind.FLAG_REJECTED, r"^--[\w-]+cannotbeusedwithroot/sudo", remedy=ROOT_REMEDY),
    )
    ready = (r"\u276f.*(?:\?forshortcuts|←foragents|shift\+tabtocycle|esctointerrupt)",)

    def compile(self, request: LaunchRequest) -> CompiledArgv:
        """``claude -p PROMPT ...``, or ``claude PROMPT ...`` when interactive.

        The prompt comes first because several flags (``--allowedTools``, ``--add-dir``) take any number of values.
        """
        wanted = request.options
        own = (*option("--model", request.model), *option("--permission-mode", wanted.permission_mode))
        arguments = (*own, *wanted.extra_args)
        endpoint = {"ANTHROPIC_BASE_URL": request.endpoint_url} if request.endpoint_url else {}
        secrets = request.key_as("ANTHROPIC_AUTH_TOKEN")
        # It would send the endpoint the user's own key too.
        own_key = {"ANTHROPIC_API_KEY": ""} if secrets else {}
        return CompiledArgv(
            argv=(request.path, *(() if request.interactive else ("-p",)), PROMPT, *arguments),
            env={**wanted.env, **endpoint, **own_key},
            secrets=secrets,
            stdin_argv=None if request.interactive else (request.path, "-p", *arguments),
            grants=("runs every tool, shell commands included, without asking",) if _bypasses(arguments) else (),
        )

    def asks(self, context: HarnessContext) -> bool:
        """Not where it was never started: asking would make it create its state there."""
        return _state_file(context).exists() or _config(context).is_dir()

    def auth_files(self, context: HarnessContext) -> tuple[Path, ...]:
        """Its credentials, state and settings."""
        config = _config(context)
        return (config / ".credentials.json", config / "settings.json", _state_file(context))

    def auth(self, context: HarnessContext, answer: Completed | None) -> tuple[Auth, str]:
        """By ``loggedIn`` of ``claude auth status``, which judges presence, not validity."""
        variable = context.has(*self.auth_variables)
        if answer is None:
            return (Auth.YES, f"{variable} is set") if variable else (Auth.NO, "it was never started here")
        try:
            said = json.loads(answer.stdout)
        except (ValueError, RecursionError):
            said = None
        logged_in = said.get("loggedIn") if isinstance(said, dict) else None
        if not isinstance(said, dict) or not isinstance(logged_in, bool):
            return Auth.UNKNOWN, f"`claude auth status` ended with exit code {answer.returncode} and no answer"
        if not logged_in:
            return Auth.NO, "`claude auth status` says it is not logged in"
        method = str(said.get("authMethod"))
        known = method if method in {"api_key", "oauth_token", "claude.ai", "third_party"} else "some method"
        return Auth.YES, f"`claude auth status` says it is logged in by {known}"

    def skill_roots(self, context: HarnessContext) -> tuple[Path, ...]:
        """The project's, then the user's; it does not read ``.agents``."""
        return (context.project / ".claude" / "skills", _config(context) / "skills")

    def root_refusal(self, context: HarnessContext, launch: CompiledArgv) -> str | None:
        """It takes none of its ways to bypass permissions from root unless IS_SANDBOX=1 says it is contained."""
        contained = {**context.environment, **launch.env}.get("IS_SANDBOX") == "1"
        if contained or not _bypasses(launch.argv):
            return None
        return "it bypasses permissions, and as root Claude Code exits then unless IS_SANDBOX=1 is set"

    def dialogs(self, context: HarnessContext, launch: CompiledArgv, auth: Auth) -> Iterator[Dialog]:
        """Login, and for interactive starts onboarding, trust, the bypass warning and the API key question."""
        if auth is Auth.NO and not launch.secrets:
            yield self._dialog("login", "it is not logged in", str(self.login), headless=True)
        if not given(launch.argv, "-p", "--print"):
            yield from self._interactive_dialogs(context, launch)

    def _interactive_dialogs(self, context: HarnessContext, launch: CompiledArgv) -> Iterator[Dialog]:
        path = _state_file(context)
        state = read_json(path)
        if state.get("hasCompletedOnboarding") is not True:
            remedy = f"start claude once by hand, or set hasCompletedOnboarding to true in {path}"
            yield self._dialog("onboarding", f"hasCompletedOnboarding is not true in {path}", remedy)
        projects = table(state, "projects")
        trusted = (folder for folder in projects if table(projects, folder).get("hasTrustDialogAccepted") is True)
        if not any(covers(folder, context.project) for folder in trusted):
            key = f'projects["{context.project}"].hasTrustDialogAccepted'
            remedy = f"start claude there once by hand, or set {key} to true in {path}"
            yield self._dialog("trust", f"{key} is not true in {path}", remedy)
        settings = _config(context) / "settings.json"
        accepted = (
            state.get("bypassPermissionsModeAccepted") is True
            or read_json(settings).get("skipDangerousModePermissionPrompt") is True
        )
        if _bypasses(launch.argv) and not accepted:
            remedy = f"set skipDangerousModePermissionPrompt to true in {settings}"
            yield self._dialog("bypass", "its warning about bypassing permissions defaults to leaving", remedy)
        if not _key_is_approved({**context.environment, **launch.env}.get("ANTHROPIC_API_KEY", ""), state):
            remedy = "pass the key as ANTHROPIC_AUTH_TOKEN, or approve it once by hand"
            yield self._dialog("api-key", "ANTHROPIC_API_KEY is set to a key that was not approved yet", remedy)

    def _dialog(self, kind: str, detail: str, remedy: str, *, headless: bool = False) -> Dialog:
        return Dialog(runtime_id=self.id, kind=kind, detail=detail, remedy=remedy, headless=headless)


def _config(context: HarnessContext) -> Path:
    return context.directory("CLAUDE_CONFIG_DIR", ".claude")


def _state_file(context: HarnessContext) -> Path:
    moved = context.has("CLAUDE_CONFIG_DIR")
    return (_config(context) if moved else context.home) / ".claude.json"


def _bypasses(arguments: tuple[str, ...]) -> bool:
    return given(arguments, *BYPASS) or value_of(arguments, "--permission-mode") == BYPASS_MODE


def _key_is_approved(value: str, state: object) -> bool:
    """Whether no question about the key comes. The key is compared here and goes nowhere."""
    if not value.strip():
        return True
    approved = table(state, "customApiKeyResponses").get("approved") if isinstance(state, dict) else None
    return isinstance(approved, list) and value.strip()[-KEY_TAIL:] in approved
