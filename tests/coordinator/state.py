"""Everything that one coordinator holds."""

from pathlib import Path
from typing import Any

from starlette.responses import Response

from tests.coordinator.records import Run, Session, now
from tests.coordinator.registry import Registry
from tests.coordinator.settings import Settings
from tests.coordinator.store import Store


class State:
    """Only ever touched on the server's event loop."""

    def __init__(self, settings: Settings, path: Path | None = None) -> None:
        self.settings = settings
        self.current = settings.dialect == "current"
        self.registry = Registry(settings)
        self.store = Store(settings, path)
        self.planned: dict[str, list[Response]] = {}
        """Answers for polls, by runner or ``*``, that a test wants given before any other."""

    def restart(self) -> None:
        """What a process that is started again knows: no runner, and every run. Open polls end."""
        self.registry = Registry(self.settings)
        self.store.load()

    def age(self) -> None:
        """What happens only because time passes."""
        for runner_id in self.registry.age():
            if self.current:
                self.store.lose(runner_id)
        self.store.expire()

    def began(self, run: Run) -> None:
        """A runner has told that it began a run: the current dialect makes an event of that."""
        session = self.store.sessions.get(run.session_id)
        if not self.current or session is None:
            return
        session.parent_session_id = run.parent_session_id or session.parent_session_id
        if session.status == "idle":
            session.status = "running"
        self.happened(session, "run_start")

    def completed(self, run: Run, session_status: str) -> None:
        """A runner has told that it completed a run, and what the session is from now on."""
        session = self.store.sessions.get(run.session_id)
        if session is not None:
            session.status = session_status
            self.happened(session, "run_completed", exit_code=0, reason="completed")

    def left(self, runner_id: str) -> None:
        """A runner has deregistered itself: what it had not told of is lost, and what waited for it is over."""
        self.store.lose(runner_id)
        self.store.finish_idle(runner_id)

    def happened(self, session: Session, kind: str, **more: Any) -> None:
        """The coordinator itself adds an event to a session."""
        event = {"event_type": kind, "session_id": session.session_id, "timestamp": now()}
        self.store.append(session, {**event, **more})
