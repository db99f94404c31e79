"""``doctor exec --locked`` and ``--baseline``: what stands against starting a spec again."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from doctor.diagnosis.run import examine
from doctor.errors import UsageError
from doctor.gate.baseline import plan_baseline, write_baseline
from doctor.gate.locking import plan_lock, write_lock
from doctor.launch.documents import Document, from_document, to_document
from doctor.model.canonical import content_id
from doctor.model.options import Options
from doctor.processes.objections import objections
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


def named_anew(document: Document) -> Document:
    """A spec that somebody changed, under the id of its new content."""
    identity = content_id(document)
    changed: Document = json.loads(json.dumps(document).replace(document["id"], identity))
    assert content_id(changed) == identity
    return changed


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"argv": ["/bin/sh", "-c", "rm -rf ."], "path": "/bin/sh"}, "its argv would be another one now"),
        ({"env": {"LD_PRELOAD": "x.so"}}, "its env would be another one now"),
        ({"profile": "of-b"}, "its profile is of-b, and would be of-a now"),
        ({"model": "m"}, "its model is m, and would be None now"),
    ],
    ids=lambda value: "" if isinstance(value, str) else next(iter(value)),
)
def test_a_spec_that_somebody_changed_is_no_spec_of_the_policy_whatever_its_id(
    change: Document, said: str, spec_file: Path, options: Options
) -> None:
    document = named_anew(json.loads(spec_file.read_text(encoding="utf-8")) | change)
    spec_file.write_text(json.dumps(document), encoding="utf-8")
    locked = replace(options, locked=True)
    assert said in objections(from_document(document), locked, executor="process")


@pytest.mark.parametrize("base", ["", "Be kind.\n"])
@pytest.mark.parametrize(
    "order",
    [
        {},
        {"prompt": "Do it."},
        {"prompt": "\nDo\n\nit.\n", "ticket": "PROJ-12"},
        {"ticket": "PROJ-12"},
    ],
    ids=str,
)
@pytest.mark.parametrize("changes", [{}, {"interactive": True}, {"agent_cwd": Path("/")}], ids=str)
def test_what_the_order_chose_is_no_change(
    order: dict[str, Any], changes: dict[str, Any], base: str, options: Options, write_policy: WritePolicy
) -> None:
    policy = write_policy(a="true", b="true")
    document = json.loads(policy.read_text(encoding="utf-8"))
    document["agent_profiles"][0]["base_prompt"] = base
    policy.write_text(json.dumps(document), encoding="utf-8")
    lock(options)
    [spec] = plan(Order(options=replace(options, **changes), agents=("a",), **order)).specs
    assert objections(spec, replace(options, locked=True), executor="process") == ()


@pytest.mark.parametrize(
    "held", [{"locked": True}, {"baseline": Path("known.json")}], ids=lambda held: next(iter(held))
)
def test_of_a_policy_that_cannot_be_read_it_is_said_why(
    held: dict[str, Any], spec_file: Path, options: Options, private_project: Path
) -> None:
    know(options, private_project / "known.json")
    (private_project / ".metawsm" / "policy.json").write_text("{", encoding="utf-8")
    held = {name: private_project / value if name == "baseline" else value for name, value in held.items()}
    said = refusal(spec_file, replace(options, **held))
    assert "POL001 policy.json" in said
    assert "has no agent" not in said


def test_what_touches_no_agent_stands_against_nothing(
    spec_file: Path, options: Options, private_project: Path, tmp_path: Path
) -> None:
    know(options, tmp_path / "baseline.json")
    (private_project / ".metawsm" / "executors").mkdir()
    (private_project / ".metawsm" / "executors" / "x.json").write_text("{", encoding="utf-8")
    options = replace(options, baseline=tmp_path / "baseline.json")
    assert "EXP001" in {finding.code for finding in examine(options).report.findings}
    assert execute(spec_file, options, executor="process", wait=True).processes


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
