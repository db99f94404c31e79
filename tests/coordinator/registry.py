"""The runners that a coordinator knows. Gone when it restarts."""

import time
from typing import Any

from tests.coordinator.answers import Refusal
from tests.coordinator.records import Runner, Stops, now, runner_id
from tests.coordinator.settings import Settings


class Registry:
    """Runners, what they are to stop, and which of them are told to go."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.runners: dict[str, Runner] = {}
        self.stops: dict[str, Stops] = {}
        self.marked: set[str] = set()
        """To be told at their next poll. A runner that deregisters itself leaves its mark behind."""

    def register(self, given: dict[str, Any]) -> Runner:
        """Register; a stale runner comes back, an online one is in the way.

        Raises:
            Refusal: 409.
        """
        executor, agents = given["executor"] or {}, given["agents"] or []
        who = (given["hostname"], given["project_dir"], given["executor_profile"])
        known = runner_id(self.settings.dialect, *who, command=str(executor.get("command") or ""))
        runner = self.runners.get(known)
        if runner is not None and runner.status == "online":
            raise Refusal(409, _duplicate(runner))
        self._refuse_collision(known, agents)
        moment = now()
        if runner is None:
            runner = self.runners[known] = Runner(
                runner_id=known,
                registered_at=moment,
                last_heartbeat=moment,
                heard=time.monotonic(),
                hostname=who[0],
                project_dir=who[1],
                executor_profile=who[2],
                executor=executor,
                tags=given["tags"] or [],
                require_matching_tags=given["require_matching_tags"],
                agents=agents,
            )
        else:
            self._come_back(runner, given, moment)
        self.stops.setdefault(known, Stops())
        return runner

    def _come_back(self, runner: Runner, given: dict[str, Any], moment: str) -> None:
        runner.last_heartbeat, runner.heard, runner.status = moment, time.monotonic(), "online"
        runner.require_matching_tags = given["require_matching_tags"]
        for name in ("tags", "executor", "agents"):
            if given[name] is not None:
                setattr(runner, name, given[name])
        self.marked.discard(runner.runner_id)

    def _refuse_collision(self, known: str, agents: list[dict[str, Any]]) -> None:
        names = {agent.get("name") for agent in agents}
        for runner in tuple(self.runners.values()):
            for agent in runner.agents:
                if runner.runner_id != known and agent.get("name") in names:
                    self.remove(known)  # one that was stale is not known any more
                    raise Refusal(409, _collision(runner, str(agent["name"])))

    def known(self, runner_id: str) -> Runner:
        """The runner of this id.

        Raises:
            Refusal: 401.
        """
        runner = self.runners.get(runner_id)
        if runner is None:
            raise Refusal(401, "Runner not registered")
        return runner

    def heartbeat(self, runner_id: str) -> None:
        """It lives. A stale runner stays stale: only registering helps."""
        runner = self.known(runner_id)
        runner.last_heartbeat, runner.heard = now(), time.monotonic()

    def remove(self, runner_id: str) -> None:
        """It deregistered itself; a mark stays."""
        self.runners.pop(runner_id, None)
        self.stops.pop(runner_id, None)

    def told_to_go(self, runner_id: str) -> bool:
        """Whether it is marked; the mark is taken off, and the runner is forgotten."""
        if runner_id not in self.marked:
            return False
        self.marked.discard(runner_id)
        self.remove(runner_id)
        return True

    def take_stops(self, runner_id: str) -> list[str]:
        """What it is to stop; asked once."""
        waiting = self.stops.get(runner_id)
        if waiting is None:
            return []
        taken = list(waiting.pending)
        waiting.pending.clear()
        waiting.event.clear()
        return taken

    def add_stop(self, runner_id: str, what: str) -> None:
        """Let it stop something, and wake its poll.

        Raises:
            Refusal: 500, the runner is not known.
        """
        waiting = self.stops.get(runner_id)
        if waiting is None:
            raise Refusal(500, "Failed to queue stop command")
        waiting.pending.add(what)
        waiting.event.set()

    def age(self) -> list[str]:
        """Make runners stale and forget them; returns the ids of the forgotten."""
        gone = []
        for runner in list(self.runners.values()):
            seconds = time.monotonic() - runner.heard
            if seconds >= self.settings.removed_after:
                gone.append(runner.runner_id)
                self.remove(runner.runner_id)
                self.marked.discard(runner.runner_id)
            elif seconds >= self.settings.stale_after:
                runner.status = "stale"
        return gone


def _duplicate(runner: Runner) -> dict[str, Any]:
    who = {name: getattr(runner, name) for name in ("runner_id", "hostname", "project_dir", "executor_profile")}
    named = f"({runner.hostname}, {runner.project_dir}, {runner.executor_profile})"
    message = f"Runner with identity {named} is already registered and online as {runner.runner_id}"
    return {"error": "duplicate_runner", "message": message, **who}


def _collision(runner: Runner, name: str) -> dict[str, Any]:
    message = f"Agent '{name}' is already registered by runner '{runner.runner_id}'"
    where = {"agent_name": name, "existing_runner_id": runner.runner_id}
    return {"error": "agent_name_collision", "message": message, **where}
