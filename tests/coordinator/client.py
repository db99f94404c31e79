"""What a test asks of a coordinator, and does to it."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from tests.coordinator.faults import Fault
from tests.coordinator.recorder import CONTROL
from tests.coordinator.settings import Settings

PATIENCE = 30.0
"""Seconds until something that has to happen counts as not happening; no test measures time with it."""

ENDS = ("completed", "failed", "stopped")


class Answer(NamedTuple):
    """Status, and the JSON of the body; ``None`` without one."""

    status: int
    body: Any


class Client:
    """The coordinator, seen from a test. Any thread may use it."""

    settings: Settings

    def __init__(self, url: str, *, token: str | None = None) -> None:
        self.url = url
        self.token = token
        self.port = urlsplit(url).port or 80
        self._lock = threading.Lock()
        self._connection: http.client.HTTPConnection | None = None

    # Requests.

    def request(
        self, method: str, path: str, body: Any = None, *, token: str | None = "", seconds: float = PATIENCE
    ) -> Answer:
        """Any request on a connection of its own; a ``str`` or ``bytes`` body is sent as it is."""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        token = self.token if token == "" else token
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        raw = body if body is None or isinstance(body, str | bytes) else json.dumps(body)
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)) as connection:
            connection.request(method, path, raw, headers)
            return _read(connection.getresponse())

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        """A request that has to succeed, on a connection that stays."""
        with self._lock:
            connection = self._connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            self._connection = None
            headers = {"Authorization": f"Bearer {self.token}"} if self.token is not None else {}
            headers |= {"Content-Type": "application/json"} if body is not None else {}
            try:
                connection.request(method, path, None if body is None else json.dumps(body), headers)
                answer = _read(connection.getresponse())
            except (OSError, http.client.HTTPException):
                connection.close()
                raise
            self._connection = connection
        assert answer.status < 300, (method, path, answer)
        return answer.body

    def disconnect(self) -> None:
        """Close the connection that stays."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def healthy(self) -> bool:
        """Whether it answers."""
        try:
            return self.request("GET", "/health", seconds=2).status == 200
        except (OSError, http.client.HTTPException):
            return False

    # What people do.

    def create(self, prompt: str = "hello", **more: Any) -> dict[str, Any]:
        """Create a run; answers its ``run_id`` and ``session_id``. The prompt is put where the dialect has it."""
        said = {"parameters": {"prompt": prompt}} if self.settings.dialect == "current" else {"prompt": prompt}
        created: dict[str, Any] = self._ask("POST", "/runs", {"type": "start_session", **said, **more})
        return created

    def resume(self, session_id: str, prompt: str = "go on", **more: Any) -> dict[str, Any]:
        """Create a run that goes on with a session."""
        return self.create(prompt, type="resume_session", session_id=session_id, **more)

    def create_verbatim(self, changes: dict[str, Any], *, remove: tuple[str, ...] = ()) -> dict[str, Any]:
        """Create a run that a poll gets otherwise than it is; no runner may have it before this returns."""
        created = self.create(additional_demands={"tags": ["never"]})
        shown = {**self.run(created["run_id"]), "status": "claimed", **changes}
        document = {name: value for name, value in shown.items() if name not in remove}
        self._ask("PUT", f"{CONTROL}/runs/{created['run_id']}", {"document": document, "demands": None})
        return created

    def stop(self, run_id: str) -> dict[str, Any]:
        """Have a run stopped."""
        answer: dict[str, Any] = self._ask("POST", f"/runs/{run_id}/stop")
        return answer

    def run(self, run_id: str) -> dict[str, Any]:
        """A run as it is now."""
        run: dict[str, Any] = self._ask("GET", f"/runs/{run_id}")
        return run

    def runs(self) -> list[dict[str, Any]]:
        """All of them."""
        found: list[dict[str, Any]] = self._ask("GET", "/runs")["runs"]
        return found

    def session(self, session_id: str) -> dict[str, Any]:
        """A session as it is now."""
        session: dict[str, Any] = self._ask("GET", f"/sessions/{session_id}")["session"]
        return session

    def result(self, session_id: str) -> Any:
        """The text that came of a session."""
        found = self._ask("GET", f"/sessions/{session_id}/result")
        return found["result_text" if self.settings.dialect == "current" else "result"]

    def events(self, session_id: str) -> list[dict[str, Any]]:
        """What happened in a session."""
        found: list[dict[str, Any]] = self._ask("GET", f"/sessions/{session_id}/events")["events"]
        return found

    def create_agent(self, name: str, **more: Any) -> None:
        """Create an agent."""
        self._ask("POST", "/agents", {"name": name, "description": name, **more})

    def runners(self) -> list[dict[str, Any]]:
        """Who is registered."""
        found: list[dict[str, Any]] = self._ask("GET", "/runners")["runners"]
        return found

    def deregister(self, runner_id: str) -> None:
        """Have a runner told to go, as a dashboard does."""
        self._ask("DELETE", f"/runners/{runner_id}")

    # What tests do.

    def fault(self, kind: Any, **more: Any) -> None:
        """Let something go wrong; see ``Fault``."""
        self._ask("POST", f"{CONTROL}/faults", Fault(kind=kind, **more).as_json())

    def mend(self) -> None:
        """Let everything go well again."""
        self._ask("DELETE", f"{CONTROL}/faults")

    def forget_runners(self) -> None:
        """What a restart does, without one: no runner is known, every connection is cut."""
        self._ask("POST", f"{CONTROL}/restart")

    def answer_poll(
        self, body: Any, *, runner_id: str = "*", status: int = 200, content_type: str = "application/json"
    ) -> None:
        """Give the next poll this answer; a ``str`` is sent as it is."""
        text = body if isinstance(body, str) else json.dumps(body)
        planned = {"body": text, "status": status, "content_type": content_type}
        self._ask("POST", f"{CONTROL}/polls/{runner_id}", planned)

    def history(self, method: str = "*", path: str = "") -> list[dict[str, Any]]:
        """Every request so far whose path contains ``path``, oldest first; see ``Entry``."""
        wanted = urlencode({"method": method, "path": path})
        entries: list[dict[str, Any]] = self._ask("GET", f"{CONTROL}/history?{wanted}")
        return entries

    def reports(self, run_id: str) -> list[str]:
        """What was reported on a run and had its effect, in that order: ``started``, ``completed``, ..."""
        return self.all_reports(f"/{run_id}/").get(run_id, [])

    def all_reports(self, path: str = "/") -> dict[str, list[str]]:
        """The same for every run that anything was reported on."""
        found: dict[str, list[str]] = {}
        for each in self.history("POST", f"/runner/runs{path}"):
            if each["effect"] and each["status"] == 200:
                _, run_id, what = each["path"].rsplit("/", 2)
                found.setdefault(run_id, []).append(what)
        return found

    def marks(self) -> list[str]:
        """Runners that will be told to go."""
        marked: list[str] = self._ask("GET", f"{CONTROL}/state")["marked"]
        return marked

    def open_polls(self) -> int:
        """Polls that wait for their answer, whether or not somebody is left to hear it."""
        return sum(each["ended"] is None for each in self.history("GET", "/runner/runs"))

    # Waiting.

    def until(self, condition: Callable[[], object], what: str, *, seconds: float = PATIENCE) -> None:
        """Wait until something holds; fails when it does not come to that."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"waited in vain for {what}"
            time.sleep(0.01)

    def until_ended(self, *run_ids: str, seconds: float = PATIENCE) -> list[str]:
        """Wait until these runs, or all, have ended; returns their statuses."""

        def statuses() -> list[str]:
            found = {run["run_id"]: run["status"] for run in self.runs()}
            return [found[run_id] for run_id in run_ids or found]

        self.until(lambda: all(each in ENDS for each in statuses()), "runs to end", seconds=seconds)
        return statuses()

    def until_status(self, run_id: str, *wanted: str) -> dict[str, Any]:
        """Wait until a run has one of these statuses; returns it."""
        self.until(lambda: self.run(run_id)["status"] in wanted, f"{run_id} to be {' or '.join(wanted)}")
        return self.run(run_id)

    def until_registered(self, count: int = 1) -> list[dict[str, Any]]:
        """Wait for so many runners; returns them."""
        self.until(lambda: len(self.runners()) == count, f"{count} runners")
        return self.runners()

    def poll(self, runner_id: str, *, seconds: float = PATIENCE) -> Answer:
        """Poll as a runner would."""
        return self.request("GET", f"/runner/runs?{urlencode({'runner_id': runner_id})}", seconds=seconds)

    @contextmanager
    def abandoned_poll(self, runner_id: str) -> Iterator[None]:
        """Within it a poll is open; afterwards its client is gone, and the poll is not."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as connection:
            before = len(self.history("GET", "/runner/runs"))
            connection.request("GET", f"/runner/runs?{urlencode({'runner_id': runner_id})}")
            self.until(lambda: len(self.history("GET", "/runner/runs")) > before, "the poll to arrive")
            yield


def _read(response: http.client.HTTPResponse) -> Answer:
    raw = response.read()
    try:
        return Answer(response.status, json.loads(raw) if raw else None)
    except ValueError:
        return Answer(response.status, raw.decode(errors="replace"))
