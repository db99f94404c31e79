"""Everything that one coordinator holds."""

from pathlib import Path

from starlette.responses import Response

from tests.coordinator.records import Run, now
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
            self.store.lose(runner_id)
        self.store.expire()

    def lifecycle_event(self, run: Run, kind: str, session_status: str | None = None) -> None:
        """In the current dialect a runner's reports become events of the session; in the seed's they do not."""
        session = self.store.sessions.get(run.session_id)
        if not self.current or session is None:
            return
        event = {"event_type": kind, "session_id": run.session_id, "timestamp": now(), "run_id": run.run_id}
        session.events.append({**event, **({"error": run.error} if kind == "run_failed" else {})})
        if session_status is not None:
            session.status = session_status
        self.store.keep(session)
