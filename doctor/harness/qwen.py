"""Qwen Code."""

from pathlib import Path

from doctor.harness.base import Dial, Harness, HarnessContext, LaunchRequest, given, option
from doctor.harness.gemini import YOLO, yolo_grants
from doctor.harness.own_files import OwnFiles
from doctor.harness.process import Completed
from doctor.harness.signs import APPROVE, Sign, failure, question
from doctor.harness.state import names_in_env_file, read_json, table
from doctor.model.failure import FailureKind
from doctor.model.harness import PROMPT, Auth, CompiledArgv


def _said(kind: FailureKind, words: str) -> tuple[Sign, Sign]:
    """A failure as a headless start prints it, and that it is the last on a screen where nobody goes on."""
    idle = r"\(PressCtrl\+Ytoretry\)"
    return failure(kind, rf"^✕?\[APIError:{words}"), failure(
        kind, rf"^✕\[APIError:{words}[^✦✕]*{idle}(?=[>*]Type)", dialog=True
    )


class Qwen(Harness):
    """Qwen Code. Its own status answers with exit code 0 either way; its files tell the same without a start."""

    id = "qwen"
    title = "Qwen Code"
    aliases = ("qwen_code", "qwen_cli")
    binaries = ("qwen",)
    install = "npm install -g @qwen-code/qwen-code"
    login = "qwen auth"
    options = ("model", "permission_mode", "extra_args", "env")
    choices = {"permission_mode": ("plan", "default", "auto-edit", "yolo")}  # noqa: RUF012 - ClassVar in the base
    endpoint_kinds = ("openai",)
    auth_variables = ("OPENAI_API_KEY",)

    dials = (
        Dial(
            name="permissions",
            steps=("plan", "default", "auto-edit", "yolo"),
            unset="default",
            flags=("--approval-mode",),
            also=dict.fromkeys(YOLO, "yolo"),
        ),
    )
    bypass = YOLO
    own_files = OwnFiles(
        settings=(
            ".qwen/settings.json",
            ".qwen/.env",
            ".env",
            ".qwen/agents/",
            ".qwen/commands/",
            ".qwen/extensions/",
            ".qwen/policies/",
            ".qwen/hooks/",
        ),
        instructions=("QWEN.md", "AGENTS.md", ".qwen/QWEN.md", ".qwen/system.md"),
    )

    signs = (
        question("login", r"^SelectAuthenticationMethod", login),
        question("approval", r"^Allowexecutionof.{1,80}\?", APPROVE),
        *_said(FailureKind.AUTH_EXPIRED, r"40[13](?!\d)"),
        *_said(FailureKind.QUOTA, r"429(?!\d)"),
        *_said(FailureKind.MODEL_REFUSED, r"404(?!\d)"),
        *_said(FailureKind.ENDPOINT_UNREACHABLE, r"Connectionerror"),
        failure(FailureKind.NOT_LOGGED_IN, r"^Noauthtypeisselected\.|^MissingAPIkeyfor"),
    )
    ready = (r"Typeyourmessageor@path/to/file",)

    def compile(self, request: LaunchRequest) -> CompiledArgv:
        """``qwen PROMPT ...``, or ``qwen -i PROMPT ...`` when interactive.

        The prompt comes first because several flags (``--allowed-tools``) take any number of values.
        """
        wanted = request.options
        url = request.endpoint_url
        arguments = (
            *option("-m", request.model),
            *option("--approval-mode", wanted.permission_mode),
            *(("--auth-type", "openai") if url and not given(wanted.extra_args, "--auth-type") else ()),
            *wanted.extra_args,
        )
        return CompiledArgv(
            argv=(request.path, *(("-i",) if request.interactive else ()), PROMPT, *arguments),
            env={**wanted.env, **({"OPENAI_BASE_URL": url} if url else {})},
            secrets=request.key_as("OPENAI_API_KEY"),
            stdin_argv=None if request.interactive else (request.path, *arguments),
            grants=yolo_grants(arguments),
        )

    def auth_files(self, context: HarnessContext) -> tuple[Path, ...]:
        """Its settings and credentials."""
        return tuple(context.home / ".qwen" / name for name in ("settings.json", ".env", "oauth_creds.json"))

    def auth(self, context: HarnessContext, answer: Completed | None) -> tuple[Auth, str]:
        """By its variable, its ``.env``, its settings and its credentials."""
        settings, env_file, credentials = self.auth_files(context)
        if variable := context.has(*self.auth_variables):
            return Auth.YES, f"{variable} is set"
        if names_in_env_file(env_file) & set(self.auth_variables):
            return Auth.YES, f"{env_file} sets its key"
        if credentials.is_file():
            return Auth.YES, f"{credentials} is there"
        if table(read_json(settings), "security", "auth").get("selectedType"):
            return Auth.UNKNOWN, f"{settings} chooses a way to log in, and no key is to be seen"
        return Auth.NO, "no authentication method is configured"

    def skill_roots(self, context: HarnessContext) -> tuple[Path, ...]:
        """The project's, then the user's."""
        roots = (context.project, context.home)
        return tuple(root / name / "skills" for root in roots for name in (".qwen", ".agents"))
