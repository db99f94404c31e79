"""The pi coding agent."""

from pathlib import Path

from doctor.harness.base import Harness, HarnessContext, LaunchRequest, given, option
from doctor.harness.own_files import OwnFiles
from doctor.harness.process import Completed
from doctor.harness.providers import PROVIDER_VARIABLES
from doctor.harness.signs import failure
from doctor.harness.state import read_json, table
from doctor.model.failure import FailureKind
from doctor.model.harness import PROMPT, Auth, CompiledArgv

THINKING = frozenset({"off", "minimal", "low", "medium", "high", "xhigh"})
TOOLS = ("--tools", "-t", "--no-tools", "-nt", "--no-builtin-tools", "-nbt")


class Pi(Harness):
    """Pi. It has no approvals: what its tools can do it does."""

    id = "pi"
    title = "Pi"
    aliases = ("pi_cli", "pi_coding_agent")
    binaries = ("pi",)
    install = "npm install -g @mariozechner/pi-coding-agent"
    acts_freely = True
    own_files = OwnFiles(
        settings=(".pi/settings.json", ".pi/extensions/", ".pi/prompts/"),
        instructions=(".pi/SYSTEM.md", ".pi/APPEND_SYSTEM.md", "AGENTS.md", "CLAUDE.md"),
    )
    login = "pi"
    auth_variables = (*PROVIDER_VARIABLES, "ANTHROPIC_OAUTH_TOKEN", "AI_GATEWAY_API_KEY", "OPENCODE_API_KEY")

    signs = (
        failure(FailureKind.NOT_LOGGED_IN, r"^(?:Error:)?NoAPIkeyfoundfor"),
        failure(FailureKind.NOT_LOGGED_IN, r"^Error:NoAPIkeyfoundfor.*(?=0\.0%/0\(auto\))", dialog=True),
        failure(FailureKind.MODEL_REFUSED, r'^Error:Unknownprovider"', remedy="pi --list-models lists what there is"),
        failure(FailureKind.AUTH_EXPIRED, r"^(?:Error:)?40[13](?!\d)(?=[^↑]*\d%/\d+k?\(auto\))", dialog=True),
        failure(FailureKind.MODEL_REFUSED, r"^(?:Error:)?404(?!\d)(?=[^↑]*\d%/\d+k?\(auto\))", dialog=True),
        failure(FailureKind.QUOTA, r"^Error:429(?!\d)(?=.*Retrying\(\d+/\d+\)in)", dialog=True),
        failure(FailureKind.AUTH_EXPIRED, r"^40[13](?!\d)"),
        failure(FailureKind.MODEL_REFUSED, r"^404(?!\d)"),
        failure(FailureKind.QUOTA, r"^429(?!\d)"),
        failure(FailureKind.UNKNOWN, r"^5\d\d(?!\d)"),
    )
    ready = (r"\d%/\d+k?\(auto\)",)

    def compile(self, request: LaunchRequest) -> CompiledArgv:
        """``pi ... -p PROMPT``, or ``pi ... PROMPT`` when interactive.

        A model of a named profile is ``<provider>:<model>``; Pi's own spelling ``<model>:<thinking level>`` has no
        provider before the colon and is passed as it is, as is ``<provider>/<model>``.
        """
        extra = request.options.extra_args
        arguments = (*_model(request.model), *extra)
        return CompiledArgv(
            argv=(request.path, *arguments, *(() if request.interactive else ("-p",)), PROMPT),
            env=request.options.env,
            stdin_argv=None if request.interactive else (request.path, *arguments, "-p"),
            grants=() if given(extra, *TOOLS) else ("runs every command and edits every file without asking",),
        )

    def auth_files(self, context: HarnessContext) -> tuple[Path, ...]:
        """Its logins and its own models."""
        home = _home(context)
        return (home / "auth.json", home / "models.json")

    def auth(self, context: HarnessContext, answer: Completed | None) -> tuple[Auth, str]:
        """By the providers' variables and the names in its files."""
        logins, models = self.auth_files(context)
        if variable := context.has(*self.auth_variables):
            return Auth.YES, f"{variable} is set"
        if read_json(logins):
            return Auth.YES, f"{logins} holds a login"
        providers = table(read_json(models), "providers")
        if any("apiKey" in table(providers, name) for name in providers):
            return Auth.YES, f"{models} gives a provider a key"
        return Auth.NO, f"neither a variable nor a file in {logins.parent} holds a key"

    def skill_roots(self, context: HarnessContext) -> tuple[Path, ...]:
        """The project's, then the user's."""
        project = tuple(context.project / name / "skills" for name in (".pi", ".agents"))
        return (*project, _home(context) / "skills", context.home / ".agents" / "skills")


def _model(model: str | None) -> tuple[str, ...]:
    provider, colon, name = (model or "").partition(":")
    if not colon or "/" in provider or name in THINKING:
        return option("--model", model)
    return ("--provider", provider, "--model", name)


def _home(context: HarnessContext) -> Path:
    return context.directory("PI_CODING_AGENT_DIR", ".pi/agent")
