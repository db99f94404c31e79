"""The runs and sessions that a coordinator keeps. They outlive a restart where it has a file for them."""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.coordinator.answers import Refusal
from tests.coordinator.events import kept
from tests.coordinator.matching import suits
from tests.coordinator.records import ENDED, Run, Runner, Session, now
from tests.coordinator.settings import Settings

NO_MATCH = "No matching runner available within timeout"
RESTARTED = "Coordinator restarted during execution"


class Store:
    """Runs, sessions and agents. It checks no order and no ownership: whoever reports on a run is believed."""

    def __init__(self, settings: Settings, path: Path | None) -> None:
        self.settings = settings
        self.runs: dict[str, Run] = {}
        self.sessions: dict[str, Session] = {}
        self.agents: dict[str, dict[str, Any]] = {}
        self.path = path
        self.load()

    def load(self) -> None:
        """Read everything again, as a coordinator that starts does: from then on the newest run is handed out first."""
        for kind, document in self._kept():
            if kind == "session":
                self.sessions[document["session_id"]] = Session(**document)
            elif kind == "agent":
                self.agents[document["name"]] = document
            else:
                self.runs[document["run_id"]] = Run(**document)
        for run in self.runs.values():
            run.status, run.stored_status = run.stored_status or run.status, None
            self._recover(run)
        newest_first = sorted(self.runs.values(), key=lambda run: run.created_at, reverse=True)
        self.runs = {run.run_id: run for run in newest_first}

    def _recover(self, run: Run) -> None:
        """What was under way: a stop counts as done, what began too long ago as lost."""
        past = (datetime.now(UTC) - timedelta(seconds=self.settings.recovered_after)).isoformat()
        if run.status == "stopping":
            self.move(run, "stopped")
        elif run.status == "running" and (run.started_at or "") < past:
            self.move(run, "failed", RESTARTED)
        elif run.status == "claimed" and (run.claimed_at or "") < past:
            run.status, run.runner_id, run.claimed_at = "pending", None, None
            self.keep(run)

    def _kept(self) -> Iterator[tuple[str, dict[str, Any]]]:
        if self.path is None or not self.path.exists():
            return
        for line in self.path.read_text(encoding="utf-8").splitlines():
            kind, document = json.loads(line)
            yield kind, document

    def keep(self, what: Run | Session) -> None:
        """Write a run or a session down."""
        self._keep("run" if isinstance(what, Run) else "session", asdict(what))

    def keep_agent(self, agent: dict[str, Any]) -> None:
        """Write an agent down."""
        self.agents[agent["name"]] = agent
        self._keep("agent", agent)

    def _keep(self, kind: str, document: dict[str, Any]) -> None:
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps([kind, document]) + "\n")

    def run(self, run_id: str) -> Run:
        """The run of this id.

        Raises:
            Refusal: 404.
        """
        run = self.runs.get(run_id)
        if run is None:
            raise Refusal(404, "Run not found")
        return run

    def add(self, run: Run) -> None:
        """Keep a new run; one with demands does not wait for ever."""
        if run.demands:
            wait = self.settings.no_match_timeout
            run.timeout_at = (datetime.now(UTC) + timedelta(seconds=wait)).isoformat()
            run.expires = time.monotonic() + wait
        self.runs[run.run_id] = run
        self.keep(run)

    def claim(self, runner: Runner) -> Run | None:
        """Give the first run that waits and suits to a runner."""
        for run in self.runs.values():
            if run.status == "pending" and suits(runner, run.demands):
                run.status, run.runner_id, run.claimed_at = "claimed", runner.runner_id, now()
                self.keep(run)
                return run
        return None

    def move(self, run: Run, status: str, error: str | None = None) -> None:
        """Give a run a status, whatever it had."""
        run.status = status
        run.error = error or run.error
        if status == "running":
            run.started_at = now()
        elif status in ENDED:
            run.completed_at = now()
        self.keep(run)

    def of_session(self, session_id: str) -> Run | None:
        """The first run of a session, ended or not: so a resumed session is never really stopped."""
        return next((run for run in self.runs.values() if run.session_id == session_id), None)

    def expire(self) -> None:
        """Fail the runs that waited too long."""
        for run in self.runs.values():
            if run.status == "pending" and run.expires is not None and run.expires <= time.monotonic():
                self.move(run, "failed", NO_MATCH)

    def lose(self, runner_id: str) -> None:
        """A runner is gone: its sessions have failed, and so its runs in the database, but not in the answers."""
        for run in self.runs.values():
            if run.runner_id == runner_id and run.status in {"claimed", "running"}:
                run.stored_status = "failed"
                self.keep(run)
                self.set_session(run.session_id, "failed")

    def finish_idle(self, runner_id: str) -> None:
        """End the sessions that wait for their next run, where this runner had the last one."""
        newest = {run.session_id: run for run in sorted(self.runs.values(), key=lambda run: run.created_at)}
        for run in newest.values():
            if run.runner_id == runner_id and self.sessions[run.session_id].status == "idle":
                self.set_session(run.session_id, "finished")

    def session(self, session_id: str) -> Session:
        """The session of this id.

        Raises:
            Refusal: 404.
        """
        session = self.sessions.get(session_id)
        if session is None:
            raise Refusal(404, "Session not found")
        return session

    def add_session(self, session: Session) -> None:
        """Keep a new session."""
        self.sessions[session.session_id] = session
        self.keep(session)

    def set_session(self, session_id: str, status: str) -> None:
        """Give a session a status, where it exists."""
        if (session := self.sessions.get(session_id)) is not None:
            session.status = status
            self.keep(session)

    def append(self, session: Session, event: dict[str, Any]) -> None:
        """Add an event to a session."""
        session.events.append(kept(event, len(session.events) + 1, self.settings.dialect))
        self.keep(session)
