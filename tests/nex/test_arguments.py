from pathlib import Path

import pytest

from doctor.errors import UsageError
from doctor.nex.arguments import Settings, parse
from doctor.nex.endpoint import find_key, without_credentials
from doctor.nex.failures import UnusableError


@pytest.fixture(autouse=True)
def no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


def test_without_options_it_asks_the_public_endpoint_and_runs_commands_by_itself() -> None:
    assert parse(["do it"]) == Settings(
        model=None,
        base_url="https://api.openai.com/v1",
        key_env="OPENAI_API_KEY",
        key_required=False,
        approval="auto",
        interactive=False,
        unconfined=False,
        timeout=120.0,
        max_turns=50,
        prompt="do it",
        prompt_file=None,
        system=None,
    )


def test_every_option_is_understood() -> None:
    told = "--model m --base-url http://h/v1 --key-env K --approval deny --unconfined --interactive --timeout 1.5 "
    told += "--max-turns 3 --prompt-file p --system s"

    assert parse(told.split()) == Settings(
        model="m",
        base_url="http://h/v1",
        key_env="K",
        key_required=True,
        approval="deny",
        interactive=True,
        unconfined=True,
        timeout=1.5,
        max_turns=3,
        prompt=None,
        prompt_file=Path("p"),
        system=Path("s"),
    )


def test_whoever_sits_there_is_asked_by_default() -> None:
    assert parse(["--interactive"]).approval == "ask"


def test_a_prompt_may_begin_with_a_dash() -> None:
    assert parse(["--model", "m", "--", "--help me"]).prompt == "--help me"


def test_the_url_of_the_environment_is_used_where_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://env/v1")

    assert parse(["x"]).base_url == "http://env/v1"
    assert parse(["x", "--base-url", "http://told/v1"]).base_url == "http://told/v1"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--bogus"], "unrecognized arguments: --bogus"),
        (["--mod", "m"], "unrecognized arguments: --mod"),
        (["--approval", "yes"], "argument --approval: invalid choice"),
        (["--base-url", "ftp://h"], "argument --base-url: 'ftp://h' is no http or https URL"),
        (["--base-url", "http://[1"], "argument --base-url: 'http://[1' is no http or https URL"),
        (["--timeout", "0"], "argument --timeout: '0' is no number of seconds above 0"),
        (["--timeout", "nan"], "argument --timeout: 'nan' is no number of seconds above 0"),
        (["--max-turns", "-1"], "argument --max-turns: '-1' is no whole number above 0"),
        (["--key-env", "K", "--no-key"], "argument --no-key: not allowed with argument --key-env"),
        (["p", "--prompt-file", "f"], "a prompt and --prompt-file are both given"),
    ],
)
def test_a_wrong_command_line_is_named(arguments: list[str], problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(arguments)

    assert caught.value.message.startswith(problem)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        ([], {"OPENAI_API_KEY": " sk-a\n"}, "sk-a"),
        ([], {}, None),
        ([], {"OPENAI_API_KEY": ""}, None),
        (["--no-key"], {"OPENAI_API_KEY": "sk-a"}, None),
        (["--key-env", "K"], {"OPENAI_API_KEY": "sk-a", "K": "sk-b"}, "sk-b"),
    ],
)
def test_the_key_is_that_of_its_variable(
    arguments: list[str], environment: dict[str, str], expected: str | None
) -> None:
    assert find_key(parse(arguments), environment) == expected


@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        ({}, "variable K, named by --key-env, is not set"),
        ({"K": "sk-\x00"}, "variable K holds characters that no key has"),
        ({"K": "sk-ü"}, "variable K holds characters that no key has"),
    ],
)
def test_a_key_that_cannot_be_sent_is_told_without_showing_it(environment: dict[str, str], problem: str) -> None:
    with pytest.raises(UnusableError) as caught:
        find_key(parse(["--key-env", "K"]), environment)

    assert caught.value.message == problem


def test_a_url_is_shown_without_what_may_be_secret_in_it() -> None:
    assert without_credentials("http://me:sk-1@h:8/v1?key=sk-2#x") == "http://h:8/v1"
