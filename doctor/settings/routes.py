"""The ways to run agents that a first setup offers, and which of them this machine is ready for."""

from collections.abc import Mapping
from typing import Any

from doctor.config.names import nearest
from doctor.errors import UsageError
from doctor.harness.registry import Registry
from doctor.model.harness import Auth, HarnessFact
from doctor.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One way to run agents."""

    name: str
    runtime_id: str
    starter: str
    """The named profile that goes with it."""

    options: Mapping[str, Any]
    """``runner_options`` with which its agent can work unattended."""

    @property
    def agent_profile(self) -> str:
        """Name of its agent profile in the policy."""
        return f"{self.name}-default"


ROUTES: Mapping[str, Route] = {
    route.name: route
    for route in (
        Route(name="codex", runtime_id="codex", starter="codex", options={"full_auto": True}),
        Route(name="claude", runtime_id="claude_code", starter="claude", options={"permission_mode": "acceptEdits"}),
        Route(name="local", runtime_id="nex", starter="wgnext", options={"permission_mode": "auto"}),
    )
}
"""By name, the preferred one first."""

_READY = {Auth.YES: 0, Auth.UNKNOWN: 1, Auth.NO: 2}


def route_named(name: str) -> Route:
    """The route of this name.

    Raises:
        UsageError: There is none.
    """
    route = ROUTES.get(name)
    if route is None:
        near = nearest(name, ROUTES)
        hint = f"did you mean {near}?" if near else f"routes: {', '.join(ROUTES)}"
        raise UsageError(f"there is no route {name!r}", remedy=hint)
    return route


def best_route(harnesses: Mapping[str, HarnessFact]) -> Route:
    """The route whose harness is found and logged in, else found at all.

    Raises:
        UsageError: No route's harness is there.
    """
    found = [route for route in ROUTES.values() if harnesses[route.runtime_id].found]
    if not found:
        names = ", ".join(route.runtime_id for route in ROUTES.values())
        raise UsageError(
            f"none of the harnesses that a first setup knows is here: {names}",
            remedy=f"install one of them, or choose with --route {'|'.join(ROUTES)}",
        )
    return min(found, key=lambda route: _READY[harnesses[route.runtime_id].auth])


def discovery(fact: HarnessFact) -> str:
    """What is known of a harness, in one line."""
    if not fact.found:
        return f"{fact.runtime_id} was not found"
    words = [fact.runtime_id, *filter(None, [fact.program.version]), f"at {fact.program.path}"]
    login = {Auth.YES: ", logged in", Auth.NO: ", not logged in"}.get(fact.auth, "")
    return " ".join(words) + login


def next_steps(fact: HarnessFact, registry: Registry) -> tuple[str, ...]:
    """What is still to be done before this harness can run agents."""
    harness = registry.get(fact.runtime_id)
    if not fact.found:
        install = registry.install(fact.runtime_id)
        return (f"install {fact.runtime_id}: {install}",) if install else (f"install {fact.runtime_id}",)
    if fact.auth is Auth.NO and harness is not None and harness.login:
        return (f"log in: {harness.login}",)
    return ()
