import json
from collections.abc import Callable

import pytest

from doctor.harness.base import HarnessContext, LaunchRequest
from doctor.harness.claude_code import ClaudeCode
from doctor.harness.process import Completed
from doctor.model.harness import Auth, CompiledArgv, Dialog
from doctor.model.policy import RunnerOptions

MakeContext = Callable[..., HarnessContext]
CLAUDE = ClaudeCode()
BYPASS = "--dangerously-skip-permissions"


def start(*extra_args: str, **env: str) -> CompiledArgv:
    return CLAUDE.compile(LaunchRequest(path="claude", options=RunnerOptions(extra_args=extra_args, env=env)))


def said(text: str, returncode: int = 0) -> Completed:
    return Completed(returncode=returncode, stdout=text)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (said('{"loggedIn": true, "authMethod": "claude.ai", "email": "me@x.org"}'), Auth.YES),
        (said('{"loggedIn": true, "authMethod": "sk-secret", "orgName": "Org"}'), Auth.YES),
        (said('{"loggedIn": false, "authMethod": "none"}', 1), Auth.NO),
        (said('{"loggedIn": "yes"}'), Auth.UNKNOWN),
        (said("[]"), Auth.UNKNOWN),
        (said("error: unknown command 'auth'", 1), Auth.UNKNOWN),
        (said("[" * 100_000), Auth.UNKNOWN),
    ],
)
def test_its_own_answer_decides_and_only_the_method_is_repeated(
    machine: MakeContext, answer: Completed, expected: Auth
) -> None:
    auth, detail = CLAUDE.auth(machine(), answer)

    assert auth is expected
    assert not {"me@x.org", "sk-secret", "Org"} & set(detail.split())


def test_where_it_was_never_started_it_is_not_asked(machine: MakeContext) -> None:
    assert not CLAUDE.asks(machine())
    assert CLAUDE.auth(machine(), None) == (Auth.NO, "it was never started here")
    assert CLAUDE.auth(machine(ANTHROPIC_API_KEY="sk-x"), None) == (Auth.YES, "ANTHROPIC_API_KEY is set")
    assert CLAUDE.asks(machine(files={"home/.claude.json": "{}"}))


def test_a_moved_configuration_is_the_one_that_counts(machine: MakeContext) -> None:
    home = machine().home
    files = {"home/.claude.json": "{}", "moved/.claude.json": "{}"}

    moved = machine(files=files, CLAUDE_CONFIG_DIR=str(home.parent / "moved"))

    assert {path.parent for path in CLAUDE.auth_files(moved)} == {home.parent / "moved"}
    assert not CLAUDE.asks(machine(files=files, CLAUDE_CONFIG_DIR=str(home.parent / "other")))


@pytest.mark.parametrize(
    "arguments",
    [
        (BYPASS,),
        ("--allow-dangerously-skip-permissions",),
        ("--permission-mode", "bypassPermissions"),
        ("--permission-mode=bypassPermissions",),
    ],
)
def test_root_may_not_bypass_unless_it_is_contained(machine: MakeContext, arguments: tuple[str, ...]) -> None:
    assert "IS_SANDBOX=1" in (CLAUDE.root_refusal(machine(), start(*arguments)) or "")
    assert CLAUDE.root_refusal(machine(IS_SANDBOX="1"), start(*arguments)) is None
    assert CLAUDE.root_refusal(machine(), start(*arguments, IS_SANDBOX="1")) is None


def test_root_may_do_what_asks(machine: MakeContext) -> None:
    assert CLAUDE.root_refusal(machine(), start("--permission-mode", "acceptEdits")) is None
    assert start("--permission-mode", "acceptEdits").grants == ()


def state(context: HarnessContext, **changes: object) -> dict[str, str]:
    known = {
        "hasCompletedOnboarding": True,
        "projects": {str(context.project): {"hasTrustDialogAccepted": True}},
        **changes,
    }
    return {"home/.claude.json": json.dumps(known)}


def attended(*extra_args: str, **env: str) -> CompiledArgv:
    options = RunnerOptions(extra_args=extra_args, env=env)
    return CLAUDE.compile(LaunchRequest(path="claude", options=options, interactive=True))


def dialogs(context: HarnessContext, launch: CompiledArgv | None = None, auth: Auth = Auth.YES) -> dict[str, Dialog]:
    return {dialog.kind: dialog for dialog in CLAUDE.dialogs(context, launch or attended(), auth)}


def test_a_headless_start_meets_the_login_only(machine: MakeContext) -> None:
    context = machine(ANTHROPIC_API_KEY="sk-ant-" + "0123456789" * 3)

    assert dialogs(context, start(BYPASS)) == {}
    assert dialogs(context, attended("--print", BYPASS)) == {}
    assert set(dialogs(context, start(BYPASS), Auth.NO)) == {"login"}
    assert set(dialogs(context, attended(BYPASS))) == {"onboarding", "trust", "bypass", "api-key"}


def test_a_fresh_home_has_its_dialogs_and_only_the_login_is_headless(machine: MakeContext) -> None:
    found = dialogs(machine(), auth=Auth.NO)

    assert {kind: dialog.headless for kind, dialog in found.items()} == {
        "login": True,
        "onboarding": False,
        "trust": False,
    }


def test_a_home_that_went_through_them_has_none(machine: MakeContext) -> None:
    assert dialogs(machine(files=state(machine()))) == {}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"projects": [], "hasCompletedOnboarding": "true"}'])
def test_a_damaged_state_file_is_a_fresh_one(machine: MakeContext, text: str) -> None:
    assert set(dialogs(machine(files={"home/.claude.json": text}))) == {"onboarding", "trust"}


def test_trust_in_a_directory_above_covers_the_project(machine: MakeContext) -> None:
    above = {str(machine().project.parent): {"hasTrustDialogAccepted": True}}
    beside = {f"{machine().project}-2": {"hasTrustDialogAccepted": True}, "": {"hasTrustDialogAccepted": True}}

    assert dialogs(machine(files=state(machine(), projects=above))) == {}
    assert set(dialogs(machine(files=state(machine(), projects=beside)))) == {"trust"}


def test_the_bypass_warning_comes_once(machine: MakeContext) -> None:
    fresh = machine(files=state(machine()))

    assert set(dialogs(fresh, attended(BYPASS))) == {"bypass"}
    assert dialogs(machine(files=state(machine(), bypassPermissionsModeAccepted=True)), attended(BYPASS)) == {}
    accepted = {**state(machine()), "home/.claude/settings.json": '{"skipDangerousModePermissionPrompt": true}'}
    assert dialogs(machine(files=accepted), attended(BYPASS)) == {}


def test_an_api_key_has_to_be_approved_once(machine: MakeContext) -> None:
    key = "sk-ant-" + "0123456789" * 3
    approved = state(machine(), customApiKeyResponses={"approved": [key[-20:]]})
    another = state(machine(), customApiKeyResponses={"approved": ["x" * 20]})

    assert dialogs(machine(files=approved, ANTHROPIC_API_KEY=key)) == {}
    (dialog,) = dialogs(machine(files=another, ANTHROPIC_API_KEY=key)).values()
    assert (dialog.kind, dialog.headless) == ("api-key", False)
    assert key[-20:] not in f"{dialog}"
    assert set(dialogs(machine(files=another), attended(ANTHROPIC_API_KEY=key))) == {"api-key"}
