"""What is taken for a secret, and what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.secret_shapes import kinds

SECRETS = {
    "an Anthropic key": "sk-ant-api03-aB3dE6aB3dE6aB3dE6aB3dE6",
    "an API key that starts with sk-": "sk-proj-abcdEFGH1234567890abcd",
    "a GitHub token": "ghp_" + "a1B2c3D4e5F6" * 3,
    "a GitLab token": "glpat-x1y2z3x1y2z3x1y2z3",
    "a Slack token": "xoxb-123456789012-abcdefABCDEF",
    "an AWS access key": "AKIAIOSFODNN7EXAMPLE",
    "a Google API key": "AIzaSyA-1234567890abcdefghijklmnopqrstu",
    "a Hugging Face token": "hf_" + "aB1" * 12,
    "an npm token": "npm_" + "aB1" * 12,
    "a PyPI token": "pypi-" + "AgEIcHlwaS5vcmc1" * 4,
    "a Stripe key": "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "an xAI key": "xai-" + "a1B2c3D4e5" * 4,
    "a Groq key": "gsk_" + "a1B2c3D4e5" * 4,
    "a Replicate token": "r8_" + "a1B2c3D4e5" * 3,
    "a Perplexity key": "pplx-" + "a1b2c3d4e5" * 4,
    "a DigitalOcean token": "dop_v1_" + "a1b2c3d4" * 8,
    "a Shopify token": "shpat_" + "a1b2c3d4" * 4,
    "a SendGrid key": "SG." + "a1B2c3D4e5f" * 2 + "." + "a1B2c3D4e5" * 4,
    "a Tavily key": "tvly-dev-" + "a1B2c3D4e5" * 3,
    "a Linear key": "lin_api_" + "a1B2c3D4e5" * 4,
    "a Slack webhook URL": "https://hooks.slack.com/services/" + "T01ABCDEF/B01ABCDEF/" + "a1B2c3D4" * 3,
    "a JSON Web Token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3.abcDEF123_-xyz",
    "a URL with a password": "https://bob:hunter2x@example.com/x",
    "a long random string": "q7Zt2LmX9vKc4RbN8wYp3HsD6fJg1TaQ5eUi0oPxVzMk",
    "a value given to a key, token or password": "API_KEY=Zx91kd02ksl38",
    "a private key": "-----BEGIN RSA PRIVATE KEY-----",
}
HARMLESS = [
    "",
    "sk-your-api-key-goes-here-please",
    "hf_" + "x" * 34,
    "r8_" + "x" * 37,
    "xai-your-key-goes-here-please",
    "https://hooks.slack.com/services/T00000000/B00000000/" + "X" * 24,
    "token: $GITHUB_TOKEN and go on with it",
    "export OPENAI_API_KEY=${OPENAI_API_KEY}",
    "sha e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "/home/user/Projects2026/some-thing/SKILL.md",
    "123e4567-e89b-12d3-a456-426614174000",
    "https://example.com/a/b/c?token=abc",
    "ssh://git@github.com/shop/shop.git",
    "task-management-configuration-2026-01-file.md",
    "https://docs.example.com/Guides/Getting-Started-With-Version2-Of-The-Product",
    "CLAUDE_CODE_MAX_RETRIES=0 MAX_TOKENS=4096",
    "key: agent_profiles[0].skills[1]",
    "password: <your password here>",
    "TestIntegrationOfTheVeryLongCamelCaseFunctionName2WithSuffix",
]


@pytest.mark.parametrize(("kind", "secret"), SECRETS.items())
@pytest.mark.parametrize("frame", ["{}", "Use {} for the call.\nThen go on.", 'key="{}"', "a\t({})"])
def test_a_secret_is_found_wherever_it_stands(kind: str, secret: str, frame: str) -> None:
    assert kind in kinds(frame.format(secret))


def test_a_hugging_face_token_needs_no_digit() -> None:
    assert kinds("hf_AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh") == ("a Hugging Face token",)


@pytest.mark.parametrize("text", HARMLESS)
def test_placeholders_hashes_paths_and_names_are_no_secrets(text: str) -> None:
    assert kinds(text) == ()


def test_a_value_is_judged_by_the_word_before_it() -> None:
    assert kinds("token: 9f8a7b6c5d4e3f2a1b") == ("a value given to a key, token or password",)
    assert kinds("commit: 9f8a7b6c5d4e3f2a1b") == ()


def test_a_known_shape_is_told_rather_than_what_it_is_given_to() -> None:
    assert kinds("API_KEY=sk-proj-abcdEFGH1234567890abcd") == ("an API key that starts with sk-",)


@given(st.text(), st.sampled_from(sorted(SECRETS.values())))
def test_no_answer_repeats_the_secret(text: str, secret: str) -> None:
    assert not any(secret in kind for kind in kinds(f"{text} {secret}"))
