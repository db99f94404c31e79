"""How a runner proves who it is."""

import http.server
import json
import shutil
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.coordinator import tokens
from tests.coordinator.server import Coordinator
from tests.runner.acceptance.machine import Machine

KEY = "key of the tenant"


class Tenant:
    """An authorization server on loopback with a certificate of its own making."""

    def __init__(self, directory: Path) -> None:
        self.certificate, key = directory / "certificate.pem", directory / "key.pem"
        openssl = shutil.which("openssl")
        if openssl is None:
            pytest.skip("openssl is missing: apt-get install openssl")
        subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        files = ["-keyout", str(key), "-out", str(self.certificate)]
        subprocess.run(
            [
                openssl,
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                *files,
                *subject,
            ],
            check=True,
            capture_output=True,
        )
        self.requests: list[dict[str, Any]] = []
        self.seconds = 3600.0
        self.answer: tuple[int, str] | None = None
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        tenant = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                tenant.requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                token = {
                    "access_token": tokens.issue(KEY, tenant.seconds),
                    "token_type": "Bearer",
                    "expires_in": tenant.seconds,
                }
                status, body = tenant.answer or (200, json.dumps(token))
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *arguments: Any) -> None:
                """Say nothing."""

        return Handler

    @property
    def environment(self) -> dict[str, str]:
        """What a runner has to be given."""
        return {
            "AUTH0_DOMAIN": f"localhost:{self._server.server_address[1]}",
            "AUTH0_RUNNER_CLIENT_ID": "the client",
            "AUTH0_RUNNER_CLIENT_SECRET": "the s3cret",
            "AUTH0_AUDIENCE": "the audience",
            "SSL_CERT_FILE": str(self.certificate),
        }

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def tenant(tmp_path: Path) -> Iterator[Tenant]:
    """One that gives a token to whoever asks."""
    found = Tenant(tmp_path)
    yield found
    found.close()


def headers(coordinator: Coordinator, path: str) -> set[str | None]:
    """What was brought."""
    return {entry["headers"].get("authorization") for entry in coordinator.history("*", path)}


def test_without_credentials_none_are_sent(machine: Machine, seed: Coordinator) -> None:
    machine.ready(seed)
    assert headers(seed, "/runner/") == {None}


def test_a_token_from_a_file(machine: Machine, serve: Callable[..., Coordinator]) -> None:
    coordinator = serve(token="t0ken")
    path = machine.root / "token"
    path.write_text("t0ken\n", encoding="utf-8")
    path.chmod(0o600)
    runner = machine.ready(coordinator, "--token-file", str(path))
    assert coordinator.until_ended(coordinator.create()["run_id"]) == ["completed"]
    assert headers(coordinator, "/runner/") == {"Bearer t0ken"}
    assert "t0ken" not in runner.said


def test_a_token_from_a_variable(machine: Machine, serve: Callable[..., Coordinator]) -> None:
    coordinator = serve(token="t0ken")
    runner = machine.ready(coordinator, "--token-env", "MINE", "-v", MINE="t0ken")
    assert coordinator.until_ended(coordinator.create()["run_id"]) == ["completed"]
    assert "t0ken" not in runner.said
    assert runner.stop() == 0
    assert coordinator.runners() == []


@pytest.mark.parametrize("options", [("--token-env", "NOT_SET"), ("--token-file", "/nowhere/token")])
def test_a_token_that_is_not_there_is_told(machine: Machine, seed: Coordinator, options: tuple[str, str]) -> None:
    answer = machine.run("-c", seed.url, "--profile", "probe", *options)
    assert answer.returncode in {1, 2}
    assert (options[1] in answer.stderr, "Traceback" in answer.stderr, seed.history()) == (True, False, [])


def test_no_credentials_where_they_are_needed_end_it(machine: Machine, serve: Callable[..., Coordinator]) -> None:
    runner = machine.start(serve(token="t0ken"))
    assert runner.wait() == 1
    assert "Missing credentials" in runner.said


def test_wrong_credentials_end_it(machine: Machine, serve: Callable[..., Coordinator]) -> None:
    runner = machine.start(serve(token="t0ken"), "--token-env", "MINE", MINE="wr0ng")
    assert runner.wait() == 1
    assert ("Invalid or expired token" in runner.said, "wr0ng" in runner.said) == (True, False)


def test_being_forgotten_is_no_question_of_credentials(machine: Machine, serve: Callable[..., Coordinator]) -> None:
    coordinator = serve(token="t0ken")
    runner = machine.ready(coordinator, "--token-env", "MINE", MINE="t0ken")
    coordinator.forget_runners()
    coordinator.until_registered()
    assert coordinator.until_ended(coordinator.create()["run_id"]) == ["completed"]
    assert runner.process.poll() is None


def test_a_client_gets_a_token_of_its_tenant(
    machine: Machine, serve: Callable[..., Coordinator], tenant: Tenant
) -> None:
    coordinator = serve(tenant=KEY, token="of-the-test")
    runner = machine.ready(coordinator, **tenant.environment)
    assert coordinator.until_ended(coordinator.create()["run_id"]) == ["completed"]
    assert tenant.requests == [
        {
            "grant_type": "client_credentials",
            "client_id": "the client",
            "client_secret": "the s3cret",
            "audience": "the audience",
        }
    ]
    assert "s3cret" not in runner.said


def test_a_token_is_refreshed_before_it_expires(
    machine: Machine, serve: Callable[..., Coordinator], tenant: Tenant
) -> None:
    tenant.seconds = 61.5  # refreshed a minute before
    coordinator = serve(tenant=KEY, token="of-the-test", poll_timeout=1)
    machine.ready(coordinator, **tenant.environment)
    coordinator.until(lambda: len(tenant.requests) >= 2, "another token")
    statuses = {entry["status"] for entry in coordinator.history("*", "/runner/") if entry["ended"]}
    assert statuses <= {200, 204}


def test_a_token_that_is_refused_is_refreshed_once(
    machine: Machine, serve: Callable[..., Coordinator], tenant: Tenant
) -> None:
    coordinator = serve(tenant=KEY, token="of-the-test")
    machine.ready(coordinator, **tenant.environment)
    detail = json.dumps({"detail": "Invalid or expired token"})
    coordinator.fault("answer", path=r".*/completed", status=403, body=detail, content_type="application/json")
    created = coordinator.create()
    assert coordinator.until_ended(created["run_id"]) == ["completed"]
    assert coordinator.reports(created["run_id"]) == ["started", "completed"]
    assert len(tenant.requests) == 2


@pytest.mark.parametrize("answer", [(401, '{"error": "access_denied"}'), (200, "[]"), (200, "{}"), (500, "")])
def test_a_tenant_that_gives_none_ends_it(
    machine: Machine, serve: Callable[..., Coordinator], tenant: Tenant, answer: tuple[int, str]
) -> None:
    tenant.answer = answer
    runner = machine.start(serve(tenant=KEY, token="of-the-test"), **tenant.environment)
    if answer[0] != 500:
        assert runner.wait() == 1
    else:
        machine.until(
            lambda: "[ERROR]" in runner.said or "[WARNING]" in runner.said or runner.process.poll(), "it to be told"
        )
    assert ("s3cret" in runner.said, "Traceback" in runner.said) == (False, False)
