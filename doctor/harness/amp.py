"""Sourcegraph's Amp."""

from doctor.harness.base import Harness, HarnessContext, LaunchRequest, given
from doctor.harness.own_files import OwnFiles
from doctor.harness.process import Completed
from doctor.harness.signs import failure, question
from doctor.model.failure import FailureKind
from doctor.model.harness import PROMPT, Auth, CompiledArgv

LOGIN = "set AMP_API_KEY, or run `amp login` once by hand"


class Amp(Harness):
    """Amp. It chooses its models itself and takes no endpoint, so only its help was ever checked."""

    id = "amp"
    title = "Amp"
    aliases = ("amp_cli", "ampcode")
    binaries = ("amp",)
    install = "npm install -g @sourcegraph/amp"
    login = "amp login"
    options = ("extra_args", "env")
    auth_variables = ("AMP_API_KEY",)

    bypass = ("--dangerously-allow-all",)
    own_files = OwnFiles(
        settings=(".amp/settings.json", ".amp/settings.jsonc", ".amp/plugins/", ".amp/tools/"),
        instructions=("AGENTS.md", "AGENT.md", "CLAUDE.md"),
    )

    # Its prompt was never seen: it takes no key but Amp's own, so ``ready`` is empty.
    signs = (
        question("login", r"^(?:NoAPIkeyfound\.Startingloginflow|WouldyouliketologintoAmp\?)", LOGIN),
        question("login", r"^Whenprompted,pasteyourcodehere:", LOGIN),
        failure(FailureKind.AUTH_EXPIRED, r"^Error:InvalidormissingAPIkey", remedy=LOGIN),
        failure(FailureKind.ENDPOINT_UNREACHABLE, r"^Error:Couldn'tconnecttotheAmpserver"),
    )

    def compile(self, request: LaunchRequest) -> CompiledArgv:
        """``amp ... -x PROMPT``; an interactive start takes no prompt on its command line."""
        extra = request.options.extra_args
        return CompiledArgv(
            argv=(request.path, *extra, *(() if request.interactive else ("-x", PROMPT))),
            env=request.options.env,
            stdin_argv=None if request.interactive else (request.path, *extra, "-x"),
            notes=("the prompt has to be typed: an interactive start takes none",) if request.interactive else (),
            grants=("runs every tool without asking",) if given(extra, "--dangerously-allow-all") else (),
        )

    def auth(self, context: HarnessContext, answer: Completed | None) -> tuple[Auth, str]:
        """By its variable; where else it keeps a login is not known."""
        if context.has(*self.auth_variables):
            return Auth.YES, "AMP_API_KEY is set"
        return Auth.UNKNOWN, "AMP_API_KEY is not set, but it may have a login of its own"
