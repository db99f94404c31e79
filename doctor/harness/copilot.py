"""GitHub Copilot CLI."""

from collections.abc import Iterator
from pathlib import Path

from doctor.harness.base import Harness, HarnessContext, LaunchRequest, covers, given, option
from doctor.harness.own_files import OwnFiles
from doctor.harness.process import Completed
from doctor.harness.signs import APPROVE, TRUST_BY_HAND, Sign, failure, question
from doctor.harness.state import read_json
from doctor.model.failure import FailureKind
from doctor.model.harness import PROMPT, Auth, CompiledArgv, Dialog

EVERYTHING = ("--allow-all", "--yolo")
GRANTS = {
    "--allow-all-tools": "runs every tool, shell commands included, without asking",
    "--allow-all-paths": "reads and writes any path without asking",
    "--allow-all-urls": "reaches any URL without asking",
}
USERS = ("logged_in_users", "loggedInUsers", "last_logged_in_user", "lastLoggedInUser")
FOLDERS = ("trusted_folders", "trustedFolders")
OWN_SERVER = "COPILOT_PROVIDER_BASE_URL"


def _said(kind: FailureKind, words: str) -> tuple[Sign, Sign]:
    """A failure as ``-p`` and the screen print it, and that it is the last on a screen where nobody goes on."""
    return failure(kind, rf"^✗?{words}"), failure(kind, rf"^✗{words}[^●✗]*(?=\u276f←)", dialog=True)


class Copilot(Harness):
    """Copilot CLI. With a model server of one's own it needs no login."""

    id = "copilot"
    title = "GitHub Copilot CLI"
    aliases = ("copilot_cli", "github_copilot")
    binaries = ("copilot",)
    install = "npm install -g @github/copilot"
    login = "copilot login"
    endpoint_kinds = ("openai",)
    auth_variables = (OWN_SERVER, "COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN")

    bypass = (*EVERYTHING, *GRANTS)
    own_files = OwnFiles(
        settings=(".github/copilot/", ".github/agents/", ".github/hooks/", ".mcp.json", ".vscode/mcp.json"),
        instructions=(
            ".github/copilot-instructions.md",
            ".github/instructions/",
            "AGENTS.md",
            "CLAUDE.md",
            "GEMINI.md",
        ),
    )

    signs = (
        question("trust", r"^Doyoutrustthefilesinthisfolder\?", TRUST_BY_HAND),
        question("approval", r"^Doyouwantto[\w./'-]+\?\u276f1\.Yes", APPROVE),
        failure(FailureKind.NOT_LOGGED_IN, r"^Pleaseuse/logintosignintouseCopilot", remedy=login, dialog=True),
        failure(FailureKind.NOT_LOGGED_IN, r"^Error:Noauthenticationinformationfound", remedy=login),
        *_said(FailureKind.AUTH_EXPIRED, r"(?:Authenticationfailedwithprovider|.*Lasterror:40[13])"),
        *_said(FailureKind.MODEL_REFUSED, r"Model'[^']+'notfoundonprovider"),
        *_said(FailureKind.ENDPOINT_UNREACHABLE, r"Couldnotconnectto(?:local)?modelprovider"),
        *_said(FailureKind.QUOTA, r"(?:Ratelimit|.*Lasterror:429)"),
        failure(FailureKind.UNKNOWN, r"^✗?FailedtogetresponsefromtheAImodel;.*Lasterror:5\d\d"),
        failure(FailureKind.FLAG_REJECTED, r"^error:Invalidcommandformat\."),
    )
    ready = (r"tabnexttab", r"Workingesc")

    def compile(self, request: LaunchRequest) -> CompiledArgv:
        """``copilot ... -s -p PROMPT``, or ``copilot ... -i PROMPT`` when interactive."""
        arguments = (*option("--model", request.model), *request.options.extra_args)
        prompt = ("-i", PROMPT) if request.interactive else ("-s", "-p", PROMPT)
        endpoint = {OWN_SERVER: request.endpoint_url} if request.endpoint_url else {}
        everything = given(arguments, *EVERYTHING)
        return CompiledArgv(
            argv=(request.path, *arguments, *prompt),
            env={**request.options.env, **endpoint},
            secrets=request.key_as("COPILOT_PROVIDER_API_KEY"),
            stdin_argv=None if request.interactive else (request.path, *arguments, "-s"),
            grants=tuple(words for flag, words in GRANTS.items() if everything or given(arguments, flag)),
        )

    def auth_files(self, context: HarnessContext) -> tuple[Path, ...]:
        """Its own file, and that of ``gh``, whose login it borrows."""
        gh = context.directory("XDG_CONFIG_HOME", ".config") / "gh" / "hosts.yml"
        return (_home(context) / "config.json", gh)

    def auth(self, context: HarnessContext, answer: Completed | None) -> tuple[Auth, str]:
        """By its variables and whether its file names a user; the token itself lies in a keychain."""
        config, gh = self.auth_files(context)
        if variable := context.has(*self.auth_variables):
            return Auth.YES, f"{variable} is set"
        if any(read_json(config).get(key) for key in USERS):
            return Auth.YES, f"{config} names a user who is logged in"
        if gh.is_file():
            return Auth.UNKNOWN, f"{config} names no user, but the login of gh may serve"
        return Auth.NO, f"{config} names no user, and no token is set"

    def skill_roots(self, context: HarnessContext) -> tuple[Path, ...]:
        """The project's, then the user's."""
        project = tuple(context.project / name / "skills" for name in (".github", ".claude", ".agents"))
        return (*project, _home(context) / "skills", context.home / ".agents" / "skills")

    def dialogs(self, context: HarnessContext, launch: CompiledArgv, auth: Auth) -> Iterator[Dialog]:
        """Trust in the folder for interactive starts, and the login without which it ends with exit code 1."""
        path = _home(context) / "config.json"
        config = read_json(path)
        lists = (config.get(key) for key in FOLDERS)
        trusted = [str(folder) for folders in lists if isinstance(folders, list) for folder in folders]
        headless = given(launch.argv, "-p", "--prompt")
        if not headless and not any(covers(folder, context.project) for folder in trusted):
            yield Dialog(
                runtime_id=self.id,
                kind="trust",
                detail=f"trusted_folders in {path} does not hold {context.project}",
                remedy=f"start copilot there once by hand, or add {context.project} to trusted_folders in {path}",
                headless=False,
            )
        if auth is Auth.NO and not launch.env.get(OWN_SERVER):
            yield Dialog(runtime_id=self.id, kind="login", detail="it is not logged in", remedy=str(self.login))


def _home(context: HarnessContext) -> Path:
    return context.directory("COPILOT_HOME", ".copilot")
