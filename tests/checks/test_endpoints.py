"""END: URLs, keys, encryption, answers."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import doctor
from checks import endpoints as family
from doctor.model.machine import ProfileEndpoint, ProfileEndpoints
from doctor.testing import CheckOutcome, run_check

KEY = "a-key-that-nobody-may-see"
NOTHING: dict[str, Any] = {
    "machine_file": doctor.Loaded(value=doctor.Machine()),
    "profile_file": doctor.ActiveProfile(),
}
UNUSED: dict[str, Any] = {"bindings": (), "stages": ()}


def endpoint(url: str = "https://models.example/v1", **changes: Any) -> doctor.Endpoint:
    return doctor.Endpoint(url=url, **changes)


@pytest.fixture
def used(binding: Any, row: Any) -> dict[str, Any]:
    """The endpoint ``box`` serves an agent and a stage."""
    served = binding("a", "gamma", endpoint=doctor.Choice(value="box"))
    return {"bindings": (served,), "stages": (row("reflect", "gamma", endpoint="box"),)}


@pytest.mark.parametrize(
    ("url", "kind", "words"),
    [
        ("ftp://models.example", "openai", "http or https"),
        ("https:///v1", "openai", "with a host"),
        ("https://[models", "openai", "cannot be parsed"),
        ("https://me:hunter2x@models.example", "openai", "user name or a password"),
        ("https://models.example/v1?key=1", "openai", "query"),
        ("https://models.example/v1/chat/completions/", "openai", "/chat/completions"),
        ("https://models.example/v1", "anthropic", "ends in /v1"),
    ],
)
def test_a_url_that_is_no_base_is_told(
    url: str, kind: str, words: str, used: dict[str, Any], told: Any, says: Any
) -> None:
    endpoints = {"box": endpoint(url, kind=kind)}
    outcome = run_check(family.END001, endpoints=endpoints, **used, **NOTHING)
    assert told(outcome) == [("error", "endpoint box", None, ("stage:reflect", "agent:a"))]
    assert says(outcome.findings[0], words)
    assert "hunter2x" not in str(outcome)
    assert [each.severity.value for each in run_check(family.END001, endpoints=endpoints, **UNUSED, **NOTHING)[1]] == [
        "warning"
    ]


@pytest.mark.parametrize(
    ("url", "kind"),
    [("https://models.example/v1", "openai"), ("http://127.0.0.1:4000", "anthropic"), ("HTTP://[::1]:1/", "gemini")],
)
def test_a_base_url_passes(url: str, kind: str) -> None:
    endpoints = {"box": endpoint(url, kind=kind)}
    assert run_check(family.END001, endpoints=endpoints, **UNUSED, **NOTHING).status == "passed"


def test_an_endpoint_is_told_where_it_is_written_and_the_profile_wins(loaded: Any) -> None:
    bad: dict[str, Any] = {"url": "https://x.example/v1/models"}
    machine_file = loaded(
        doctor.Machine(endpoints={"box": endpoint(**bad)}), f'[endpoints.box]\nurl = "{bad["url"]}"\n'
    )
    facts = {"endpoints": {"box": endpoint(**bad)}, **UNUSED, **NOTHING, "machine_file": machine_file}
    [finding] = run_check(family.END001, **facts).findings
    assert finding.location is not None
    assert finding.location.pointer == "/endpoints/box"
    named = doctor.NamedProfile(llm_endpoints=ProfileEndpoints(endpoints=(ProfileEndpoint(name="box", **bad),)))
    text = f'[[llm_endpoints.endpoints]]\nname = "box"\nurl = "{bad["url"]}"\n'
    active = doctor.ActiveProfile(name="fast", source="flag", loaded=loaded(named, text))
    [finding] = run_check(family.END001, **(facts | {"profile_file": active})).findings
    assert finding.location is not None
    assert finding.location.pointer == "/llm_endpoints/endpoints/0"


def keys(each: doctor.Endpoint, context: Any, paths: Any, uses: dict[str, Any] = UNUSED) -> CheckOutcome:
    return run_check(family.END002, endpoints={"box": each}, context=context, paths=paths, **uses, **NOTHING)


@pytest.mark.parametrize("changes", [{"api_key_env": "BOX_KEY"}, {"headers": {"x-team": "BOX_KEY"}}])
def test_a_variable_that_is_not_set_is_told_by_name(
    changes: dict[str, Any], context: Any, paths: Any, used: dict[str, Any], told: Any, says: Any
) -> None:
    outcome = keys(endpoint(**changes), context, paths, used)
    assert told(outcome) == [("error", "endpoint box", None, ("stage:reflect", "agent:a"))]
    assert says(outcome.findings[0], "BOX_KEY is not set", "export BOX_KEY")
    assert [each.severity.value for each in keys(endpoint(**changes), context, paths).findings] == ["warning"]
    there = replace(context, environment={"BOX_KEY": KEY})
    assert keys(endpoint(**changes), there, paths, used).status == "passed"


@pytest.mark.parametrize(
    ("text", "mode", "severity", "words"),
    [
        (None, 0, "error", "cannot be read"),
        ("", 0o600, "error", "is empty"),
        (KEY, 0o640, "warning", "open to others (mode 640)"),
        (KEY, 0o600, None, ""),
    ],
)
def test_a_key_file_is_there_filled_and_private(
    text: str | None,
    mode: int,
    severity: str | None,
    words: str,
    context: Any,
    paths: Any,
    used: dict[str, Any],
    says: Any,
) -> None:
    if text is not None:
        context.home.mkdir()
        (context.home / "key").write_text(text)
        (context.home / "key").chmod(mode)
    outcome = keys(endpoint(api_key_file="~/key"), context, paths, used)
    assert [each.severity.value for each in outcome.findings] == ([severity] if severity else [])
    assert all(says(each, words, str(context.home / "key")) for each in outcome.findings)
    assert KEY not in str(outcome)


def test_a_key_file_is_no_directory_and_relative_ones_start_at_the_settings(
    context: Any, paths: doctor.Paths, says: Any
) -> None:
    (paths.config_dir / "key").mkdir(parents=True)
    [finding] = keys(endpoint(api_key_file="key"), context, paths).findings
    assert says(finding, f"{paths.config_dir / 'key'} is no file")


def test_a_key_command_starts_a_program_that_is_there(tmp_path: Path, context: Any, paths: Any, says: Any) -> None:
    each = endpoint(api_key_command=("show-key", "box"))
    here = replace(context, environment={"PATH": str(tmp_path)})
    [finding] = keys(each, here, paths).findings
    assert says(finding, "api_key_command starts show-key", "install show-key")
    (tmp_path / "show-key").write_text("#!/bin/sh\n")
    (tmp_path / "show-key").chmod(0o755)
    assert keys(each, here, paths).status == "passed"


def test_a_key_that_travels_unencrypted_is_told(told: Any, says: Any) -> None:
    endpoints = {"box": endpoint("http://models.example/v1", api_key_env="K")}
    outcome = run_check(family.END003, endpoints=endpoints, **NOTHING)
    assert told(outcome) == [("warning", "endpoint box", None, ())]
    assert says(outcome.findings[0], "unencrypted to models.example", "https")


def test_prompts_that_travel_unencrypted_are_reported(told: Any, says: Any) -> None:
    outcome = run_check(family.END003, endpoints={"box": endpoint("http://models.example/v1")}, **NOTHING)
    assert told(outcome) == [("info", "endpoint box", None, ())]
    assert says(outcome.findings[0], "prompts unencrypted to models.example")


@pytest.mark.parametrize(
    "each",
    [
        endpoint("https://models.example", api_key_env="K"),
        endpoint("http://localhost:4000", api_key_env="K"),
        endpoint("http://[::1]:4000"),
    ],
)
def test_encrypted_and_local_endpoints_pass(each: doctor.Endpoint) -> None:
    assert run_check(family.END003, endpoints={"box": each}, **NOTHING).status == "passed"


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("127.0.0.9", True),
        ("::1", True),
        ("box.localhost", True),
        ("128.0.0.1", False),
        ("", False),
    ],
)
def test_which_hosts_are_this_machine(host: str, local: bool) -> None:
    assert doctor.is_loopback(host) is local


@pytest.mark.parametrize(
    ("kind", "header"),
    [
        ("openai", ("Authorization", f"Bearer {KEY}")),
        ("anthropic", ("x-api-key", KEY)),
        ("gemini", ("x-goog-api-key", KEY)),
    ],
)
def test_each_kind_of_endpoint_takes_its_key_in_its_own_header(kind: str, header: tuple[str, str]) -> None:
    assert header in doctor.key_headers(kind, KEY).items()


class Server(ThreadingHTTPServer):
    """Answers every request with one status, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 200
        self.location = ""
        self.asked: list[tuple[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Authorization", "")))
        self.send_response(self.server.status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Stay quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def asked_online(each: doctor.Endpoint, context: Any, paths: Any, uses: dict[str, Any]) -> CheckOutcome:
    return run_check(family.END004, endpoints={"box": each}, context=context, paths=paths, **uses, **NOTHING)


def test_an_endpoint_that_answers_passes_and_gets_its_key(
    server: Server, context: Any, paths: Any, used: dict[str, Any]
) -> None:
    here = replace(context, environment={"BOX_KEY": f"{KEY}\n"})
    outcome = asked_online(endpoint(f"{server.url}/v1/", api_key_env="BOX_KEY"), here, paths, used)
    assert outcome.status == "passed"
    assert server.asked == [("/v1/models", f"Bearer {KEY}")]


def test_a_key_from_a_file_goes_along(server: Server, context: Any, paths: Any, used: dict[str, Any]) -> None:
    context.home.mkdir()
    (context.home / "key").write_text(f"{KEY}\n")
    asked_online(endpoint(server.url, api_key_file="~/key"), context, paths, used)
    assert server.asked == [("/models", f"Bearer {KEY}")]


@pytest.mark.parametrize(
    ("status", "severity", "words"),
    [
        (401, "error", "refused the key (401)"),
        (404, "warning", "no list of models at /models (404)"),
        (503, "warning", "answered with an error (503)"),
    ],
)
def test_what_an_endpoint_says_decides_the_severity(
    status: int,
    severity: str,
    words: str,
    server: Server,
    context: Any,
    paths: Any,
    used: dict[str, Any],
    told: Any,
    says: Any,
) -> None:
    server.status = status
    here = replace(context, environment={"BOX_KEY": KEY})
    outcome = asked_online(endpoint(server.url, api_key_env="BOX_KEY"), here, paths, used)
    assert told(outcome) == [(severity, "endpoint box", None, ("stage:reflect", "agent:a"))]
    assert says(outcome.findings[0], server.url, words)
    assert KEY not in str(outcome)


def test_an_endpoint_that_wants_a_key_which_is_not_configured_is_told(
    server: Server, context: Any, paths: Any, used: dict[str, Any], says: Any
) -> None:
    server.status = 401
    [finding] = asked_online(endpoint(server.url), context, paths, used).findings
    assert says(finding, "wants a key (401)")
    for reference in ({"api_key_command": ("show",)}, {"api_key_env": "NOT_SET"}, {"api_key_file": "/gone"}):
        assert asked_online(endpoint(server.url, **reference), context, paths, used).status == "passed"


def test_a_redirect_to_another_server_is_not_followed(
    server: Server, context: Any, paths: Any, used: dict[str, Any], says: Any
) -> None:
    server.status, server.location = 302, f"http://localhost:{server.server_port}/elsewhere"
    here = replace(context, environment={"BOX_KEY": KEY})
    [finding] = asked_online(endpoint(server.url, api_key_env="BOX_KEY"), here, paths, used).findings
    assert says(finding, "redirects to another server, localhost")
    assert [path for path, _ in server.asked] == ["/models"]


def test_a_server_that_is_not_there_is_an_error_where_it_is_used(
    context: Any, paths: Any, used: dict[str, Any], says: Any
) -> None:
    with Server() as gone:
        url = gone.url
    [finding] = asked_online(endpoint(url), context, paths, used).findings
    assert finding.severity is doctor.Severity.ERROR
    assert says(finding, url, "cannot be reached")
    [finding] = asked_online(endpoint(url), context, paths, UNUSED).findings
    assert finding.severity is doctor.Severity.WARNING


def test_an_endpoint_that_does_not_answer_in_time_makes_the_check_time_out(
    context: Any, paths: Any, used: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    late = doctor.EndpointAnswer("did not answer in time", timed_out=True)
    monkeypatch.setattr(doctor, "ask_endpoint", lambda *_, **__: late)
    outcome = asked_online(endpoint(), context, paths, used)
    assert (outcome.status, len(outcome.findings)) == ("timeout", 1)
    assert "box" in str(outcome.reason)


def test_a_silent_server_is_given_up_on() -> None:
    with Server() as listening:  # accepts, but nobody serves
        answer = doctor.ask_endpoint(endpoint(listening.url), {}, keyed=False, timeout=0.05)
    assert answer == doctor.EndpointAnswer("did not answer in time", timed_out=True)


def test_a_key_that_cannot_be_sent_is_told_without_repeating_it() -> None:
    answer = doctor.ask_endpoint(endpoint("http://127.0.0.1:9"), {"x-api-key": f"{KEY}\nx"}, keyed=True, timeout=1)
    assert "characters that no request may have" in str(answer.problem)
    assert KEY not in str(answer)


def test_no_key_is_sent_unencrypted_to_another_machine(
    context: Any, paths: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[dict[str, str]] = []

    def remember(_: doctor.Endpoint, headers: dict[str, str], **__: Any) -> doctor.EndpointAnswer:
        sent.append(headers)
        return doctor.EndpointAnswer()

    monkeypatch.setattr(doctor, "ask_endpoint", remember)
    here = replace(context, environment={"BOX_KEY": KEY})
    each = endpoint("http://models.example", api_key_env="BOX_KEY", headers={"x-team": "BOX_KEY"})
    assert asked_online(each, here, paths, UNUSED).status == "passed"
    assert sent == [{}]


def test_a_url_that_is_no_base_is_not_asked(context: Any, paths: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "ask_endpoint", lambda *_, **__: pytest.fail("asked"))
    assert asked_online(endpoint("https://models.example/v1/models"), context, paths, UNUSED).status == "passed"


def file_of(loaded: Any, text: str) -> doctor.Loaded[Any]:
    """A settings file that was read; whether it is valid does not matter."""
    file: doctor.Loaded[Any] = loaded(doctor.Machine(), text)
    return file


@pytest.mark.parametrize(
    ("line", "key", "words"),
    [
        (f'api_key = "{KEY}"', "api_key", "a key at api_key"),
        (f'Token = "{KEY}"', "Token", "a key at Token"),
        ('api_key_env = "sk-ant-api03-0123456789abcdefghij"', "api_key_env", "an Anthropic key at api_key_env"),
        ('api_key_command = ["echo", "ghp_0123456789abcdefghij0123456789abcd"]', "api_key_command/1", "a GitHub token"),
        ('headers = { x-team = "sk-0123456789abcdefghij" }', "headers/x-team", "headers.x-team"),
    ],
)
def test_a_key_in_the_settings_is_told_without_repeating_it(
    line: str, key: str, words: str, loaded: Any, told: Any, says: Any
) -> None:
    machine_file = file_of(loaded, f'[endpoints.my-box]\nurl = "https://models.example/v1"\n{line}\n')
    outcome = run_check(family.END005, machine_file=machine_file, profile_file=doctor.ActiveProfile())
    assert told(outcome) == [("error", "endpoint my-box", f"/endpoints/my-box/{key}", ())]
    fix = "doctor endpoint set my-box https://models.example/v1 --key-env MY_BOX_API_KEY"
    assert says(outcome.findings[0], words, "revoke it", fix)
    assert KEY not in str(outcome)
    assert "0123456789" not in str(outcome)


def test_a_key_in_the_active_profile_is_told_with_its_line(loaded: Any, says: Any) -> None:
    text = f'[[llm_endpoints.endpoints]]\nname = "box"\nurl = "https://x.example"\napi_key = "{KEY}"\n'
    active = doctor.ActiveProfile(name="fast", source="pointer", loaded=file_of(loaded, text))
    [finding] = run_check(family.END005, machine_file=NOTHING["machine_file"], profile_file=active).findings
    assert finding.location is not None
    assert finding.location.line == 4
    assert says(finding, "doctor profile edit fast", 'api_key_env = "BOX_API_KEY"')
    assert KEY not in str(finding)


@pytest.mark.parametrize(
    "text",
    [
        '[endpoints.box]\nurl = "https://models.example"\napi_key_env = "BOX_KEY"\nheaders = { x = "TEAM_KEY" }\n',
        '[endpoints.box]\nurl = "https://models.example"\napi_key_command = ["pass", "show", "models/box"]\n',
        "endpoints = 3\n",
        "[endpoints]\nbox = 1\n",
        "llm_endpoints = { endpoints = 4 }\n",
        '[endpoints.box]\napi_key = ""\n',
    ],
)
def test_references_and_other_mistakes_are_no_keys(text: str, loaded: Any) -> None:
    active = doctor.ActiveProfile(name="fast", source="pointer", loaded=file_of(loaded, text))
    outcome = run_check(family.END005, machine_file=file_of(loaded, text), profile_file=active)
    assert outcome.status == "passed"
