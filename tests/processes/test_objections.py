"""``doctor exec --locked`` and ``--baseline``: what stands against starting a spec again."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from doctor.diagnosis.run import examine
from doctor.errors import UsageError
from doctor.gate.baseline import plan_baseline, write_baseline
from doctor.gate.locking import plan_lock, write_lock
from doctor.launch.documents import to_document
from doctor.model.options import Options
from doctor.processes.order import Order
from doctor.processes.plan import plan
from doctor.processes.start import execute

WritePolicy = Callable[..., Path]


def lock(options: Options) -> None:
    """Agree to everything as it is."""
    write_lock(plan_lock(examine(options)))


def know(options: Options, path: Path) -> None:
    """Write down what is found."""
    write_baseline(plan_baseline(examine(options), path))


@pytest.fixture
def spec_file(options: Options, write_policy: WritePolicy, tmp_path: Path) -> Path:
    """A spec of the agent ``a``, in a project that is locked as it is."""
    write_policy(a="true", b="true")
    [spec] = plan(Order(options=options, agents=("a",))).specs
    lock(options)
    path = tmp_path / "spec.json"
    path.write_text(json.dumps(to_document(spec)), encoding="utf-8")
    return path


def refusal(path: Path, options: Options) -> str:
    """Why a spec is not started."""
    with pytest.raises(UsageError) as refused:
        execute(path, options, executor="process", wait=True)
    return refused.value.message


def test_a_spec_is_started_while_everything_is_as_it_was_locked(spec_file: Path, options: Options) -> None:
    launched = execute(spec_file, replace(options, locked=True), executor="process", wait=True)
    assert [each.outcome and each.outcome.code for each in launched.processes] == [0]


def test_a_spec_is_not_started_where_something_moved(
    spec_file: Path, options: Options, write_policy: WritePolicy
) -> None:
    write_policy(a="false", b="true")
    said = refusal(spec_file, replace(options, locked=True))
    assert "LCK002" in said
    assert "LCK005" in said
    assert execute(spec_file, options, executor="process", wait=True).processes


def test_a_spec_of_another_policy_is_not_started_though_that_was_locked_since(
    spec_file: Path, options: Options, write_policy: WritePolicy
) -> None:
    write_policy(a="false", b="true")
    lock(options)
    assert "the policy was changed since the spec was made" in refusal(spec_file, replace(options, locked=True))


def test_a_spec_of_an_agent_that_is_no_more_is_not_started(
    spec_file: Path, options: Options, write_policy: WritePolicy
) -> None:
    write_policy(b="true")
    lock(options)
    assert "the policy has no agent 'a' at stage execute" in refusal(spec_file, replace(options, locked=True))


def test_without_a_lock_nothing_is_started(spec_file: Path, options: Options) -> None:
    (options.cwd / ".metawsm" / "doctor.lock").unlink()
    assert "LCK001" in refusal(spec_file, replace(options, locked=True))


def wrong(path: Path, name: str) -> None:
    """Give agent ``a`` a skill that is nowhere."""
    policy = json.loads(path.read_text(encoding="utf-8"))
    policy["agent_profiles"][0].setdefault("skills", []).append(name)
    path.write_text(json.dumps(policy), encoding="utf-8")


def test_only_what_the_baseline_does_not_know_stands_against_it(
    options: Options, write_policy: WritePolicy, spec_file: Path, tmp_path: Path
) -> None:
    policy = write_policy(a="true", b="true")
    wrong(policy, "nowhere")
    options = replace(options, baseline=tmp_path / "baseline.json")
    know(replace(options, baseline=None), tmp_path / "baseline.json")

    assert execute(spec_file, options, executor="process", wait=True).processes

    wrong(policy, "nowhere-either")
    said = refusal(spec_file, options)
    assert "nowhere-either" in said
    assert said.count("SKL001") == 1


def test_what_is_wrong_with_another_agent_stands_against_nothing(
    options: Options, write_policy: WritePolicy, spec_file: Path, tmp_path: Path
) -> None:
    know(options, tmp_path / "baseline.json")
    write_policy(
        more={
            "agent_profiles": [
                {"name": "of-a", "runner": "shell", "runner_options": {"command": "true"}},
                {"name": "of-b", "runner": "shell", "runner_options": {"command": "true"}, "skills": ["nowhere"]},
            ]
        },
        a="true",
        b="true",
    )
    options = replace(options, baseline=tmp_path / "baseline.json")
    assert execute(spec_file, options, executor="process", wait=True).processes
