from pathlib import Path

import pytest

from doctor.errors import UsageError
from doctor.runner.settings import ClientCredentials, RunnerSettings, of_the_runner, settings_of, split_tags

AUTH0 = {
    "AUTH0_DOMAIN": "tenant.test",
    "AUTH0_RUNNER_CLIENT_ID": "me",
    "AUTH0_RUNNER_CLIENT_SECRET": "hush",
    "AUTH0_AUDIENCE": "them",
}


def test_the_defaults() -> None:
    assert settings_of({}, {}) == RunnerSettings(coordinator_url="http://localhost:8765", project_dir=str(Path.cwd()))


def test_the_environment_counts_where_the_command_line_says_nothing() -> None:
    environment = {
        "AGENT_ORCHESTRATOR_API_URL": "https://agents.test/base/",
        "RUNNER_TAGS": " a, ,b,",
        "PROJECT_DIR": "some/where",
        "RUNNER_MAX_CONCURRENCY": "3",
        "RUNNER_RUN_TIMEOUT": "1.5",
        "POLL_TIMEOUT": "45",
        "HEARTBEAT_INTERVAL": "7",
        "AGENT_ORCHESTRATOR_API_TOKEN_FILE": "/a/token",
        **AUTH0,
    }
    assert settings_of({}, environment) == RunnerSettings(
        coordinator_url="https://agents.test/base",
        project_dir="some/where",
        tags=("a", "b"),
        max_concurrency=3,
        run_timeout=1.5,
        poll_timeout=45,
        heartbeat_interval=7,
        token_file="/a/token",
    )


def test_the_command_line_wins() -> None:
    given = {"coordinator_url": "http://[::1]:80", "tags": "", "project_dir": "/x", "max_concurrency": 2, "profile": ""}
    environment = {"AGENT_ORCHESTRATOR_API_URL": "nonsense", "RUNNER_TAGS": "a", "PROJECT_DIR": "/y"}
    expected = RunnerSettings(coordinator_url="http://[::1]:80", project_dir="/x", max_concurrency=2)
    assert settings_of(given, environment) == expected


def test_all_four_variables_make_a_client_of_a_tenant() -> None:
    found = settings_of({}, AUTH0).client_credentials
    assert found == ClientCredentials(domain="tenant.test", client_id="me", client_secret="hush", audience="them")


@pytest.mark.parametrize("missing", sorted(AUTH0))
def test_three_of_them_do_not(missing: str) -> None:
    assert settings_of({}, {**AUTH0, missing: " "}).client_credentials is None


@pytest.mark.parametrize("name", ["POLL_TIMEOUT", "HEARTBEAT_INTERVAL", "RUNNER_MAX_CONCURRENCY", "RUNNER_RUN_TIMEOUT"])
@pytest.mark.parametrize("value", ["x", "0", "-1", "1e999", "nan"])
def test_a_number_that_is_none_is_a_usage_error(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=name):
        settings_of({}, {name: value})


@pytest.mark.parametrize(
    "url",
    [
        "localhost:8765",
        "ftp://x",
        "http://",
        "http://x:99999",
        "http://a b",
        "http://u:p@x",
        "http://x/?a",
        "http://x#y",
    ],
)
def test_a_url_that_is_none_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError, match="the coordinator's URL") as caught:
        settings_of({"coordinator_url": url}, {})
    assert "u:p" not in caught.value.message


@pytest.mark.parametrize(("name", "environment"), [("x y", {"x y": "t"}), ("NOT_SET", {}), ("EMPTY", {"EMPTY": " "})])
def test_a_token_variable_has_to_be_there(name: str, environment: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="--token-env"):
        settings_of({"token_env": name}, environment)


def test_what_is_the_runners_own_is_known_by_its_name() -> None:
    settings = settings_of({"token_env": "MINE"}, {"MINE": "t"})
    names = ["MINE", "AUTH0_DOMAIN", "DOCTOR_PROFILE", "AGENT_ORCHESTRATOR_API_URL", "PATH", "OPENAI_API_KEY"]
    assert [of_the_runner(name, settings) for name in names] == [True, True, True, True, False, False]


def test_tags_are_trimmed_and_blank_ones_dropped() -> None:
    assert split_tags(" a,, b ,") == ("a", "b")
