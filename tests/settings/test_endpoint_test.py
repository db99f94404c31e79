"""Endpoints are asked what they serve, and no key gets out."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from doctor.config.paths import Paths
from doctor.errors import UsageError
from doctor.model.options import Options
from doctor.settings.endpoint_test import endpoint_test
from doctor.settings.results import EndpointVerdict
from tests.fake_model.server import FakeModel

KEY = "a-key-that-nobody-may-see"
KINDS = {"openai": "/v1", "anthropic": "", "gemini": ""}
Write = Callable[..., None]


@pytest.fixture
def configure(paths: Paths) -> Write:
    """``configure(box={"url": ...})`` writes these endpoints."""

    def write(**endpoints: dict[str, Any]) -> None:
        paths.config_dir.mkdir(parents=True, exist_ok=True)
        lines = [
            f"[endpoints.{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
            for name, table in endpoints.items()
        ]
        paths.machine_file.write_text("\n".join(lines))

    return write


@pytest.fixture
def keyed(options: Options) -> Options:
    return replace(options, environment={**options.environment, "BOX_KEY": f"{KEY}\n"})


@pytest.fixture
def guarded() -> Iterator[FakeModel]:
    with FakeModel(require_key=KEY) as model:
        yield model


def one(options: Options, name: str | None = "box", **given: Any) -> EndpointVerdict:
    [verdict] = endpoint_test(options, name, **given)
    assert KEY not in repr(verdict)
    assert verdict.duration_ms >= 0
    return replace(verdict, duration_ms=0.0)


@pytest.mark.parametrize("kind", KINDS)
def test_an_endpoint_that_wants_a_key_gets_it(kind: str, guarded: FakeModel, keyed: Options, configure: Write) -> None:
    url = guarded.url + KINDS[kind]
    configure(box={"url": url, "kind": kind, "api_key_env": "BOX_KEY"})
    assert one(keyed, model="fake-model") == EndpointVerdict(
        name="box",
        url=url,
        reachable=True,
        auth="yes",
        model="present",
        detail='lists 2 models, "fake-model" among them',
        duration_ms=0.0,
    )
    assert [request.method for request in guarded.requests] == ["GET"]


@pytest.mark.parametrize("kind", KINDS)
def test_one_token_is_asked_for_only_when_wanted(
    kind: str, guarded: FakeModel, keyed: Options, configure: Write
) -> None:
    configure(box={"url": guarded.url + KINDS[kind], "kind": kind, "api_key_env": "BOX_KEY"})
    verdict = one(keyed, deep=True)
    assert (verdict.reachable, verdict.auth, verdict.model) == (True, "yes", "unknown")
    assert verdict.detail == 'lists 2 models; "fake-model" said a token'
    assert [each.conversation.model for each in guarded.requests if each.conversation] == ["fake-model"]


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ({}, "wants a key (401), and none is configured"),
        ({"api_key_env": "WRONG_KEY"}, "refused the key (401)"),
        ({"api_key_env": "NO_KEY"}, "no value for the key (env:NO_KEY): the variable is not set; wants a key (401)"),
    ],
)
def test_a_missing_or_wrong_key_is_a_refusal(
    reference: dict[str, str], words: str, guarded: FakeModel, options: Options, configure: Write
) -> None:
    configure(box={"url": guarded.openai_url, **reference})
    here = replace(options, environment={**options.environment, "WRONG_KEY": "wrong"})
    verdict = one(here, deep=True)
    assert (verdict.reachable, verdict.auth, verdict.model) == (True, "no", "unknown")
    assert verdict.detail == words


def test_the_key_may_stand_in_a_file_or_be_printed_by_a_command(
    guarded: FakeModel, options: Options, paths: Paths, configure: Write
) -> None:
    configure(
        filed={"url": guarded.openai_url, "api_key_file": "key"},
        printed={"url": guarded.openai_url, "api_key_command": ["cat", str(paths.config_dir / "key")]},
    )
    (paths.config_dir / "key").write_text(f"{KEY}\n")
    assert [(each.name, each.auth) for each in endpoint_test(options)] == [("filed", "yes"), ("printed", "yes")]


def test_an_endpoint_that_wants_no_key_says_so(fake_model: FakeModel, options: Options, configure: Write) -> None:
    configure(box={"url": fake_model.openai_url})
    assert (one(options).auth, one(options, deep=True).auth) == ("none", "none")


def test_a_model_that_is_not_served_is_told_with_what_is(
    fake_model: FakeModel, options: Options, configure: Write
) -> None:
    configure(box={"url": fake_model.openai_url})
    verdict = one(options, model="other")
    assert (verdict.model, verdict.detail) == (
        "absent",
        'lists 2 models, but not "other": fake-model, fake-model-small',
    )


def test_the_models_that_the_active_profile_sends_there_are_looked_for(
    fake_model: FakeModel, options: Options, paths: Paths, configure: Write
) -> None:
    configure(box={"url": fake_model.openai_url, "default": True})
    policy = options.cwd / ".metawsm" / "policy.json"
    policy.parent.mkdir()
    profile = {"name": "p", "runner": "nex", "base_prompt": "Work."}
    policy.write_text(
        json.dumps({"version": 2, "agent_profiles": [profile], "agents": [{"name": "a", "profile": "p"}]})
    )
    paths.profiles_dir.mkdir()
    paths.active_profile_file.write_text("work\n")
    for model, expected in (("fake-model-small", "present"), ("gone", "absent")):
        paths.profile_file("work").write_text(f'[agent]\nmodel = "nex:{model}"\n')
        verdict = one(options)
        assert (verdict.model, model in verdict.detail) == (expected, True)


def test_a_name_that_stands_for_another_is_not_looked_for_in_a_list(
    fake_model: FakeModel, options: Options, configure: Write
) -> None:
    configure(box={"url": fake_model.url, "kind": "anthropic"})
    assert one(options, model="opus").model == "unknown"


def test_no_key_is_sent_unencrypted_to_another_machine(
    keyed: Options, configure: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr("doctor.settings.endpoint_test.ask_endpoint", _remembering(sent))
    configure(box={"url": "http://models.example/v1", "api_key_env": "BOX_KEY", "headers.x-team": "BOX_KEY"})
    verdict = one(keyed)
    assert sent == [{}]
    assert (verdict.auth, verdict.detail) == (
        "unknown",
        "its key is not sent: models.example would get it unencrypted",
    )


def _remembering(sent: list[Any]) -> Callable[..., Any]:
    from doctor.harness.endpoint_probe import EndpointAnswer

    def ask(_endpoint: Any, headers: Any, **_: Any) -> EndpointAnswer:
        sent.append(dict(headers))
        return EndpointAnswer(status=200)

    return ask


class Scripted(BaseHTTPRequestHandler):
    """Answers as its server's ``answer`` says."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        status, headers, body = self.server.answer(self)  # type: ignore[attr-defined]
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.server.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))  # type: ignore[attr-defined]
        self.do_GET()

    def log_message(self, *args: Any) -> None:
        """Stay quiet."""


@pytest.fixture
def scripted() -> Iterator[Callable[..., Any]]:
    """``scripted(answer)`` is a server whose ``answer(request)`` gives status, headers and body."""
    running: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def start(answer: Callable[[Any], tuple[int, dict[str, str], bytes]]) -> Any:
        server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Scripted)
        server.answer, server.asked, server.bodies = answer, [], []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        running.append((server, thread))
        return server

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_redirect_to_another_host_is_not_followed(
    scripted: Callable[..., Any], keyed: Options, configure: Write
) -> None:
    other = scripted(lambda _: (200, {}, b"{}"))
    server = scripted(lambda _: (302, {"Location": f"http://localhost:{other.server_port}/models"}, b""))
    configure(box={"url": f"http://127.0.0.1:{server.server_port}", "api_key_env": "BOX_KEY"})
    verdict = one(keyed, deep=True)
    assert (verdict.reachable, verdict.auth) == (False, "unknown")
    assert verdict.detail == "redirects to another server, localhost; that is not followed"
    assert (server.asked, other.asked) == (["/models"], [])


@pytest.mark.parametrize(
    ("status", "body", "detail"),
    [
        (200, b"<html>not a list</html>", "answers"),
        (200, b'{"data": {"id": 3}}', "answers"),
        (200, b'{"data": [{"id": 3}, 4]}', "lists 0 models"),
        (404, b"", "has no list of models at /models (404)"),
        (500, KEY.encode(), "answered with an error (500)"),
    ],
)
def test_strange_answers_are_survived(
    status: int, body: bytes, detail: str, scripted: Callable[..., Any], keyed: Options, configure: Write
) -> None:
    server = scripted(lambda _: (status, {}, body))
    configure(box={"url": f"http://127.0.0.1:{server.server_port}", "api_key_env": "BOX_KEY"})
    verdict = one(keyed)
    assert (verdict.reachable, verdict.model, verdict.detail) == (True, "unknown", detail)


def test_a_server_without_a_list_can_still_prove_its_model(
    scripted: Callable[..., Any], keyed: Options, configure: Write
) -> None:
    server = scripted(lambda request: (200 if request.command == "POST" else 404, {}, b"{}"))
    configure(box={"url": f"http://127.0.0.1:{server.server_port}", "api_key_env": "BOX_KEY"})
    verdict = one(keyed, deep=True, model="m-1")
    assert (verdict.reachable, verdict.auth, verdict.model) == (True, "yes", "present")


def test_a_model_that_takes_its_limit_by_another_name_is_asked_again(
    scripted: Callable[..., Any], keyed: Options, configure: Write
) -> None:
    def answer(request: Any) -> tuple[int, dict[str, str], bytes]:
        refused = request.command == "POST" and "max_tokens" in server.bodies[-1]
        return 400 if refused else 200, {}, b"{}"

    server = scripted(answer)
    configure(box={"url": f"http://127.0.0.1:{server.server_port}", "api_key_env": "BOX_KEY"})
    verdict = one(keyed, deep=True, model="m-1")
    assert (verdict.auth, verdict.model) == ("yes", "present")
    limits = [{key: value for key, value in body.items() if key.startswith("max")} for body in server.bodies]
    assert limits == [{"max_tokens": 1}, {"max_completion_tokens": 1}]


def test_a_request_for_a_token_is_redirected_nowhere(
    scripted: Callable[..., Any], keyed: Options, configure: Write
) -> None:
    def answer(request: Any) -> tuple[int, dict[str, str], bytes]:
        return (302, {"Location": "/elsewhere"}, b"") if request.command == "POST" else (200, {}, b"{}")

    server = scripted(answer)
    configure(box={"url": f"http://127.0.0.1:{server.server_port}", "api_key_env": "BOX_KEY"})
    verdict = one(keyed, deep=True, model="m-1")
    assert verdict.model == "unknown"
    assert server.asked == ["/models", "/chat/completions"]


def test_a_model_that_cannot_be_made_to_speak_is_absent(
    scripted: Callable[..., Any], keyed: Options, configure: Write
) -> None:
    server = scripted(lambda request: (404, {}, b""))
    configure(box={"url": f"http://127.0.0.1:{server.server_port}", "api_key_env": "BOX_KEY"})
    verdict = one(keyed, deep=True, model="m-1")
    assert (verdict.auth, verdict.model) == ("unknown", "absent")
    assert verdict.detail.endswith('asked for a token of "m-1", it answered with an error (404)')


def test_a_server_that_is_gone_is_not_reachable(options: Options, configure: Write) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        configure(box={"url": f"http://127.0.0.1:{taken.getsockname()[1]}"})
        verdict = one(options)
    assert (verdict.reachable, verdict.auth, verdict.model) == (False, "unknown", "unknown")
    assert verdict.detail.startswith("cannot be reached")


def test_a_server_that_sends_one_byte_at_a_time_is_given_up_on(options: Options, configure: Write) -> None:
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            connection, _ = listening.accept()
            with connection:
                while not done.wait(0.02):
                    try:
                        connection.sendall(b"H")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        configure(box={"url": f"http://127.0.0.1:{listening.getsockname()[1]}"})
        verdict = one(options, timeout=0.1)
        done.set()
        thread.join()
    assert (verdict.reachable, verdict.detail) == (False, "did not answer in time")


def test_a_url_that_is_no_base_is_not_asked(options: Options, configure: Write) -> None:
    configure(box={"url": "https://models.example/v1/models"})
    verdict = one(options)
    assert (verdict.reachable, verdict.detail) == (
        False,
        "not asked: the URL names one call, /models; the base of all calls is expected",
    )


def test_nothing_configured_is_nothing_asked(options: Options) -> None:
    assert endpoint_test(options) == ()


def test_an_unknown_endpoint_is_told_with_the_nearest(options: Options, configure: Write) -> None:
    configure(box={"url": "https://models.example"})
    with pytest.raises(UsageError, match='there is no endpoint "bxo"') as refused:
        endpoint_test(options, "bxo")
    assert 'did you mean "box"?' in str(refused.value.remedy)
