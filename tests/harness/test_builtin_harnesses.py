"""What all adapters have in common, as tables: their starts, their credentials, their skill roots."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from doctor.harness.base import Harness, HarnessContext, LaunchRequest
from doctor.harness.registry import Registry, builtin_harnesses
from doctor.model.harness import PROMPT, PROMPT_FILE, Auth, CompiledArgv
from doctor.model.policy import RunnerOptions
from doctor.model.secret import SecretRef

MakeContext = Callable[..., HarnessContext]
REGISTRY = Registry(builtin_harnesses())
IDS = REGISTRY.ids
TYPED = "the prompt has to be typed: an interactive start takes none"


def adapter(runtime_id: str) -> Harness:
    found = REGISTRY.get(runtime_id)
    assert found is not None
    return found


def started(runtime_id: str, *, interactive: bool = False, model: str | None = "m", **options: object) -> CompiledArgv:
    request = LaunchRequest(
        path="/bin/it",
        options=RunnerOptions(**options),  # type: ignore[arg-type]
        model=model,
        interactive=interactive,
        cwd="/srv/project",
    )
    return adapter(runtime_id).compile(request)


HEADLESS = {
    "codex": ("exec", "-x", "--skip-git-repo-check", "-m", "m", PROMPT),
    "claude_code": ("-p", PROMPT, "--model", "m", "-x"),
    "opencode": ("run", PROMPT, "-m", "m", "-x"),
    "gemini": ("-m", "m", "-x", "-p", PROMPT),
    "hermes": ("chat", "-m", "m", "-x", "-Q", "-q", PROMPT),
    "omx": ("exec", "-x", "--skip-git-repo-check", "-m", "m", PROMPT),
    "qwen": (PROMPT, "-m", "m", "-x"),
    "copilot": ("--model", "m", "-x", "-s", "-p", PROMPT),
    "pi": ("--model", "m", "-x", "-p", PROMPT),
    "amp": ("-x", "-x", PROMPT),
    "aider": ("--model", "m", "-x", "--message", PROMPT),
    "goose": ("run", "-x", "-t", PROMPT),
    "crush": ("run", "-x", PROMPT),
    "litellm": ("-x", PROMPT),
    "shell": (),
    "nex": ("-EP", "-m", "doctor.nex", "--model", "m", "-x", "--", PROMPT),
}
INTERACTIVE = {
    "codex": ("-x", "-m", "m", PROMPT),
    "claude_code": (PROMPT, "--model", "m", "-x"),
    "opencode": ("--prompt", PROMPT, "-m", "m", "-x"),
    "gemini": ("-m", "m", "-x", "-i", PROMPT),
    "hermes": ("chat", "-m", "m", "-x"),
    "omx": ("--direct", "-x", "-m", "m", PROMPT),
    "qwen": ("-i", PROMPT, "-m", "m", "-x"),
    "copilot": ("--model", "m", "-x", "-i", PROMPT),
    "pi": ("--model", "m", "-x", PROMPT),
    "amp": ("-x",),
    "aider": ("--model", "m", "-x"),
    "goose": ("session", "-x"),
    "crush": ("-x",),
    "nex": ("-EP", "-m", "doctor.nex", "--model", "m", "--interactive", "-x", "--", PROMPT),
}


@pytest.mark.parametrize("runtime_id", IDS)
def test_a_headless_start_has_its_own_argv(runtime_id: str) -> None:
    compiled = started(runtime_id, extra_args=("-x",), env={"A": "1"})

    assert compiled.argv == ("/bin/it", *HEADLESS[runtime_id])
    assert compiled.env["A"] == "1"


@pytest.mark.parametrize("runtime_id", INTERACTIVE)
def test_an_interactive_start_has_its_own_argv_or_says_that_the_prompt_is_typed(runtime_id: str) -> None:
    compiled = started(runtime_id, interactive=True, extra_args=("-x",))

    assert compiled.argv == ("/bin/it", *INTERACTIVE[runtime_id])
    assert (TYPED in compiled.notes) is (PROMPT not in compiled.argv)


@pytest.mark.parametrize("runtime_id", IDS)
def test_without_options_nothing_is_added(runtime_id: str) -> None:
    compiled = started(runtime_id, model=None)

    assert dict(compiled.env) == {}
    assert compiled.notes == ()
    assert "m" not in compiled.argv[1:]


BYPASSES = {
    "codex": ("--dangerously-bypass-approvals-and-sandbox", "--yolo", "--sandbox=danger-full-access"),
    "claude_code": (
        "--dangerously-skip-permissions",
        "--allow-dangerously-skip-permissions",
        "--permission-mode=bypassPermissions",
    ),
    "opencode": ("--auto",),
    "gemini": ("-y", "--yolo", "--approval-mode=yolo"),
    "hermes": ("-z", "--oneshot", "--yolo"),
    "omx": ("--madmax", "--yolo", "--dangerously-bypass-approvals-and-sandbox"),
    "qwen": ("-y", "--yolo", "--approval-mode=yolo"),
    "copilot": ("--allow-all", "--yolo", "--allow-all-tools"),
    "amp": ("--dangerously-allow-all",),
    "aider": ("--yes-always",),
    "crush": ("-y", "--yolo"),
    "nex": ("--unconfined",),
}


@pytest.mark.parametrize(("runtime_id", "flag"), [(name, flag) for name, flags in BYPASSES.items() for flag in flags])
def test_what_works_without_asking_is_granted_in_words(runtime_id: str, flag: str) -> None:
    assert started(runtime_id).grants == ()
    assert started(runtime_id, extra_args=(flag,)).grants != ()


def test_pi_always_works_without_asking_unless_its_tools_are_chosen() -> None:
    assert started("pi").grants == ("runs every command and edits every file without asking",)
    assert started("pi", extra_args=("--tools", "read,grep")).grants == ()


@pytest.mark.parametrize(
    ("runtime_id", "mode"), [("claude_code", "bypassPermissions"), ("gemini", "yolo"), ("qwen", "yolo")]
)
def test_a_permission_mode_is_passed_and_the_last_one_grants(runtime_id: str, mode: str) -> None:
    flag = "--permission-mode" if runtime_id == "claude_code" else "--approval-mode"
    for choice in adapter(runtime_id).choices["permission_mode"]:
        compiled = started(runtime_id, permission_mode=choice)
        place = compiled.argv.index(flag)
        assert compiled.argv[place + 1] == choice
        assert bool(compiled.grants) is (choice == mode)


ENDPOINTS = {
    "claude_code": {"ANTHROPIC_BASE_URL": "http://h/v1"},
    "gemini": {"GOOGLE_GEMINI_BASE_URL": "http://h/v1"},
    "hermes": {"CUSTOM_BASE_URL": "http://h/v1"},
    "qwen": {"OPENAI_BASE_URL": "http://h/v1"},
    "copilot": {"COPILOT_PROVIDER_BASE_URL": "http://h/v1"},
    "aider": {"OPENAI_API_BASE": "http://h/v1"},
}


@pytest.mark.parametrize("runtime_id", IDS)
def test_only_a_harness_that_can_be_pointed_at_an_endpoint_says_so(runtime_id: str) -> None:
    harness = adapter(runtime_id)
    request = LaunchRequest(path="/bin/it", model="m", endpoint_url="http://h/v1")
    compiled = harness.compile(request)

    told = "http://h/v1" in f"{compiled.argv}{dict(compiled.env)}"
    assert told is bool(harness.endpoint_kinds and harness.carrier is None)
    if runtime_id in ENDPOINTS:
        assert compiled.env == ENDPOINTS[runtime_id]


KEYS = {
    "codex": "DOCTOR_ENDPOINT_KEY",
    "omx": "DOCTOR_ENDPOINT_KEY",
    "opencode": "DOCTOR_ENDPOINT_KEY",
    "claude_code": "ANTHROPIC_AUTH_TOKEN",
    "gemini": "GEMINI_API_KEY",
    "hermes": "OPENAI_API_KEY",
    "qwen": "OPENAI_API_KEY",
    "copilot": "COPILOT_PROVIDER_API_KEY",
    "aider": "OPENAI_API_KEY",
}
"""The variable in which each takes the key of an endpoint, where the key is in none of its own."""


@pytest.mark.parametrize("runtime_id", KEYS)
def test_an_endpoint_s_key_is_handed_over_as_a_reference(runtime_id: str) -> None:
    key = SecretRef(file="~/key")
    start = adapter(runtime_id).compile(LaunchRequest(path="it", endpoint_url="http://h/v1", endpoint_key=key))

    assert start.secrets == {KEYS[runtime_id]: key}
    assert "~/key" not in f"{start.argv}{dict(start.env)}"


@pytest.mark.parametrize("runtime_id", KEYS)
def test_a_key_in_a_variable_is_taken_from_there(runtime_id: str) -> None:
    harness = adapter(runtime_id)
    start = harness.compile(LaunchRequest(path="it", endpoint_url="http://h/v1", endpoint_key_env="BOX_KEY"))
    chooses = KEYS[runtime_id] == "DOCTOR_ENDPOINT_KEY"

    assert start.secrets == {"BOX_KEY" if chooses else KEYS[runtime_id]: SecretRef(env="BOX_KEY")}
    assert ("BOX_KEY" in f"{start.argv}{dict(start.env)}") is chooses


@pytest.mark.parametrize("runtime_id", IDS)
def test_without_an_endpoint_or_its_key_no_secret_is_asked_for(runtime_id: str) -> None:
    harness = adapter(runtime_id)

    assert harness.compile(LaunchRequest(path="it", endpoint_url="http://h/v1")).secrets == {}
    assert harness.compile(LaunchRequest(path="it", endpoint_key=SecretRef(env="K"))).secrets == {}


def test_opencode_reads_the_key_from_its_variable() -> None:
    key = SecretRef(command=("pass", "box"))
    start = adapter("opencode").compile(LaunchRequest(path="it", endpoint_url="http://h/v1", endpoint_key=key))
    provider = json.loads(start.env["OPENCODE_CONFIG_CONTENT"])["provider"]["doctor"]

    assert provider["options"] == {"baseURL": "http://h/v1", "apiKey": "{env:DOCTOR_ENDPOINT_KEY}"}


def test_claude_sends_an_endpoint_with_a_key_no_other_one() -> None:
    options = RunnerOptions(env={"ANTHROPIC_API_KEY": "own"})
    request = LaunchRequest(path="it", options=options, endpoint_url="http://h", endpoint_key=SecretRef(env="K"))

    assert adapter("claude").compile(request).env["ANTHROPIC_API_KEY"] == ""


def test_hermes_takes_a_key_by_another_provider_unless_one_is_chosen() -> None:
    def compiled(*extra: str, key: SecretRef | None = None) -> CompiledArgv:
        options = RunnerOptions(extra_args=extra)
        request = LaunchRequest(path="it", options=options, endpoint_url="http://h/v1", endpoint_key=key)
        return adapter("hermes").compile(request)

    key = SecretRef(env="K")
    assert compiled().argv[2:4] == ("--provider", "custom")
    assert compiled().env == {"CUSTOM_BASE_URL": "http://h/v1"}
    assert compiled(key=key).argv[2:4] == ("--provider", "openai-api")
    assert compiled(key=key).env == {"OPENAI_BASE_URL": "http://h/v1"}
    assert compiled("--provider", "custom", key=key).secrets == {}
    assert compiled("--provider", "custom", key=key).env == {"CUSTOM_BASE_URL": "http://h/v1"}


@pytest.mark.parametrize("runtime_id", ["claude_code", "gemini"])
def test_a_key_that_is_handed_over_needs_no_login(machine: MakeContext, runtime_id: str) -> None:
    settings = '{"security": {"auth": {"selectedType": "gemini-api-key"}}}'
    context = machine(files={"home/.gemini/settings.json": settings})

    def kinds(key: SecretRef | None) -> set[str]:
        request = LaunchRequest(path="it", endpoint_url="http://h/v1", endpoint_key=key)
        harness = adapter(runtime_id)
        return {each.kind for each in harness.dialogs(context, harness.compile(request), Auth.NO)}

    assert kinds(None) - kinds(SecretRef(env="K")) == {"login"}


STDIN = {
    "codex": ("exec", "-x", "--skip-git-repo-check", "-m", "m", "-"),
    "claude_code": ("-p", "--model", "m", "-x"),
    "opencode": ("run", "-m", "m", "-x"),
    "gemini": ("-m", "m", "-x"),
    "omx": ("exec", "-x", "--skip-git-repo-check", "-m", "m", "-"),
    "qwen": ("-m", "m", "-x"),
    "copilot": ("--model", "m", "-x", "-s"),
    "pi": ("--model", "m", "-x", "-p"),
    "amp": ("-x", "-x"),
    "crush": ("run", "-x"),
}
FILE = {
    "aider": ("--model", "m", "-x", "--message-file", PROMPT_FILE),
    "goose": ("run", "-x", "-i", PROMPT_FILE),
}


@pytest.mark.parametrize("runtime_id", [each for each in IDS if each != "nex"])
def test_a_long_prompt_has_a_route_of_its_own(runtime_id: str) -> None:
    start = started(runtime_id, extra_args=("-x",))

    assert start.stdin_argv == (("/bin/it", *STDIN[runtime_id]) if runtime_id in STDIN else None)
    assert start.file_argv == (("/bin/it", *FILE[runtime_id]) if runtime_id in FILE else None)


@pytest.mark.parametrize("runtime_id", IDS)
def test_an_interactive_start_has_a_terminal_to_read_from(runtime_id: str) -> None:
    assert started(runtime_id, interactive=True).stdin_argv is None


def test_the_resolved_endpoint_wins_over_the_policys_variable() -> None:
    options = RunnerOptions(env={"ANTHROPIC_BASE_URL": "http://old", "OTHER": "1"})
    compiled = adapter("claude").compile(LaunchRequest(path="c", options=options, endpoint_url="http://new"))

    assert compiled.env == {"ANTHROPIC_BASE_URL": "http://new", "OTHER": "1"}


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("sonnet", ("--model", "sonnet")),
        ("sonnet:high", ("--model", "sonnet:high")),
        ("openrouter:z-ai/glm-5", ("--provider", "openrouter", "--model", "z-ai/glm-5")),
        ("openrouter/z-ai/glm-5:high", ("--model", "openrouter/z-ai/glm-5:high")),
        (None, ()),
    ],
)
def test_pi_takes_models_with_a_provider_or_a_thinking_level(model: str | None, expected: tuple[str, ...]) -> None:
    assert started("pi", model=model).argv == ("/bin/it", *expected, "-p", PROMPT)


@pytest.mark.parametrize(("model", "expected"), [("m", "openai/m"), ("ollama/m", "ollama/m"), (None, None)])
def test_aider_asks_the_endpoint_for_a_model_without_a_provider(model: str | None, expected: str | None) -> None:
    compiled = adapter("aider").compile(LaunchRequest(path="aider", model=model, endpoint_url="http://h/v1"))

    assert compiled.argv == ("aider", *(("--model", expected) if expected else ()), "--message", PROMPT)


@pytest.mark.parametrize(
    ("command", "expected"), [("make test", ("-c", "make test")), (None, ()), ("  ", ()), ("", ())]
)
def test_a_shell_runs_the_command_it_is_given(command: str | None, expected: tuple[str, ...]) -> None:
    assert started("shell", command=command).argv == ("/bin/it", *expected)


@pytest.mark.parametrize(
    ("runtime_id", "own", "foreign"),
    [
        (
            "codex",
            ("gpt-5.4", "o3", "o4-mini", "codex-mini-latest", "openai/gpt-5"),
            ("opus", "claude-opus-5", "qwen3"),
        ),
        (
            "claude_code",
            ("opus", "sonnet", "haiku", "fable", "sonnet[1m]", "claude-fable-5", "anthropic/claude-opus-5"),
            ("gpt-5", "gemini-3-pro", "opus-magnum"),
        ),
        ("gemini", ("gemini-2.5-flash", "google/gemini-3-pro", "auto", "flash"), ("gpt-5", "opus", "professor")),
        ("opencode", ("openai/gpt-5", "openrouter/z-ai/glm-5"), ("gpt-5", "/gpt-5", "openai/", "open ai/gpt-5")),
    ],
)
def test_a_model_belongs_to_its_vendor(runtime_id: str, own: tuple[str, ...], foreign: tuple[str, ...]) -> None:
    patterns = adapter(runtime_id).model_patterns

    assert [m for m in own if not any(re.fullmatch(pattern, m) for pattern in patterns)] == []
    assert [m for m in foreign if any(re.fullmatch(pattern, m) for pattern in patterns)] == []


def test_harnesses_of_several_vendors_take_any_model_and_opencode_with_its_provider() -> None:
    assert {harness.id for harness in REGISTRY.harnesses if harness.model_patterns} == {
        "codex",
        "omx",
        "claude_code",
        "gemini",
        "opencode",
    }


CREDENTIALS: list[tuple[str, dict[str, str], dict[str, str], Auth]] = [
    ("opencode", {}, {}, Auth.UNKNOWN),
    ("opencode", {"home/.local/share/opencode/auth.json": "{}"}, {}, Auth.UNKNOWN),
    ("opencode", {"home/.local/share/opencode/auth.json": '{"openai": {"key": "sk-x"}}'}, {}, Auth.YES),
    ("opencode", {}, {"OPENROUTER_API_KEY": "sk-x"}, Auth.YES),
    ("gemini", {}, {}, Auth.NO),
    ("gemini", {}, {"GEMINI_API_KEY": "sk-x"}, Auth.YES),
    ("gemini", {}, {"GEMINI_API_KEY": "  "}, Auth.NO),
    ("gemini", {"home/.gemini/.env": "GEMINI_API_KEY=sk-x"}, {}, Auth.YES),
    ("gemini", {"home/.gemini/oauth_creds.json": "{}"}, {}, Auth.YES),
    (
        "gemini",
        {"home/.gemini/settings.json": '{"security": {"auth": {"selectedType": "oauth-personal"}}}'},
        {},
        Auth.UNKNOWN,
    ),
    ("hermes", {}, {}, Auth.NO),
    ("hermes", {}, {"OPENROUTER_API_KEY": "sk-x"}, Auth.YES),
    ("hermes", {"home/.hermes/.env": "ANTHROPIC_API_KEY=sk-x"}, {}, Auth.YES),
    ("hermes", {"home/.hermes/config.yaml": "model:\n  api_key: sk-x\n"}, {}, Auth.YES),
    ("hermes", {"home/.hermes/config.yaml": "model:\n  api_key:\n  base_url: http://h\n"}, {}, Auth.NO),
    ("hermes", {"home/.hermes/auth.json": '{"providers": {}}'}, {}, Auth.UNKNOWN),
    ("omx", {}, {}, Auth.NO),
    ("omx", {"home/.codex/auth.json": "{}"}, {}, Auth.YES),
    ("omx", {}, {"CODEX_API_KEY": "sk-x"}, Auth.YES),
    ("qwen", {}, {}, Auth.NO),
    ("qwen", {}, {"OPENAI_API_KEY": "sk-x"}, Auth.YES),
    ("qwen", {"home/.qwen/oauth_creds.json": "{}"}, {}, Auth.YES),
    ("qwen", {"home/.qwen/settings.json": '{"security": {"auth": {"selectedType": "openai"}}}'}, {}, Auth.UNKNOWN),
    ("copilot", {}, {}, Auth.NO),
    ("copilot", {}, {"GH_TOKEN": "sk-x"}, Auth.YES),
    ("copilot", {}, {"COPILOT_PROVIDER_BASE_URL": "http://h"}, Auth.YES),
    ("copilot", {"home/.copilot/config.json": '{"logged_in_users": [{"login": "me"}]}'}, {}, Auth.YES),
    ("copilot", {"home/.config/gh/hosts.yml": "github.com: {}"}, {}, Auth.UNKNOWN),
    ("pi", {}, {}, Auth.NO),
    ("pi", {}, {"ZAI_KEY": "sk-x"}, Auth.NO),
    ("pi", {}, {"ANTHROPIC_API_KEY": "sk-x"}, Auth.YES),
    ("pi", {"home/.pi/agent/auth.json": '{"anthropic": {}}'}, {}, Auth.YES),
    ("pi", {"home/.pi/agent/models.json": '{"providers": {"mine": {"apiKey": "sk-x"}}}'}, {}, Auth.YES),
    ("pi", {"home/.pi/agent/models.json": '{"providers": {"mine": {}}}'}, {}, Auth.NO),
    ("amp", {}, {}, Auth.UNKNOWN),
    ("amp", {}, {"AMP_API_KEY": "sk-x"}, Auth.YES),
    ("aider", {}, {}, Auth.NO),
    ("aider", {}, {"OPENAI_API_KEY": "sk-x"}, Auth.YES),
    ("aider", {"project/.env": "OPENAI_API_KEY=sk-x"}, {}, Auth.YES),
    ("aider", {"home/.aider.conf.yml": "openai-api-key: sk-x"}, {}, Auth.UNKNOWN),
    ("goose", {}, {}, Auth.UNKNOWN),
    ("crush", {}, {}, Auth.UNKNOWN),
]


@pytest.mark.parametrize(("runtime_id", "files", "variables", "expected"), CREDENTIALS)
def test_credentials_are_judged_by_names_and_presence(
    machine: MakeContext, runtime_id: str, files: Mapping[str, str], variables: Mapping[str, str], expected: Auth
) -> None:
    auth, detail = adapter(runtime_id).auth(machine(files=files, **variables), None)

    assert auth is expected, detail
    assert "sk-x" not in detail


@pytest.mark.parametrize("runtime_id", IDS)
def test_state_files_of_garbage_do_no_harm(machine: MakeContext, runtime_id: str, tmp_path: Path) -> None:
    harness = adapter(runtime_id)
    for path in harness.auth_files(machine()):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\xff\x00{[")
    context = machine()

    auth, detail = harness.auth(context, None)

    assert auth in Auth
    assert detail
    assert isinstance(list(harness.dialogs(context, started(runtime_id), auth)), list)


SKILL_ROOTS = {
    "codex": ("project/.codex", "project/.agents", "home/.codex", "home/.agents"),
    "claude_code": ("project/.claude", "home/.claude"),
    "opencode": (
        *("project/.opencode", "project/.claude", "project/.agents"),
        *("home/.config/opencode", "home/.opencode", "home/.claude", "home/.agents"),
    ),
    "gemini": ("project/.gemini", "project/.agents", "home/.gemini", "home/.agents"),
    "hermes": ("home/.hermes",),
    "omx": ("project/.codex", "project/.agents", "home/.codex", "home/.agents"),
    "qwen": ("project/.qwen", "project/.agents", "home/.qwen", "home/.agents"),
    "copilot": ("project/.github", "project/.claude", "project/.agents", "home/.copilot", "home/.agents"),
    "pi": ("project/.pi", "project/.agents", "home/.pi/agent", "home/.agents"),
}


@pytest.mark.parametrize("runtime_id", IDS)
def test_a_harness_reads_skills_in_its_own_roots(machine: MakeContext, runtime_id: str, tmp_path: Path) -> None:
    expected = [tmp_path / root / "skills" for root in SKILL_ROOTS.get(runtime_id, ())]

    roots = adapter(runtime_id).skill_roots(machine())

    assert [root for root in roots if root.name == "skills"] == expected
    assert [root.name for root in roots if root.name != "skills"] == ([".system"] if "codex" in str(expected) else [])


@pytest.mark.parametrize(
    ("runtime_id", "variable", "root"),
    [
        ("codex", "CODEX_HOME", "moved/skills"),
        ("claude_code", "CLAUDE_CONFIG_DIR", "moved/skills"),
        ("hermes", "HERMES_HOME", "moved/skills"),
        ("copilot", "COPILOT_HOME", "moved/skills"),
        ("pi", "PI_CODING_AGENT_DIR", "moved/skills"),
        ("opencode", "XDG_CONFIG_HOME", "moved/opencode/skills"),
    ],
)
def test_a_moved_state_directory_is_followed(
    machine: MakeContext, tmp_path: Path, runtime_id: str, variable: str, root: str
) -> None:
    context = machine(**{variable: str(tmp_path / "moved")})

    assert tmp_path / root in adapter(runtime_id).skill_roots(context)
    assert context.home / root in adapter(runtime_id).skill_roots(machine(**{variable: "~/moved"}))
