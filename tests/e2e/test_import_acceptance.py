"""Profiles of wg mean the same after they were taken over: what each role gets, and from which server."""

from collections.abc import Mapping
from typing import Any

import pytest
import tomlkit

from tests.e2e.bench import Bench
from tests.e2e.named import everything, profile
from tests.harness_recipes import write_files

SHARED = """
[llm_endpoints]
inherit_global = true

[[llm_endpoints.endpoints]]
name = "gateway"
provider = "oai-compat"
url = "https://gateway.example/v1"
api_key_env = "GATEWAY_KEY"
"""
TREE: Mapping[str, Mapping[str, Any]] = {
    "attic": {
        "description": "the box under the roof",
        "agent": {"model": "nex:mistral-small-24b"},
        "dispatcher": {"model": "nex:mistral-small-24b", "max_agents": 3},
        "tiers": {
            "fast": "claude:haiku",
            "standard": "nex:mistral-small-24b",
            "premium": "claude:opus",
            "fast_reasoning": "low",
        },
        "models": {"evaluator": {"model": "claude:haiku"}, "verification": {"tier": "premium"}},
        "llm_endpoints": {
            "endpoints": [
                {
                    "name": "attic",
                    "provider": "oai-compat",
                    "url": "http://attic.lan:9400/v1",
                    "api_key_ref": "env:ATTIC_KEY",
                    "is_default": True,
                }
            ]
        },
    },
    "short": {"agent": {"model": "opus"}, "models": {"flip_inference": {"model": "claude:haiku", "reasoning": "high"}}},
    "tiered": {
        "agent": {"model": "codex:gpt-5.5"},
        "tiers": {"fast": "codex:gpt-5.4-mini", "standard": "codex:gpt-5.5", "premium": "codex:gpt-5.5"},
        "models": {"evaluator": {"tier": "premium"}, "creator": {"tier": "fast"}},
    },
    "default": {
        "agent": {"model": "claude:opus"},
        "models": {"default": {"model": "claude:sonnet"}, "task_agent": {"model": "codex:gpt-5.5"}},
    },
    "downgraded": {
        "agent": {"model": "claude:opus"},
        "tiers": {"fast": "claude:haiku", "standard": "claude:sonnet", "premium": "claude:opus"},
    },
}
ROLES = {"evaluator": "fast", "assigner": "fast", "flip_inference": "fast", "creator": "premium", "evolver": "premium"}
WORKER = "task_agent"


def toml(table: Mapping[str, Any]) -> str:
    """A document as TOML."""
    return tomlkit.dumps(dict(table))


def meant(tree: Mapping[str, Any], role: str, tier: str) -> str:
    """The model that wg gives a role: its own, its tier's, the usual tier's, the default role's, the worker's."""
    own, tiers = tree.get("models", {}).get(role, {}), tree.get("tiers", {})
    default = tree.get("models", {}).get("default", {}).get("model")
    tries = (own.get("model"), tiers.get(own.get("tier")), tiers.get(tier), default, tree["agent"]["model"])
    spec = next(each for each in tries if each)
    return spec if ":" in spec else f"claude:{spec}"


@pytest.fixture
def taken(bench: Bench) -> Bench:
    """A machine on which a tree of wg was taken over."""
    for name in ("claude_code", "codex"):
        bench.install(name)
    files = {f".wg/profiles/{name}.toml": toml(tree) for name, tree in TREE.items()}
    write_files(bench.home, {**files, ".wg/config.toml": f'agent.model = "claude:opus"\n{SHARED}'})
    document = bench.ask("profile", "import", "~/.wg")
    made = {each["name"]: each["path"] for each in document["profiles"] if each["problem"] is None}
    assert made == {name: str(profile(bench, name)) for name in ("wg", *TREE)}
    return bench


def effective(bench: Bench, name: str) -> dict[str, str]:
    """What counts with a profile, by key."""
    bench.environment["DOCTOR_PROFILE"] = name
    return {value["key"]: value["value"] for value in bench.ask("profile", "show")["values"]}


@pytest.mark.parametrize("name", TREE)
def test_every_role_gets_the_model_that_it_had(taken: Bench, name: str) -> None:
    tree = TREE[name]
    runner = meant(tree, WORKER, "standard").partition(":")[0]
    taken.policy([{"name": "ann", "runner": runner, "stage": "execute"}])
    values = effective(taken, name)
    roles = {role: values[f"models.{role.partition('_')[0]}.model"] for role in ROLES}
    assert roles == {role: meant(tree, role, tier) for role, tier in ROLES.items()}
    assert values["stages.execute.model"] == meant(tree, WORKER, "standard")
    assert values["agent.model"] == meant({"agent": tree["agent"]}, "", "")


def test_reasoning_and_model_servers_are_kept(taken: Bench) -> None:
    attic, short = effective(taken, "attic"), effective(taken, "short")
    assert {key: attic[key] for key in attic if key.startswith("endpoints.")} == {
        "endpoints.attic.url": "http://attic.lan:9400/v1",
        "endpoints.attic.kind": "openai",
        "endpoints.attic.key": "env:ATTIC_KEY",
        "endpoints.attic.default": "true",
    }
    assert (attic["models.assigner.reasoning"], short["models.flip.reasoning"]) == ("low", "high")
    assert (short["endpoints.gateway.url"], short["endpoints.gateway.key"]) == (
        "https://gateway.example/v1",
        "env:GATEWAY_KEY",
    )


def test_what_has_no_meaning_here_is_named_with_its_line(bench: Bench) -> None:
    path = ".wg/profiles/attic.toml"
    write_files(bench.home, {path: toml(TREE["attic"])})
    notes = bench.ask("profile", "import", "~/.wg/profiles")["notes"]
    text = (bench.home / path).read_text(encoding="utf-8").splitlines()
    told = {note["key"]: text[note["line"] - 1] for note in notes}
    assert told == {"dispatcher.max_agents": "max_agents = 3", "models.verification": "[models.verification]"}


def test_nothing_is_overwritten_and_one_broken_file_keeps_no_other_away(taken: Bench) -> None:
    write_files(taken.home, {".wg/profiles/bad.toml": "agent = [", ".wg/profiles/new.toml": 'agent.model = "opus"'})
    before = everything(taken)
    document = taken.ask("profile", "import", "~/.wg", code=1)
    made = [each["name"] for each in document["profiles"] if each["problem"] is None]
    assert (made, document["ok"]) == (["new"], False)
    after = everything(taken)
    assert {place: after[place] for place in before} == before
