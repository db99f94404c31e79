"""Aider."""

from collections.abc import Iterator
from pathlib import Path

from doctor.harness.base import Harness, HarnessContext, LaunchRequest, given, option
from doctor.harness.own_files import OwnFiles
from doctor.harness.process import Completed
from doctor.harness.providers import PROVIDER_VARIABLES
from doctor.harness.signs import APPROVE, failure, question
from doctor.harness.state import names_in_env_file
from doctor.model.failure import FailureKind
from doctor.model.harness import PROMPT, PROMPT_FILE, Auth, CompiledArgv, Dialog

KEY_REMEDY = "set the provider's key, such as OPENAI_API_KEY or ANTHROPIC_API_KEY"


class Aider(Harness):
    """Aider. Without a key it waits five minutes for a browser login, even with nobody there."""

    id = "aider"
    title = "Aider"
    aliases = ("aider_chat",)
    binaries = ("aider",)
    install = "pip install aider-chat"
    endpoint_kinds = ("openai",)
    auth_variables = (*PROVIDER_VARIABLES, "OPENAI_API_BASE")

    bypass = ("--yes-always", "--yes")
    own_files = OwnFiles(
        settings=(".aider.conf.yml", ".aider.model.settings.yml", ".aider.model.metadata.json", ".env"),
    )

    signs = (
        question("login", r"^LogintoOpenRouterorcreateafreeaccount\?", KEY_REMEDY),
        question("login", r"^Waitingupto\d+minutesforyoutofinishinthebrowser", KEY_REMEDY),
        question("update", r"^Wouldyouliketoseewhat'snewinthisversion\?\(Y\)es.*:$", "give it --no-show-release-notes"),
        question("onboarding", r"^Add\.aider\*to\.gitignore.*\?\(Y\)es.*:$", "give it --no-gitignore"),
        question("onboarding", r"^Opendocumentationurlformoreinfo\?\(Y\)es.*:$", "give it --no-show-model-warnings"),
        question("approval", r"^.{1,200}\?\(Y\)es/\(N\)o.*:$", APPROVE),
        failure(FailureKind.AUTH_EXPIRED, r"^litellm\.AuthenticationError:", despite_success=True),
        failure(FailureKind.MODEL_REFUSED, r"^litellm\.NotFoundError:", despite_success=True),
        failure(FailureKind.QUOTA, r"^litellm\.RateLimitError:", dialog=True, despite_success=True),
        failure(FailureKind.QUOTA, r"^TheAPIproviderhasratelimitedyou", dialog=True),
        failure(
            FailureKind.ENDPOINT_UNREACHABLE,
            r"^litellm\.(?:InternalServerError|APIConnectionError|APIError):.*Connectionerror",
            dialog=True,
            despite_success=True,
        ),
        failure(FailureKind.UNKNOWN, r"^litellm\.\w+Error:", despite_success=True),
    )
    ready = (r"─{20,}>",)

    def compile(self, request: LaunchRequest) -> CompiledArgv:
        """``aider ... --message PROMPT``; an interactive start takes no prompt on its command line.

        A model of an endpoint that names no provider gets ``openai/`` before it, or the endpoint would not be asked.
        """
        endpoint = {"OPENAI_API_BASE": request.endpoint_url} if request.endpoint_url else {}
        model = f"openai/{request.model}" if endpoint and "/" not in (request.model or "/") else request.model
        arguments = (*option("--model", model), *request.options.extra_args)
        return CompiledArgv(
            argv=(request.path, *arguments, *(() if request.interactive else ("--message", PROMPT))),
            env={**request.options.env, **endpoint},
            secrets=request.key_as("OPENAI_API_KEY"),
            file_argv=None if request.interactive else (request.path, *arguments, "--message-file", PROMPT_FILE),
            notes=("the prompt has to be typed: an interactive start takes none",) if request.interactive else (),
            grants=("takes yes for the answer to every question",) if given(arguments, "--yes-always", "--yes") else (),
        )

    def auth_files(self, context: HarnessContext) -> tuple[Path, ...]:
        """Where it reads keys from."""
        home, project = context.home, context.project
        return (project / ".env", home / ".env", home / ".aider" / "oauth-keys.env")

    def auth(self, context: HarnessContext, answer: Completed | None) -> tuple[Auth, str]:
        """By the providers' variables and the names in its ``.env`` files."""
        if variable := context.has(*self.auth_variables):
            return Auth.YES, f"{variable} is set"
        keys = set(self.auth_variables)
        if found := next((path for path in self.auth_files(context) if names_in_env_file(path) & keys), None):
            return Auth.YES, f"{found} sets a provider's key"
        if any((root / ".aider.conf.yml").is_file() for root in (context.project, context.home)):
            return Auth.UNKNOWN, "no key is to be seen, but its .aider.conf.yml may name one"
        return Auth.NO, "no provider's key is set"

    def dialogs(self, context: HarnessContext, launch: CompiledArgv, auth: Auth) -> Iterator[Dialog]:
        """Its wait for a browser login."""
        if auth is Auth.NO and not launch.env.get("OPENAI_API_BASE"):
            yield Dialog(
                runtime_id=self.id,
                kind="login",
                detail="without a key it waits five minutes for a login in a browser",
                remedy="set the provider's key, such as OPENAI_API_KEY or ANTHROPIC_API_KEY",
            )
