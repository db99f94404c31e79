"""nex, the harness that this tool brings along for OpenAI-compatible endpoints."""

import sys
from collections.abc import Sequence

from doctor.harness.base import Dial, Harness, HarnessContext, LaunchRequest, given, option, value_of
from doctor.harness.signs import APPROVE, failure, question
from doctor.model.failure import FailureKind
from doctor.model.harness import PROMPT, PROMPT_FILE, Candidate, CompiledArgv, ProgramFact

PROGRAM = "doctor.nex"
CLIENT = "openai"
INSTALL = "pip install 'harness-doctor[nex]'"
KEY_VARIABLE = "OPENAI_API_KEY"
"""Where nex looks for a key when nothing else is said."""

START = ("-EP", "-m", PROGRAM)
"""Neither the working directory nor a variable adds to where modules come from: a project may have an ``openai.py``."""


class Nex(Harness):
    """Runs inside this tool's own Python against a configured endpoint."""

    id = "nex"
    title = "nex"
    aliases = ("local", "oai_compat", "openai", "native")
    builtin = True
    install = INSTALL
    # Its flags are of this tool's own version, so there is nothing to ask.
    help_args = ()
    options = ("model", "permission_mode", "extra_args", "env")
    choices = {"permission_mode": ("ask", "auto", "deny")}  # noqa: RUF012 - ClassVar in the base
    endpoint_kinds = ("openai",)
    needs_endpoint = True
    dials = (
        Dial(name="permissions", steps=("deny", "ask", "auto"), unset="auto", flags=("--approval",)),
        Dial(name="sandbox", steps=("confined", "none"), unset="confined", also={"--unconfined": "none"}),
    )
    bypass = ("--unconfined",)
    # It stays at its prompt with a failure, so each counts while it runs too.
    signs = (
        question("approval", r"^Runit,.{1,200}\?\[y\]es,\[n\]o", APPROVE),
        failure(FailureKind.NOT_LOGGED_IN, r"^nex:variable\w{1,80},namedby--key-env,isnotset"),
        failure(FailureKind.AUTH_EXPIRED, r"^nex:https?:\S+refusedthekey\(40[13]\)", dialog=True),
        failure(FailureKind.QUOTA, r"^nex:https?:\S+takesnomorerequestsnow\(429\)", dialog=True),
        failure(FailureKind.MODEL_REFUSED, r"^nex:https?:\S+doesnotknowmodel", dialog=True),
        failure(FailureKind.MODEL_REFUSED, r"^nex:https?:\S+serves\d+models.*chooseonewith--model"),
        failure(FailureKind.ENDPOINT_UNREACHABLE, r"^nex:cannotreachhttps?:", dialog=True),
        failure(FailureKind.ENDPOINT_UNREACHABLE, r"^nex:https?:\S+gavenoanswerintime", dialog=True),
        failure(FailureKind.ENDPOINT_UNREACHABLE, r"^nex:theconnectiontohttps?:\S+brokeduringthereply", dialog=True),
        failure(FailureKind.CLI_MISSING, r"^nex:theopenaiclientcannotbeimported", remedy=INSTALL),
        failure(FailureKind.FLAG_REJECTED, r"^nex:(?:unrecognizedarguments:|argument--)"),
        failure(FailureKind.UNKNOWN, r"^nex:https?:\S+(?:answered5\d\d|brokeoffthereply)"),
    )
    ready = (r"nex>",)

    def builtin_program(self, context: HarnessContext) -> ProgramFact:
        """This Python, where it has the client that nex talks through; nothing is imported to find out."""
        from importlib.util import find_spec  # noqa: PLC0415 - a registry alone does not need it

        missing = next((name for name in (PROGRAM, CLIENT) if find_spec(name) is None), None)
        if missing is None:
            return ProgramFact(path=sys.executable, path_source="builtin")
        problem = f"has no module {missing}"
        return ProgramFact(candidates=(Candidate(source="builtin", path=sys.executable, problem=problem),))

    def compile(self, request: LaunchRequest) -> CompiledArgv:
        """``python -EP -m doctor.nex ... -- PROMPT``; a key is named by its variable, never passed."""
        extra = request.options.extra_args
        own = (
            *(() if given(extra, "--model") else option("--model", request.model)),
            *option("--base-url", request.endpoint_url),
            *_key(request),
            *option("--approval", request.options.permission_mode),
            *(("--interactive",) if request.interactive else ()),
        )
        start = (request.path, *START, *own, *extra)
        return CompiledArgv(
            argv=(*start, "--", PROMPT),
            env=request.options.env,
            secrets=request.key_as(request.key_variable),
            stdin_argv=None if request.interactive else start,
            file_argv=(*start, "--prompt-file", PROMPT_FILE),
            grants=nex_grants((*own, *extra)),
        )


def nex_grants(arguments: Sequence[str]) -> tuple[str, ...]:
    """What these arguments let nex do without asking; what its confinement holds is no such thing."""
    asks = value_of(arguments, "--approval") in {"ask", "deny"}
    free = given(arguments, "--unconfined") and not asks
    return ("runs every command without asking, and without confinement",) if free else ()


def _key(request: LaunchRequest) -> tuple[str, ...]:
    """Which variable holds the key. An endpoint without one is not sent the key that is meant for another."""
    if not request.endpoint_url or given(request.options.extra_args, "--key-env", "--no-key"):
        return ()
    if request.key_variable:
        return ("--key-env", request.key_variable)
    return () if KEY_VARIABLE in request.options.env else ("--no-key",)
