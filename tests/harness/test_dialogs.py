"""Dialogs of the harnesses that have few."""

from collections.abc import Callable, Mapping

import pytest

from doctor.harness.base import HarnessContext, LaunchRequest
from doctor.harness.registry import Registry, builtin_harnesses
from doctor.model.harness import Auth
from doctor.model.policy import RunnerOptions

MakeContext = Callable[..., HarnessContext]
REGISTRY = Registry(builtin_harnesses())
TRUST_OFF = '{"security": {"folderTrust": {"enabled": false}}}'
KEYED = '{"security": {"auth": {"selectedType": "gemini-api-key"}}}'


def kinds(
    context: HarnessContext,
    runtime_id: str,
    auth: Auth = Auth.YES,
    env: Mapping[str, str] | None = None,
    *,
    interactive: bool = False,
    **options: object,
) -> dict[str, bool]:
    harness = REGISTRY.get(runtime_id)
    assert harness is not None
    wanted = RunnerOptions(env=env or {}, **options)  # type: ignore[arg-type]
    request = LaunchRequest(path="it", options=wanted, cwd=str(context.project), interactive=interactive)
    launch = harness.compile(request)
    return {dialog.kind: dialog.headless for dialog in harness.dialogs(context, launch, auth)}


def test_gemini_asks_for_trust_headless_too(machine: MakeContext) -> None:
    assert kinds(machine(), "gemini") == {"trust": True}
    assert kinds(machine(), "gemini", Auth.NO) == {"trust": True, "login": True}


def test_gemini_can_be_told_to_trust_in_every_measured_way(machine: MakeContext) -> None:
    assert kinds(machine(), "gemini", trust_workspace=True) == {}
    assert kinds(machine(), "gemini", env={"GEMINI_CLI_TRUST_WORKSPACE": "true"}) == {}
    assert kinds(machine(GEMINI_CLI_TRUST_WORKSPACE="true"), "gemini") == {}
    assert kinds(machine(files={"home/.gemini/settings.json": TRUST_OFF}), "gemini") == {}


@pytest.mark.parametrize(
    ("folder", "level", "expected"),
    [
        ("project", "TRUST_FOLDER", {}),
        ("", "TRUST_FOLDER", {}),
        ("project-2", "TRUST_PARENT", {}),
        ("project-2", "TRUST_FOLDER", {"trust": True}),
        ("project", "DO_NOT_TRUST", {"trust": True}),
        ("project", "7", {"trust": True}),
    ],
)
def test_gemini_trusts_folders_and_what_lies_in_them(
    machine: MakeContext, folder: str, level: str, expected: dict[str, bool]
) -> None:
    path = str(machine().project.parent / folder)
    files = {"home/.gemini/trustedFolders.json": f'{{"{path}": "{level}"}}'}

    assert kinds(machine(files=files), "gemini") == expected


def test_gemini_with_a_server_of_ones_own_needs_a_way_to_log_in(machine: MakeContext) -> None:
    env = {"GOOGLE_GEMINI_BASE_URL": "http://h"}

    assert kinds(machine(), "gemini", env=env, trust_workspace=True) == {"login": True}
    assert kinds(machine(files={"home/.gemini/settings.json": KEYED}), "gemini", env=env, trust_workspace=True) == {}


def test_hermes_offers_its_set_up_until_it_is_configured(machine: MakeContext) -> None:
    assert kinds(machine(), "hermes") == {"onboarding": False}
    assert kinds(machine(files={"home/.hermes/config.yaml": ""}), "hermes") == {}


@pytest.mark.parametrize("key", ["trusted_folders", "trustedFolders"])
def test_copilot_reads_trusted_folders_in_both_spellings(machine: MakeContext, key: str) -> None:
    folder = machine().project
    files = {"home/.copilot/config.json": f'{{"{key}": ["{folder}"]}}'}

    assert kinds(machine(), "copilot", interactive=True) == {"trust": False}
    assert kinds(machine(files=files), "copilot", interactive=True) == {}
    assert kinds(machine(), "copilot") == {}


def test_copilot_without_login_ends_headless_unless_it_has_a_server_of_its_own(machine: MakeContext) -> None:
    assert kinds(machine(), "copilot", Auth.NO)["login"]
    assert "login" not in kinds(machine(), "copilot", Auth.NO, env={"COPILOT_PROVIDER_BASE_URL": "http://h"})


def test_aider_without_a_key_waits_for_a_browser(machine: MakeContext) -> None:
    assert kinds(machine(), "aider", Auth.NO) == {"login": True}
    assert kinds(machine(), "aider", Auth.UNKNOWN) == {}


def test_omx_has_the_dialogs_of_codex(machine: MakeContext) -> None:
    assert kinds(machine(), "omx", Auth.NO, interactive=True) == {"trust": False, "login": True}
    assert kinds(machine(), "omx", Auth.NO) == {"login": True}
    assert kinds(machine(), "omx", interactive=True, trust_workspace=True) == {}


@pytest.mark.parametrize("runtime_id", ["opencode", "qwen", "pi", "amp", "goose", "crush", "litellm", "shell", "nex"])
def test_the_others_are_not_known_to_ask_anything(machine: MakeContext, runtime_id: str) -> None:
    assert kinds(machine(), runtime_id) == {}
