"""The environment that an agent gets."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from doctor.launch.environment import agent_environment
from doctor.launch.errors import LaunchRefused
from doctor.model.secret import SecretRef
from doctor.model.spec import LaunchSpec

MakeSpec = Callable[..., LaunchSpec]


def test_an_agent_gets_the_doctor_s_environment_without_what_is_the_doctor_s_alone(
    make_spec: MakeSpec, tmp_path: Path
) -> None:
    spec = replace(make_spec(), env={"A": "spec", "DOCTOR_ENDPOINT_KEY": SecretRef(env="BOX")})
    own = {
        "HOME": str(tmp_path),
        "A": "own",
        "B": "own",
        "BOX": "box-secret",
        "TMUX": "/tmp/tmux-0/default,1,0",
        "TMUX_PANE": "%1",
        "DOCTOR_CONFIG_DIR": "/c",
        "DOCTOR_TEST_X": "1",
        "DOCTOR_ENDPOINT_KEY": "not-this-one",
    }

    values, _ = agent_environment(spec, own)

    assert values == {
        "HOME": str(tmp_path),
        "A": "spec",
        "B": "own",
        "BOX": "box-secret",
        "DOCTOR_ENDPOINT_KEY": "box-secret",
    }


def test_every_secret_value_is_to_be_hidden_the_longest_first(make_spec: MakeSpec, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-file \n")
    spec = replace(make_spec(), env={"PLAIN": SecretRef(file=str(tmp_path / "key")), "MY_TOKEN": "literal-token"})

    _, hidden = agent_environment(spec, {"HOME": str(tmp_path), "OPENAI_API_KEY": "inherited-key", "X_KEY": "short"})

    assert hidden == ("inherited-key", "literal-token", "from-file")


def test_a_secret_that_cannot_be_had_is_named(make_spec: MakeSpec, tmp_path: Path) -> None:
    spec = replace(make_spec(), env={"A": SecretRef(env="GONE")})

    with pytest.raises(LaunchRefused, match=r"A \(env:GONE\): the variable is not set"):
        agent_environment(spec, {"HOME": str(tmp_path)})
