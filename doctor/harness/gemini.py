"""Google's Gemini CLI."""

from collections.abc import Iterator
from pathlib import Path

from doctor.harness.base import Dial, Harness, HarnessContext, LaunchRequest, covers, given, option, value_of
from doctor.harness.own_files import OwnFiles
from doctor.harness.process import Completed
from doctor.harness.signs import APPROVE, TRUST_BY_HAND, failure, question
from doctor.harness.state import names_in_env_file, read_json, table
from doctor.model.failure import FailureKind
from doctor.model.harness import PROMPT, Auth, CompiledArgv, Dialog

YOLO = ("-y", "--yolo")
CREDENTIALS = ("oauth_creds.json", "gemini-credentials.json")

REFUSED_KEY = r'(?:"code":40[13]|APIkeynotvalid)'
AUTH_REMEDY = 'set GEMINI_API_KEY, and security.auth.selectedType to "gemini-api-key" in ~/.gemini/settings.json'


class Gemini(Harness):
    """Gemini CLI. It has no question about its login; a run without one ends with exit code 41."""

    id = "gemini"
    title = "Gemini CLI"
    aliases = ("gemini_cli",)
    binaries = ("gemini",)
    install = "npm install -g @google/gemini-cli"
    login = "gemini"
    options = ("model", "permission_mode", "extra_args", "env", "trust_workspace")
    choices = {"permission_mode": ("default", "auto_edit", "plan", "yolo")}  # noqa: RUF012 - ClassVar in the base
    endpoint_kinds = ("gemini",)
    model_patterns = (r"(google/)?gemini-.*", r"(auto(-gemini.*)?|pro|flash|flash-lite)")
    redirects = ("GOOGLE_GEMINI_BASE_URL",)
    auth_variables = ("GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_GENAI_USE_GCA")

    dials = (
        Dial(
            name="permissions",
            steps=("plan", "default", "auto_edit", "yolo"),
            unset="default",
            flags=("--approval-mode",),
            keys=("general.defaultApprovalMode",),
            also=dict.fromkeys(YOLO, "yolo"),
        ),
    )
    bypass = YOLO
    own_files = OwnFiles(
        settings=(
            ".gemini/settings.json",
            ".gemini/.env",
            ".env",
            ".gemini/agents/",
            ".gemini/commands/",
            ".gemini/extensions/",
            ".gemini/policies/",
            ".gemini/hooks/",
        ),
        instructions=("GEMINI.md", ".gemini/GEMINI.md", ".gemini/system.md"),
    )

    signs = (
        question("trust", r"^Doyoutrustthefilesinthisfolder\?", TRUST_BY_HAND),
        question("login", r"^(?:\?Getstarted)?Howwouldyouliketoauthenticateforthisproject\?", login),
        question("login", r"^EnterGeminiAPIKey", "set GEMINI_API_KEY"),
        question("approval", r"^Allowexecutionof.{1,80}\?", APPROVE),
        failure(FailureKind.MODEL_REFUSED, r'^Model"[^"]+"wasnotfoundorisinvalid', dialog=True),
        failure(FailureKind.MODEL_REFUSED, r"^ErrorwhentalkingtoGeminiAPI.*ModelNotFoundError"),
        failure(FailureKind.AUTH_EXPIRED, rf"^✕\[APIError:.*{REFUSED_KEY}[^>✦]*(?=\?forshortcuts)", dialog=True),
        failure(FailureKind.AUTH_EXPIRED, rf"^(?:ErrorwhentalkingtoGeminiAPI|✕\[APIError:).*{REFUSED_KEY}"),
        failure(FailureKind.QUOTA, r"^Attempt\d+failedwithstatus429", dialog=True),
        failure(FailureKind.ENDPOINT_UNREACHABLE, r"^Attempt\d+failed\..*fetchfailed", dialog=True),
        failure(FailureKind.UNKNOWN, r"^Attempt\d+failedwithstatus5\d\d"),
        failure(
            FailureKind.NOT_LOGGED_IN, r"^(?:PleasesetanAuthmethodin|Invalidauthmethodselected)", remedy=AUTH_REMEDY
        ),
        failure(FailureKind.TRUST_DIALOG, r"^GeminiCLIisnotrunninginatrusteddirectory"),
    )
    ready = (r"Typeyourmessageor@path/to/file",)

    def compile(self, request: LaunchRequest) -> CompiledArgv:
        """``gemini ... -p PROMPT``, or ``gemini ... -i PROMPT`` when interactive."""
        wanted = request.options
        arguments = (
            *option("-m", request.model),
            *option("--approval-mode", wanted.permission_mode),
            *(("--skip-trust",) if wanted.trust_workspace and not given(wanted.extra_args, "--skip-trust") else ()),
            *wanted.extra_args,
        )
        endpoint = {"GOOGLE_GEMINI_BASE_URL": request.endpoint_url} if request.endpoint_url else {}
        return CompiledArgv(
            argv=(request.path, *arguments, "-i" if request.interactive else "-p", PROMPT),
            env={**wanted.env, **endpoint},
            secrets=request.key_as("GEMINI_API_KEY"),
            stdin_argv=None if request.interactive else (request.path, *arguments),
            grants=yolo_grants(arguments),
        )

    def auth_files(self, context: HarnessContext) -> tuple[Path, ...]:
        """Its settings and credentials."""
        home = _home(context)
        return (home / "settings.json", home / ".env", *(home / name for name in CREDENTIALS))

    def auth(self, context: HarnessContext, answer: Completed | None) -> tuple[Auth, str]:
        """By its variables, its ``.env`` and its credential files."""
        if variable := context.has(*self.auth_variables):
            return Auth.YES, f"{variable} is set"
        home = _home(context)
        if names_in_env_file(home / ".env") & set(self.auth_variables):
            return Auth.YES, f"{home / '.env'} sets its key"
        if found := next((name for name in CREDENTIALS if (home / name).is_file()), None):
            return Auth.YES, f"{home / found} is there"
        if _auth_type(context):
            return Auth.UNKNOWN, "settings.json chooses a way to log in, whose credentials may lie in a keychain"
        return Auth.NO, "neither a key nor a login is there"

    def skill_roots(self, context: HarnessContext) -> tuple[Path, ...]:
        """The project's, which it reads in a trusted folder only, then the user's."""
        roots = (context.project, context.home)
        return tuple(root / name / "skills" for root in roots for name in (".gemini", ".agents"))

    def dialogs(self, context: HarnessContext, launch: CompiledArgv, auth: Auth) -> Iterator[Dialog]:
        """Trust, which ends a headless start with exit code 55, and the login, which ends it with 41."""
        if not _is_trusted(context, launch):
            yield Dialog(
                runtime_id=self.id,
                kind="trust",
                detail=f"{_home(context) / 'trustedFolders.json'} does not trust {context.project}; "
                "a headless start ends with exit code 55",
                remedy="set runner_options.trust_workspace = true, or GEMINI_CLI_TRUST_WORKSPACE=true in its env",
            )
        environment = {**context.environment, **launch.env}
        if environment.get("GOOGLE_GEMINI_BASE_URL") and not _auth_type(context):
            yield Dialog(
                runtime_id=self.id,
                kind="login",
                detail="with GOOGLE_GEMINI_BASE_URL it needs security.auth.selectedType in settings.json",
                remedy=f'set security.auth.selectedType to "gemini-api-key" in {_home(context) / "settings.json"}',
            )
        elif auth is Auth.NO and not launch.secrets:
            yield Dialog(
                runtime_id=self.id,
                kind="login",
                detail="neither a key nor a login is there; a headless start ends with exit code 41",
                remedy="set GEMINI_API_KEY, or start gemini once by hand",
            )


def yolo_grants(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """What Gemini CLI, and Qwen Code after it, may do without asking."""
    everything = given(arguments, *YOLO) or value_of(arguments, "--approval-mode") == "yolo"
    return ("runs every tool, shell commands included, without asking",) if everything else ()


def _home(context: HarnessContext) -> Path:
    return context.home / ".gemini"


def _auth_type(context: HarnessContext) -> object:
    return table(read_json(_home(context) / "settings.json"), "security", "auth").get("selectedType")


def _is_trusted(context: HarnessContext, launch: CompiledArgv) -> bool:
    environment = {**context.environment, **launch.env}
    if given(launch.argv, "--skip-trust") or environment.get("GEMINI_CLI_TRUST_WORKSPACE") == "true":
        return True
    if table(read_json(_home(context) / "settings.json"), "security", "folderTrust").get("enabled") is False:
        return True
    for folder, level in read_json(_home(context) / "trustedFolders.json").items():
        root = {"TRUST_FOLDER": folder, "TRUST_PARENT": str(Path(folder).parent)}.get(str(level))
        if root and covers(root, context.project):
            return True
    return False
