import pytest

from doctor.errors import RegistrationError
from doctor.harness.base import Harness
from doctor.harness.registry import Registry, builtin_harnesses


class Acme(Harness):
    id = "acme"
    title = "Acme"
    aliases = ("acme-cli",)
    binaries = ("acme",)


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry(builtin_harnesses())


def test_the_built_in_harnesses_are_there_in_order(registry: Registry) -> None:
    assert registry.ids == (
        "codex",
        "claude_code",
        "opencode",
        "gemini",
        "hermes",
        "omx",
        "qwen",
        "copilot",
        "pi",
        "amp",
        "aider",
        "goose",
        "crush",
        "litellm",
        "shell",
        "nex",
    )


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        ("codex", "codex"),
        ("codex_cli", "codex"),
        ("Codex-CLI", "codex"),
        ("claude", "claude_code"),
        ("claude-code", "claude_code"),
        (" CLAUDE_CODE ", "claude_code"),
        ("opencode_cli", "opencode"),
        ("hermes_cli", "hermes"),
        ("gemini_cli", "gemini"),
        ("copilot-cli", "copilot"),
        ("pi_cli", "pi"),
        ("goose_cli", "goose"),
        ("local", "nex"),
        ("oai-compat", "nex"),
        ("openai", "nex"),
        ("litellm", "litellm"),
        ("shell", "shell"),
        ("", None),
        ("host", None),
    ],
)
def test_every_spelling_leads_to_its_id(registry: Registry, spelling: str, expected: str | None) -> None:
    assert registry.canonical(spelling) == expected
    found = registry.get(spelling)
    assert (found.id if found else None) == expected


@pytest.mark.parametrize(("typed", "meant"), [("codx", "codex"), ("claude-cod", "claude_code"), ("zzzz", None)])
def test_a_mistyped_harness_has_a_nearest_one(registry: Registry, typed: str, meant: str | None) -> None:
    assert registry.nearest(typed) == meant


def test_every_harness_that_can_be_absent_says_how_it_is_installed(registry: Registry) -> None:
    without = [harness.id for harness in registry.harnesses if not registry.install(harness.id)]

    assert without == ["shell"]
    assert registry.install("claude") == "npm install -g @anthropic-ai/claude-code"
    assert registry.install("unheard-of") is None


def test_options_and_choices_reach_the_reader_of_policies(registry: Registry) -> None:
    specs = {spec.id: spec for spec in registry.specs()}

    assert tuple(specs) == registry.ids
    assert "full_auto" in specs["codex"].options
    assert "full_auto" not in specs["claude_code"].options
    assert specs["claude_code"].choices["permission_mode"][-1] == "bypassPermissions"
    assert not specs["shell"].needs_prompt
    assert "starts no agent" in (specs["litellm"].stage_refusal or "")


def test_a_third_party_harness_joins_the_built_in_ones() -> None:
    registry = Registry((*builtin_harnesses(), Acme()))

    assert registry.canonical("ACME_cli") == "acme"


def malformed(**changes: object) -> Harness:
    made: type[Harness] = type("Malformed", (Acme,), changes)
    return made()


@pytest.mark.parametrize(
    ("harnesses", "expected"),
    [
        ((Acme(), Acme()), "as harness 'acme' already does"),
        ((*builtin_harnesses(), malformed(aliases=("Claude",))), "answers to 'claude'"),
        ((malformed(id="Not An Id"),), "has no id"),
        ((malformed(title=""),), "has no title"),
        ((malformed(binaries=()),), "names no program"),
        (("codex",), "is no instance of doctor.Harness"),
    ],
)
def test_what_does_not_fit_is_refused_at_once(harnesses: tuple[Harness, ...], expected: str) -> None:
    with pytest.raises(RegistrationError, match=expected):
        Registry(harnesses)


def test_two_spellings_of_one_alias_are_no_clash() -> None:
    assert Registry([malformed(aliases=("acme-x", "acme_x", "acme"))]).ids == ("acme",)
