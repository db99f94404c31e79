"""Nous Research's Hermes Agent."""

import re
from collections.abc import Iterator
from pathlib import Path

from doctor.harness.base import Harness, HarnessContext, LaunchRequest, given, option
from doctor.harness.own_files import OwnFiles
from doctor.harness.process import Completed
from doctor.harness.providers import PROVIDER_VARIABLES
from doctor.harness.signs import APPROVE, failure, question
from doctor.harness.state import names_in_env_file, read_json, read_text
from doctor.model.failure import FailureKind
from doctor.model.harness import PROMPT, Auth, CompiledArgv, Dialog

KEYED = "openai-api"
"""Provider that takes a server's key from a variable whatever its address. ``custom``, for one without a key, takes one
only where the address names a vendor, from the variable that vendor's name gives."""

BYPASS = ("-z", "--oneshot", "--yolo")
_API_KEY = re.compile(r"""^[ \t]*api_key[ \t]*:[ \t]*(?:[^\s'"#]|['"][^'"])""", re.MULTILINE)

GAVE_UP = r"APIcallfailedafter\d+retries:"
IDLE = r"(?=⚕.*\u276f)"
"""Its status line and its prompt, which follow the last that it said."""


class Hermes(Harness):
    """Hermes Agent. Headless starts use ``chat -Q -q``, because ``-z`` bypasses every approval."""

    id = "hermes"
    title = "Hermes Agent"
    aliases = ("hermes_cli", "hermes_agent")
    binaries = ("hermes",)
    install = "pip install hermes-agent"
    login = "hermes setup"
    endpoint_kinds = ("openai",)
    auth_variables = (*PROVIDER_VARIABLES, "NOUS_API_KEY", "CUSTOM_BASE_URL")
    help_args = (("--help",), ("chat", "--help"))

    bypass = BYPASS
    own_files = OwnFiles(
        instructions=(".hermes.md", "HERMES.md", "AGENTS.md", "CLAUDE.md", ".cursorrules"),
    )

    signs = (
        question("onboarding", r"^Runsetupnow\?\[Y/n\]", login),
        question("approval", r"^\u276f1\.Allowonce2\.Allowforthissession", APPROVE),
        failure(FailureKind.AUTH_EXPIRED, rf"^HTTP40[13]:.*{IDLE}", dialog=True),
        failure(FailureKind.MODEL_REFUSED, rf"^HTTP404:.*{IDLE}", dialog=True),
        failure(FailureKind.QUOTA, rf"^{GAVE_UP}HTTP429:.*{IDLE}", dialog=True),
        failure(FailureKind.ENDPOINT_UNREACHABLE, rf"^{GAVE_UP}Connectionerror.*{IDLE}", dialog=True),
        failure(FailureKind.AUTH_EXPIRED, r"^HTTP40[13]:", despite_success=True),
        failure(FailureKind.MODEL_REFUSED, r"^HTTP404:", despite_success=True),
        failure(FailureKind.QUOTA, rf"^{GAVE_UP}HTTP429:", despite_success=True),
        failure(FailureKind.ENDPOINT_UNREACHABLE, rf"^{GAVE_UP}Connectionerror", despite_success=True),
        failure(FailureKind.UNKNOWN, rf"^{GAVE_UP}HTTP5\d\d:", despite_success=True),
        failure(FailureKind.NOT_LOGGED_IN, r"^ItlookslikeHermesisn'tconfiguredyet", remedy=login),
        failure(FailureKind.MODEL_REFUSED, r"^Unknownprovider'", remedy="hermes model lists the providers"),
    )
    ready = (r"⚕[^│]{1,80}│[^│]{1,20}│\[.{1,400}[─⚕]\u276f",)

    def compile(self, request: LaunchRequest) -> CompiledArgv:
        """``hermes chat ... -Q -q PROMPT``; an interactive start takes no prompt on its command line."""
        extra = request.options.extra_args
        chosen = given(extra, "--provider")
        secrets = {} if chosen else request.key_as("OPENAI_API_KEY")
        variable = "OPENAI_BASE_URL" if secrets else "CUSTOM_BASE_URL"
        endpoint = {variable: request.endpoint_url} if request.endpoint_url else {}
        provider = ("--provider", KEYED if secrets else "custom") if endpoint and not chosen else ()
        arguments = (*option("-m", request.model), *provider, *extra)
        start = ("chat", *arguments) if request.interactive else ("chat", *arguments, "-Q", "-q", PROMPT)
        return CompiledArgv(
            argv=(request.path, *start),
            env={**request.options.env, **endpoint},
            secrets=secrets,
            notes=("the prompt has to be typed: an interactive start takes none",) if request.interactive else (),
            grants=("runs every command without asking",) if given(arguments, *BYPASS) else (),
        )

    def auth_files(self, context: HarnessContext) -> tuple[Path, ...]:
        """Its configuration, keys and credentials."""
        return tuple(_home(context) / name for name in ("config.yaml", ".env", "auth.json"))

    def auth(self, context: HarnessContext, answer: Completed | None) -> tuple[Auth, str]:
        """By its files' key names and the providers' variables."""
        home = _home(context)
        if variable := context.has(*self.auth_variables):
            return Auth.YES, f"{variable} is set"
        if names_in_env_file(home / ".env") & set(self.auth_variables):
            return Auth.YES, f"{home / '.env'} sets a provider's key"
        if _API_KEY.search(read_text(home / "config.yaml") or ""):
            return Auth.YES, f"{home / 'config.yaml'} holds a key"
        if read_json(home / "auth.json"):
            return Auth.UNKNOWN, f"{home / 'auth.json'} is there, which may hold a login"
        return Auth.NO, f"neither a variable nor a file in {home} holds a key"

    def skill_roots(self, context: HarnessContext) -> tuple[Path, ...]:
        """Its own and no other."""
        return (_home(context) / "skills",)

    def dialogs(self, context: HarnessContext, launch: CompiledArgv, auth: Auth) -> Iterator[Dialog]:
        """Its set-up, which it offers as long as there is no configuration."""
        config = _home(context) / "config.yaml"
        if not config.is_file():
            yield Dialog(
                runtime_id=self.id,
                kind="onboarding",
                detail=f"there is no {config}, so it offers to run its set-up",
                remedy="hermes setup",
                headless=False,
            )


def _home(context: HarnessContext) -> Path:
    return context.directory("HERMES_HOME", ".hermes")
