"""What is hidden, and what is not."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.model.harness import Candidate
from doctor.model.location import Location
from doctor.model.report import Report
from doctor.report.formats import plain, table
from doctor.report.json_format import render as json_format
from doctor.report.redact import (
    HIDDEN,
    Redactor,
    _pattern,
    _without_value,
    is_secret_name,
    redact,
    redactor_for,
    secret_values,
)
from doctor.report.style import Style

SECRETS = [
    "sk-" + "proj-abcDEF1234567890",
    "ghp_" + "a1B2c3D4e5F6g7H8i9J0",
    "github_pat_" + "11ABCDEFG0abcdefghij",
    "AKIA" + "IOSFODNN7EXAMPLE",
    "AIza" + "SyA1234567890abcdefghijk",
    "xoxb-" + "1234567890-abcdef",
    "eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "hf_" + "abcdefghijklmnopqrst",
    "glpat-" + "abcdefghij1234567890",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_what_has_the_shape_of_a_token_is_hidden_wherever_it_stands(secret: str) -> None:
    assert redact(f"it says '{secret}', which") == f"it says '{HIDDEN}', which"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Authorization: Bearer abc.def/ghi", "Authorization: Bearer [redacted]"),
        ("bearer 0123456789", "bearer [redacted]"),
        ("https://me:pass@word@host:8080/v1", "https://me:[redacted]@host:8080/v1"),
        ("https://me:pass/wo/rd+1@host:8080/v1", "https://me:[redacted]@host:8080/v1"),
        ("postgres://me:/word?x#y@host/db", "postgres://me:[redacted]@host/db"),
        ("http://h/v1?api_key=a1b2c3&x=1", "http://h/v1?api_key=[redacted]&x=1"),
        ("OPENAI_API_KEY=abcdef123 and on", "OPENAI_API_KEY=[redacted] and on"),
        ('{"apiKey": "abcdef123"}', '{"apiKey": "[redacted]"}'),
        ("a\n-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\nb", "a\n[redacted]\nb"),
        ("run x --password hunter2 now", "run x --password [redacted] now"),
        ("curl -u me:hunter2 http://h", "curl -u me:[redacted] http://h"),
        ("-----BEGIN PRIVATE KEY-----\ncut off", "[redacted]"),
    ],
)
def test_a_secret_goes_and_what_names_it_stays(text: str, clean: str) -> None:
    assert redact(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "set OPENAI_API_KEY to your key",
        "export OPENAI_API_KEY=<your key>",
        "export OPENAI_API_KEY=$(pass openai)",
        'api_key_env = "OPENAI_API_KEY"',
        'model_providers.doctor.env_key="OPENAI_API_KEY"',
        "bearer authentication is used",
        "git@github.com:me/repo, https://github.com/me/repo, ssh://git@host/x",
        "http://host:8080/@scope/package, https://host:443/a@1 and https://host/a:b/c@1, me@example.org",
        "sha256 " + "0123456789abcdef" * 4,
        "task-force, disk-usage-of-everything",
        "give --token FILE or --api-key your-key, then docker run -u 1000:1000 x",
        "claude_code, gpt-5.5, sk-short",
        "agent_profiles[0].runner_options.env.OPENAI_API_KEY: agent_profiles[0] holds what looks like a key",
        "key: policy.json:12:3, token: see .metawsm/policy.json, secret: none, password: required",
        'if key == other_key_7: pass, and `api_key_env = "GATEWAY_KEY_2"`',
        "cookie: none was sent, see https://hooks.example/services/diary-of-2026",
        '"--key-env", "GATEWAY_KEY_2", "--api-key", "$GATEWAY_KEY_2", "--token", "--other-option"',
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert redact(text) == text


def test_known_values_are_hidden_however_they_look() -> None:
    assert redact("the plain-word-one and plain-word", ["plain-word", "plain-word-one"]) == (
        f"the {HIDDEN} and {HIDDEN}"
    )


def test_known_values_too_short_to_be_secrets_are_left() -> None:
    assert redact("a codex on", ["on", "codex"]) == "a codex on"


@given(st.text(), st.text(min_size=6), st.text())
def test_no_known_value_survives(before: str, secret: str, after: str) -> None:
    assert secret not in redact(before + secret + after, [secret]).replace(HIDDEN, "")


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "--auth-token", "apiKey", "DB_PASSWORD", "CLIENT_SECRET"])
def test_names_of_secrets_are_known(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name", ["api_key_env", "model_providers.x.env_key", "TOKEN_FILE", "max_tokens", "PATH", "KEYBOARD", ""]
)
def test_names_of_other_things_are_not_taken_for_secrets(name: str) -> None:
    assert not is_secret_name(name)


def test_an_argv_loses_the_values_of_secret_options_and_assignments_only() -> None:
    argv = ["/bin/x", "--api-key", "short", "--token=abc", "-c", "env.A_KEY=v", "--model", "m", "key of=3", "{prompt}"]
    assert Redactor().argv(argv) == [
        "/bin/x",
        "--api-key",
        HIDDEN,
        f"--token={HIDDEN}",
        "-c",
        f"env.A_KEY={HIDDEN}",
        "--model",
        "m",
        "key of=3",
        "{prompt}",
    ]


def test_secret_values_are_those_of_variables_whose_names_say_so() -> None:
    environment = {
        "AZURE_OPENAI_API_KEY": "plain-word\n",
        "DBPASS": "open-sesame",
        "NPM_AUTH": "let-me-in",
        "GH_PAT": "patpatpat",
        "SHORT_TOKEN": "x",
        "TOKEN_FILE": "/a/long/path",
        "HOME": "/home/u",
    }
    assert secret_values(environment) == ("plain-word", "open-sesame", "let-me-in", "patpatpat")


def test_a_report_s_secrets_are_hidden(report: Report) -> None:
    assert redactor_for(replace(report, secrets=("plain-word",)))("it says plain-word") == f"it says {HIDDEN}"


@pytest.mark.parametrize(
    ("command", "clean"),
    [
        ("x --password abc --model m", "x --password [redacted] --model m"),
        ("x --token='a b' -v", "x --token=[redacted] -v"),
        ('x --api-key "abc" && y', "x --api-key [redacted] && y"),
        ("x --secret abc", "x --secret [redacted]"),
        ("curl -u me:abc http://h", "curl -u me:[redacted] http://h"),
        ('x --token "$TOKEN" --password --other', 'x --token "$TOKEN" --password --other'),
    ],
)
def test_a_command_for_a_shell_loses_the_values_of_secret_options(command: str, clean: str) -> None:
    assert Redactor().argv(["sh", "-c", command]) == ["sh", "-c", clean]


def test_the_prompt_s_place_is_no_secret() -> None:
    assert Redactor().argv(["x", "--token", "{prompt}"]) == ["x", "--token", "{prompt}"]


@given(st.text(alphabet="abdeghikoprstuwxyAEIKS0129:/=&?@\"' .-_"))
def test_looking_first_whether_a_text_may_hold_a_secret_changes_no_answer(text: str) -> None:
    assert redact(text) == _pattern().sub(_without_value, text)


def table_in_full(report: Report) -> str:
    return "".join(table(report, Style(verbose=True)))


def plain_in_full(report: Report) -> str:
    return "".join(plain(report, Style(verbose=True)))


@pytest.mark.parametrize("render", [table_in_full, plain_in_full, json_format], ids=["table", "plain", "json"])
def test_paths_are_shown_without_secrets(report: Report, render: Callable[[Report], str]) -> None:
    secret = "plain-word"
    fact = report.harnesses[0]
    program = replace(
        fact.program, path=f"/p/{secret}", candidates=(Candidate(source="PATH", path=f"/c/{secret}", problem="gone"),)
    )
    skills = {key: replace(skill, path=f"/s/{secret}", tried=(f"/t/{secret}",)) for key, skill in report.skills.items()}
    findings = [replace(each, location=Location(path=f"/l/{secret}", line=1)) for each in report.findings]
    leaky = replace(
        report,
        secrets=(secret,),
        policy=replace(report.policy, path=f"/q/{secret}"),
        profile=replace(report.profile, path=f"/r/{secret}"),
        harnesses=(replace(fact, program=program), *report.harnesses[1:]),
        skills=skills,
        findings=tuple(findings),
    )
    text = render(leaky)
    assert secret not in text
    assert f"/q/{HIDDEN}" in text
