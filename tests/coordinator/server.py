"""A coordinator that serves: in a thread of the test, or as a process that can be killed."""

import asyncio
import json
import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from tests.coordinator.app import build
from tests.coordinator.client import Client
from tests.coordinator.settings import Settings

PROGRAM = Path(__file__).with_name("__main__.py")
PATIENCE = 20.0


class _NoFarewell(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not (str(record.msg).startswith("Cancel") or isinstance(error, asyncio.CancelledError))


logging.getLogger("uvicorn.error").addFilter(_NoFarewell())


def configured(app: ASGIApp) -> uvicorn.Config:
    """How it is served: nothing is waited for at its end, and nothing is logged but what goes wrong."""
    return uvicorn.Config(
        app,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=0,
        timeout_keep_alive=75,
    )


def listening(port: int = 0) -> socket.socket:
    """A socket on loopback, which listens."""
    # With its protocol named, asyncio sends small answers at once; without, each waits for an acknowledgement.
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.bind(("127.0.0.1", port))
    found.listen(512)
    return found


class Coordinator(Client):
    """In a thread of this process."""

    def __init__(self, settings: Settings | None = None, *, port: int = 0, directory: Path | None = None) -> None:
        self.settings = settings or Settings()
        self._socket = listening(port)
        super().__init__(f"http://127.0.0.1:{self._socket.getsockname()[1]}", token=self.settings.token)
        self._server = uvicorn.Server(configured(build(self.settings, directory)))
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        _await(lambda: self._server.started, "the coordinator to start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving; whoever waits is cut off."""
        self.disconnect()
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()


class CoordinatorProcess(Client):
    """As a process of its own, which may be killed and started again on the same port with the same runs."""

    def __init__(self, directory: Path, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.directory = directory
        self._socket = listening()
        super().__init__(f"http://127.0.0.1:{self._socket.getsockname()[1]}", token=self.settings.token)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start serving. Between two starts connections wait in the queue of the socket, which stays open."""
        argv = [sys.executable, "-I", str(PROGRAM), "--fd", str(self._socket.fileno())]
        argv += ["--directory", str(self.directory), "--settings", json.dumps(self.settings.as_json())]
        self.process = subprocess.Popen(argv, pass_fds=[self._socket.fileno()], stdin=subprocess.DEVNULL)
        _await(self.healthy, "the coordinator to start")

    def kill(self) -> None:
        """End it as a crash would."""
        self.disconnect()
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def refuse(self) -> None:
        """Let nobody connect either until ``start_again``; the process has to be gone."""
        self._socket.close()

    def start_again(self) -> None:
        """Serve on the same port after ``refuse``."""
        self._socket = listening(self.port)
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self.kill()
        self._socket.close()


def _await(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited in vain for {what}")
        time.sleep(0.005)
