import tomllib
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.harness.base import Harness, HarnessContext, LaunchRequest
from doctor.harness.codex import Codex
from doctor.harness.omx import Omx
from doctor.harness.process import Completed
from doctor.model.harness import PROMPT, Auth, CompiledArgv, Dialog
from doctor.model.policy import RunnerOptions

MakeContext = Callable[..., HarnessContext]
CODEX = Codex()
URL = "http://127.0.0.1:1/v1"
OWN_PROVIDER = """
model_provider = "mine"
[model_providers.mine]
base_url = "http://127.0.0.1:1/v1"
env_key = "MINE_KEY"
"""


def compiled(
    *extra_args: str, version: str | None = None, interactive: bool = False, cwd: str | None = None, **options: object
) -> CompiledArgv:
    wanted = RunnerOptions(extra_args=extra_args, **options)  # type: ignore[arg-type]
    return CODEX.compile(LaunchRequest(path="codex", version=version, options=wanted, interactive=interactive, cwd=cwd))


@pytest.mark.parametrize(
    ("version", "interactive", "expected"),
    [
        ("0.125.0", False, ("exec", "--skip-git-repo-check", "--full-auto", PROMPT)),
        ("0.125.0", True, ("--full-auto", PROMPT)),
        ("0.128.0", False, ("exec", "--skip-git-repo-check", "--sandbox", "workspace-write", PROMPT)),
        ("0.169.0", False, ("exec", "--skip-git-repo-check", "--sandbox", "workspace-write", PROMPT)),
        ("0.169.0", True, ("--sandbox", "workspace-write", "-a", "on-request", PROMPT)),
        (None, False, ("exec", "--skip-git-repo-check", "--sandbox", "workspace-write", PROMPT)),
    ],
)
def test_full_auto_becomes_the_flags_that_the_version_has(
    version: str | None, interactive: bool, expected: tuple[str, ...]
) -> None:
    start = compiled(version=version, interactive=interactive, full_auto=True)

    assert start.argv == ("codex", *expected)
    assert bool(start.notes) is ("--full-auto" not in expected)
    assert start.grants == ()


def test_the_note_names_the_flags_and_the_version() -> None:
    (note,) = compiled(version="0.169.0", full_auto=True).notes

    assert "`--sandbox workspace-write`" in note
    assert "codex 0.169.0" in note


@pytest.mark.parametrize("flag", ["-s", "--sandbox=read-only", "--yolo", "--full-auto"])
def test_full_auto_does_not_argue_with_a_sandbox_that_was_chosen(flag: str) -> None:
    start = compiled(flag, version="0.169.0", full_auto=True)

    assert start.argv == ("codex", "exec", flag, "--skip-git-repo-check", PROMPT)
    assert start.notes == ("full_auto adds nothing: extra_args choose the sandbox",)


def test_no_flag_is_given_twice() -> None:
    extra = RunnerOptions(extra_args=("--skip-git-repo-check", "--model=other"))
    start = CODEX.compile(LaunchRequest(path="codex", options=extra, model="gpt-5"))

    assert start.argv == ("codex", "exec", "--skip-git-repo-check", "--model=other", PROMPT)


def configured(start: CompiledArgv) -> dict[str, object]:
    settings = [word for before, word in pairwise(start.argv) if before == "-c"]
    return tomllib.loads("\n".join(settings))


@pytest.mark.parametrize("harness", [CODEX, Omx()])
@pytest.mark.parametrize("interactive", [False, True])
@pytest.mark.parametrize(("key_env", "key"), [(None, {}), ("ACME_KEY", {"env_key": "ACME_KEY"})])
def test_an_endpoint_is_a_provider_of_its_own_so_that_it_never_gets_the_openai_login(
    harness: Harness, interactive: bool, key_env: str | None, key: dict[str, str]
) -> None:
    request = LaunchRequest(path="it", endpoint_url=URL, endpoint_key_env=key_env, interactive=interactive)

    assert configured(harness.compile(request)) == {
        "model_provider": "doctor",
        "model_providers": {"doctor": {"name": "doctor", "base_url": URL, "wire_api": "responses", **key}},
    }


def test_an_endpoint_is_escaped() -> None:
    start = CODEX.compile(LaunchRequest(path="codex", endpoint_url='http://h/"\\\n', endpoint_key_env='K"'))

    provider = configured(start)["model_providers"]
    assert provider == {
        "doctor": {"name": "doctor", "base_url": 'http://h/"\\\n', "wire_api": "responses", "env_key": 'K"'}
    }


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_trust_names_any_directory_in_valid_toml(cwd: str) -> None:
    start = compiled(trust_workspace=True, cwd=cwd)

    assert start.argv[3] == "-c"
    assert tomllib.loads(start.argv[4]) == {"projects": {cwd: {"trust_level": "trusted"}}}


def test_trust_without_a_directory_says_that_it_has_no_effect() -> None:
    start = compiled(trust_workspace=True)

    assert start.argv == ("codex", "exec", "--skip-git-repo-check", PROMPT)
    assert start.notes == ("trust_workspace has no effect: the working directory is not known",)


def said(returncode: int, stderr: str) -> Completed:
    return Completed(returncode=returncode, stderr=stderr)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (said(0, "API key configured - sk-proj-***56789"), Auth.YES),
        (said(1, "WARNING: no PATH aliases\nNot logged in\n"), Auth.NO),
        (said(1, "Error loading config.toml: wire_api"), Auth.UNKNOWN),
        (said(2, "error: unrecognized subcommand"), Auth.UNKNOWN),
    ],
)
def test_its_own_answer_decides_and_is_not_repeated(machine: MakeContext, answer: Completed, expected: Auth) -> None:
    auth, detail = CODEX.auth(machine(), answer)

    assert auth is expected
    assert "sk-" not in detail


def test_where_it_was_never_set_up_it_is_not_asked(machine: MakeContext) -> None:
    assert not CODEX.asks(machine())
    assert CODEX.auth(machine(), None)[0] is Auth.NO
    assert CODEX.asks(machine(files={"home/.codex/auth.json": "{}"}))
    assert not CODEX.asks(machine(CODEX_API_KEY="sk-x"))


@pytest.mark.parametrize(
    ("config", "variables", "expected"),
    [
        (OWN_PROVIDER, {"MINE_KEY": "sk-x"}, Auth.YES),
        (OWN_PROVIDER, {}, Auth.NO),
        (OWN_PROVIDER.replace('env_key = "MINE_KEY"', ""), {}, Auth.YES),
    ],
)
def test_a_provider_of_ones_own_needs_its_key_and_no_login(
    machine: MakeContext, config: str, variables: dict[str, str], expected: Auth
) -> None:
    context = machine(files={"home/.codex/config.toml": config}, **variables)

    assert not CODEX.asks(context)
    auth, detail = CODEX.auth(context, None)
    assert auth is expected
    assert "sk-x" not in detail


@pytest.mark.parametrize(
    "config", ["", "model_provider = 7", OWN_PROVIDER + "requires_openai_auth = true", 'model_provider = "absent"', "="]
)
def test_any_other_configuration_leaves_it_to_the_login(machine: MakeContext, config: str) -> None:
    assert CODEX.asks(machine(files={"home/.codex/config.toml": config}))


def test_an_exec_key_is_told_as_one(machine: MakeContext) -> None:
    assert CODEX.auth(machine(CODEX_API_KEY="sk-x"), None) == (
        Auth.YES,
        "CODEX_API_KEY is set, which counts for `codex exec` only",
    )


def dialogs(context: HarnessContext, start: CompiledArgv, auth: Auth = Auth.YES) -> dict[str, Dialog]:
    return {dialog.kind: dialog for dialog in CODEX.dialogs(context, start, auth)}


def test_an_untrusted_project_stops_interactive_starts_alone(machine: MakeContext) -> None:
    found = dialogs(machine(), compiled("--dangerously-bypass-approvals-and-sandbox", interactive=True))

    assert dialogs(machine(), compiled()) == {}
    assert list(found) == ["trust"]
    assert not found["trust"].headless
    assert "trust_workspace" in found["trust"].remedy


def test_trust_in_the_file_or_in_the_start_silences_the_question(machine: MakeContext) -> None:
    context = machine()
    trusted = f'[projects."{context.project}"]\ntrust_level = "trusted"'

    told = compiled(trust_workspace=True, cwd=str(context.project), interactive=True)
    assert dialogs(context, told) == {}
    assert dialogs(machine(files={"home/.codex/config.toml": trusted}), compiled(interactive=True)) == {}


def test_a_moved_codex_home_is_the_one_that_is_read(machine: MakeContext) -> None:
    context = machine()
    trusted = f'[projects."{context.project}"]\ntrust_level = "trusted"'
    moved = machine(files={"moved/config.toml": trusted}, CODEX_HOME=str(context.home.parent / "moved"))

    assert dialogs(moved, compiled(interactive=True)) == {}


def test_a_missing_login_stops_every_start(machine: MakeContext) -> None:
    assert dialogs(machine(), compiled(), Auth.NO)["login"].headless


def test_an_exec_key_leaves_the_sign_in_menu_to_interactive_starts(machine: MakeContext) -> None:
    context = machine(CODEX_API_KEY="sk-x")

    assert not dialogs(context, compiled(interactive=True))["login"].headless
    assert dialogs(context, compiled()) == {}


def test_an_exec_key_of_the_policy_spares_headless_starts_the_login(machine: MakeContext) -> None:
    assert dialogs(machine(), compiled(env={"CODEX_API_KEY": "sk-x"}), Auth.NO) == {}
    assert "login" in dialogs(machine(), compiled(env={"CODEX_API_KEY": " "}), Auth.NO)
    assert "login" in dialogs(machine(), compiled(env={"CODEX_API_KEY": "sk-x"}, interactive=True), Auth.NO)


@pytest.mark.parametrize(
    "arguments", [("-c", 'model_provider="mine"'), ("-c", "model_provider=mine"), ("--config=model_provider='mine'",)]
)
@pytest.mark.parametrize("interactive", [False, True])
def test_a_start_with_a_provider_of_its_own_needs_no_login(
    machine: MakeContext, arguments: tuple[str, ...], interactive: bool
) -> None:
    assert "login" not in dialogs(machine(), compiled(*arguments, interactive=interactive), Auth.NO)
    assert dialogs(machine(), CODEX.compile(LaunchRequest(path="codex", endpoint_url=URL)), Auth.NO) == {}


def test_a_start_that_names_openai_itself_needs_its_login(machine: MakeContext) -> None:
    assert "login" in dialogs(machine(), compiled("-c", 'model_provider="openai"'), Auth.NO)
