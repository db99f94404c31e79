"""OpenCode."""

import json
from pathlib import Path

from doctor.harness.base import Harness, HarnessContext, LaunchRequest, given, option
from doctor.harness.own_files import OwnFiles
from doctor.harness.process import Completed
from doctor.harness.providers import PROVIDER_VARIABLES
from doctor.harness.signs import APPROVE, failure, question
from doctor.harness.state import read_json, table
from doctor.model.failure import FailureKind
from doctor.model.harness import PROMPT, Auth, CompiledArgv

OWN_PROVIDER = "doctor"
"""Provider id under which an endpoint is handed over when the model names none."""


UNTOLD_REMEDY = "`opencode models` lists the models that it knows; an unknown one is not named as the cause"


class OpenCode(Harness):
    """OpenCode. Its credentials file is read instead of asking it, which takes seconds and makes it create a store."""

    id = "opencode"
    title = "OpenCode"
    aliases = ("opencode_cli",)
    binaries = ("opencode",)
    install = "npm install -g opencode-ai"
    login = "opencode auth login"
    endpoint_kinds = ("openai",)
    model_patterns = (r"[^/\s]+/\S+",)
    auth_variables = PROVIDER_VARIABLES
    help_args = (("--help",), ("run", "--help"))

    bypass = ("--auto",)
    acts_freely = True
    own_files = OwnFiles(
        settings=(
            "opencode.json",
            "opencode.jsonc",
            ".opencode/opencode.json",
            ".opencode/opencode.jsonc",
            ".opencode/package.json",
            ".opencode/agent/",
            ".opencode/agents/",
            ".opencode/command/",
            ".opencode/commands/",
            ".opencode/mode/",
            ".opencode/modes/",
            ".opencode/plugin/",
            ".opencode/plugins/",
            ".opencode/tool/",
            ".opencode/tools/",
        ),
        instructions=("AGENTS.md", "CLAUDE.md"),
    )

    signs = (
        question("approval", r"^△Permissionrequired", APPROVE),
        failure(FailureKind.QUOTA, r"^[⬝■]+.*(?:quota|limit|toomany).*\[retryingin", dialog=True),
        failure(FailureKind.ENDPOINT_UNREACHABLE, r"^[⬝■]+.*connect.*\[retryingin", dialog=True),
        failure(FailureKind.ENDPOINT_UNREACHABLE, r"^Error:CannotconnecttoAPI"),
        failure(FailureKind.FLAG_REJECTED, r"^opencoderun\[message\.\.\]$|^opencode\[project\]"),
        failure(FailureKind.UNKNOWN, r'^"message":"Unexpectedservererror\.', remedy=UNTOLD_REMEDY),
        failure(
            FailureKind.UNKNOWN,
            r"^Error:Theuserrejectedpermissiontousethisspecifictoolcall",
            remedy="allow the tool in OpenCode's permission setting, or start it with --auto in extra_args",
            despite_success=True,
        ),
    )
    ready = (r"ctrl\+pcommands", r"\[retryingin")

    def compile(self, request: LaunchRequest) -> CompiledArgv:
        """``opencode run PROMPT ...``, or ``opencode --prompt PROMPT ...`` when interactive.

        The prompt comes first because ``--file`` takes any number of values.
        """
        model, endpoint = _endpoint(request)
        arguments = (*option("-m", model), *request.options.extra_args)
        return CompiledArgv(
            argv=(request.path, "--prompt" if request.interactive else "run", PROMPT, *arguments),
            env={**request.options.env, **endpoint},
            secrets=request.key_as(request.key_variable),
            stdin_argv=None if request.interactive else (request.path, "run", *arguments),
            # `run` puts a prompt that holds a space into double quotes, and a backslash before each of its own.
            stdin_first=True,
            grants=("does everything that its configuration does not deny, without asking",)
            if given(arguments, "--auto")
            else (),
        )

    def auth_files(self, context: HarnessContext) -> tuple[Path, ...]:
        """Its credentials."""
        return (_data(context) / "auth.json",)

    def auth(self, context: HarnessContext, answer: Completed | None) -> tuple[Auth, str]:
        """By auth.json's provider names and the providers' variables; with none of them a free model still answers."""
        stored = sorted(read_json(_data(context) / "auth.json"))
        if stored:
            return Auth.YES, f"auth.json holds {len(stored)} credential{'s' if len(stored) > 1 else ''}"
        if variable := context.has(*self.auth_variables):
            return Auth.YES, f"{variable} is set"
        return Auth.UNKNOWN, "it has no credentials, but a free model that needs none"

    def skill_roots(self, context: HarnessContext) -> tuple[Path, ...]:
        """The project's, then the user's; it reads those of Claude Code and the shared ones too."""
        home, project = context.home, context.project
        return (
            *(project / name / "skills" for name in (".opencode", ".claude", ".agents")),
            context.directory("XDG_CONFIG_HOME", ".config") / "opencode" / "skills",
            *(home / name / "skills" for name in (".opencode", ".claude", ".agents")),
        )


def _data(context: HarnessContext) -> Path:
    return context.directory("XDG_DATA_HOME", ".local/share") / "opencode"


def _endpoint(request: LaunchRequest) -> tuple[str | None, dict[str, str]]:
    """The model as it has to be named for the endpoint, and the configuration that hands the endpoint over."""
    if not request.endpoint_url:
        return request.model, {}
    provider, _, name = (request.model or "").rpartition("/")
    provider = provider or OWN_PROVIDER
    key = {"apiKey": f"{{env:{request.key_variable}}}"} if request.key_variable else {}
    entry = {
        "npm": "@ai-sdk/openai-compatible",
        "name": provider,
        "options": {"baseURL": request.endpoint_url, **key},
        "models": {name: {}} if name else {},
    }
    # A configuration that the policy hands over itself is kept; only this provider is added to it.
    given_text = request.options.env.get("OPENCODE_CONFIG_CONTENT", "{}")
    try:
        config = json.loads(given_text)
    except ValueError:
        return request.model, {}
    config = config if isinstance(config, dict) else {}
    config["provider"] = {**table(config, "provider"), provider: entry}
    model = f"{provider}/{name}" if name else None
    return model, {"OPENCODE_CONFIG_CONTENT": json.dumps(config, separators=(",", ":"))}
