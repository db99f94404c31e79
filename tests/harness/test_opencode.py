import json

import pytest

from doctor.harness.base import LaunchRequest
from doctor.harness.opencode import OpenCode
from doctor.model.harness import PROMPT, CompiledArgv
from doctor.model.policy import RunnerOptions

URL = "http://127.0.0.1:1/v1"


def with_endpoint(model: str | None, **env: str) -> CompiledArgv:
    request = LaunchRequest(path="opencode", model=model, endpoint_url=URL, options=RunnerOptions(env=env))
    return OpenCode().compile(request)


@pytest.mark.parametrize(
    ("model", "provider", "named"),
    [("glm-5", "doctor", "doctor/glm-5"), ("mine/glm-5", "mine", "mine/glm-5"), ("a/b/c", "a/b", "a/b/c")],
)
def test_an_endpoint_becomes_a_provider_of_the_models_name(model: str, provider: str, named: str) -> None:
    start = with_endpoint(model)

    config = json.loads(start.env["OPENCODE_CONFIG_CONTENT"])
    assert start.argv == ("opencode", "run", PROMPT, "-m", named)
    assert config["provider"][provider]["options"] == {"baseURL": URL}
    assert config["provider"][provider]["models"] == {model.rpartition("/")[2]: {}}


def test_without_a_model_the_endpoint_is_there_to_choose_from() -> None:
    start = with_endpoint(None)

    assert start.argv == ("opencode", "run", PROMPT)
    assert json.loads(start.env["OPENCODE_CONFIG_CONTENT"])["provider"]["doctor"]["models"] == {}


def test_a_configuration_that_the_policy_hands_over_is_kept() -> None:
    own = json.dumps({"share": "disabled", "provider": {"other": {"name": "Other"}}})

    config = json.loads(with_endpoint("glm-5", OPENCODE_CONFIG_CONTENT=own).env["OPENCODE_CONFIG_CONTENT"])

    assert config["share"] == "disabled"
    assert set(config["provider"]) == {"other", "doctor"}


@pytest.mark.parametrize("own", ["{", "[]", '{"provider": 7}'])
def test_a_configuration_that_is_none_is_no_crash(own: str) -> None:
    assert with_endpoint("glm-5", OPENCODE_CONFIG_CONTENT=own).argv[0] == "opencode"
