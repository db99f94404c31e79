from collections.abc import Mapping

import pytest

import profiles
from doctor.errors import UsageError
from doctor.harness.registry import Registry, builtin_harnesses
from doctor.model.harness import Auth, HarnessFact, ProgramFact
from doctor.settings.routes import ROUTES, Route, best_route, discovery, next_steps, route_named


def fact(runtime_id: str, auth: Auth | None) -> HarnessFact:
    """A harness that is installed; without an answer about its login, one that is absent."""
    if auth is None:
        return HarnessFact(runtime_id=runtime_id, title=runtime_id)
    program = ProgramFact(path=f"/bin/{runtime_id}", version="1.2.3")
    return HarnessFact(runtime_id=runtime_id, title=runtime_id, program=program, auth=auth)


def machine(
    *, codex: Auth | None = None, claude_code: Auth | None = None, nex: Auth | None = None
) -> Mapping[str, HarnessFact]:
    given = {"codex": codex, "claude_code": claude_code, "nex": nex}
    return {runtime_id: fact(runtime_id, auth) for runtime_id, auth in given.items()}


@pytest.mark.parametrize(
    ("harnesses", "expected"),
    [
        (machine(codex=Auth.YES, claude_code=Auth.YES, nex=Auth.UNKNOWN), "codex"),
        (machine(codex=Auth.NO, claude_code=Auth.YES, nex=Auth.UNKNOWN), "claude"),
        (machine(codex=Auth.UNKNOWN, claude_code=Auth.YES), "claude"),
        (machine(codex=Auth.NO, claude_code=Auth.NO), "codex"),
        (machine(claude_code=Auth.NO), "claude"),
        (machine(codex=Auth.NO, nex=Auth.UNKNOWN), "local"),
    ],
)
def test_the_route_that_is_closest_to_running_is_taken(harnesses: Mapping[str, HarnessFact], expected: str) -> None:
    assert best_route(harnesses).name == expected


def test_without_any_harness_there_is_no_route_and_the_user_is_told_what_to_do() -> None:
    with pytest.raises(UsageError, match="codex, claude_code, nex") as raised:
        best_route(machine())
    assert raised.value.remedy == "install one of them, or choose with --route codex|claude|local"


@pytest.mark.parametrize(("word", "hint"), [("cladue", "did you mean claude?"), ("x", "routes: codex, claude, local")])
def test_an_unknown_route_is_answered_with_the_known_ones(word: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        route_named(word)
    assert raised.value.remedy == hint


@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_a_route_leads_to_a_harness_and_a_starter_that_exist(route: Route) -> None:
    assert Registry(builtin_harnesses()).canonical(route.runtime_id) == route.runtime_id
    assert route.starter in profiles.STARTERS


def test_what_was_found_is_told_in_one_line() -> None:
    assert discovery(fact("codex", Auth.YES)) == "codex 1.2.3 at /bin/codex, logged in"
    assert discovery(fact("codex", Auth.NO)) == "codex 1.2.3 at /bin/codex, not logged in"
    assert discovery(fact("nex", Auth.UNKNOWN)) == "nex 1.2.3 at /bin/nex"
    assert discovery(fact("codex", None)) == "codex was not found"


def test_what_is_left_is_installing_or_logging_in() -> None:
    registry = Registry(builtin_harnesses())
    assert next_steps(fact("codex", None), registry) == ("install codex: npm install -g @openai/codex",)
    assert next_steps(fact("codex", Auth.NO), registry) == ("log in: codex login",)
    assert next_steps(fact("codex", Auth.YES), registry) == ()
