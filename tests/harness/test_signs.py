"""What was recorded from the real CLIs, judged; and what an agent says about such things, not judged.

``screens/<runtime>`` holds what each of them printed: ``screen-*`` the visible lines of a terminal of 200 columns,
``stream-*`` the bytes that drew one, anything else the output of a headless start.
"""

import re
from pathlib import Path

import pytest

from doctor.executor.typed_prompt import Typist
from doctor.harness.base import Harness
from doctor.harness.registry import Registry, builtin_harnesses
from doctor.harness.signs import COMMON, DIALOGS, Sign
from doctor.model.failure import FailureKind
from doctor.model.process import Observation, OutcomeKind
from doctor.model.spec import Mode
from doctor.processes.evidence import Judged, dialog_on, failure_of, is_ready, plain_lines, trouble_in

SCREENS = Path(__file__).parent / "screens"
REGISTRY = Registry(builtin_harnesses())

AUTH, LOGIN, QUOTA = "auth-expired", "not-logged-in", "quota"
MODEL, ENDPOINT, FLAG = "model-refused", "endpoint-unreachable", "flag-rejected"

ENDED: dict[str, dict[str, tuple[int, str | None]]] = {
    "aider": {
        "flag-rejected": (2, FLAG),
        "generic-401": (0, AUTH),
        "http-401": (0, AUTH),
        "http-404": (0, MODEL),
        "model-warnings": (0, None),
        "ok": (0, None),
    },
    "amp": {
        "flag-rejected": (1, FLAG),
        "http-401": (1, AUTH),
        "unreachable": (1, ENDPOINT),
    },
    "claude_code": {
        "flag-rejected": (1, FLAG),
        "generic-401": (1, AUTH),
        "http-401": (1, LOGIN),
        "http-403": (1, AUTH),
        "http-404": (1, MODEL),
        "http-429": (1, QUOTA),
        "http-500": (1, "exited(1)"),
        "low-credit": (1, QUOTA),
        "no-login": (1, LOGIN),
        "ok": (0, None),
        "unreachable": (1, ENDPOINT),
    },
    "codex": {
        "flag-rejected": (2, FLAG),
        "full-auto": (2, FLAG),
        "generic-401": (1, AUTH),
        "http-401": (1, AUTH),
        "http-404": (1, MODEL),
        "http-429": (1, QUOTA),
        "http-500": (1, "exited(1)"),
        "no-key-variable": (1, LOGIN),
        "no-login": (1, AUTH),
        "ok": (0, None),
        "unreachable": (1, ENDPOINT),
    },
    "copilot": {
        "flag-rejected": (1, FLAG),
        "generic-401": (1, AUTH),
        "http-401": (1, AUTH),
        "http-404": (1, MODEL),
        "http-500": (1, "exited(1)"),
        "no-login": (1, LOGIN),
        "ok": (0, None),
        "unreachable": (1, ENDPOINT),
    },
    "gemini": {
        "flag-rejected": (1, FLAG),
        "generic-401": (1, AUTH),
        "http-400": (1, AUTH),
        "http-401": (1, AUTH),
        "http-404": (1, MODEL),
        "invalid-auth-method": (41, LOGIN),
        "no-login": (41, LOGIN),
        "ok": (0, None),
        "untrusted-directory": (55, "trust-dialog"),
    },
    "hermes": {
        "flag-rejected": (2, FLAG),
        "generic-401": (1, AUTH),
        "http-401": (1, AUTH),
        "http-404": (1, MODEL),
        "http-429": (1, QUOTA),
        "http-500": (1, "exited(1)"),
        "no-key": (1, MODEL),
        "no-login": (1, LOGIN),
        "ok": (0, None),
        "oneshot-401": (0, AUTH),
        "oneshot-429": (0, QUOTA),
        "oneshot-unreachable": (0, ENDPOINT),
        "provider-unknown": (1, MODEL),
        "unreachable": (1, ENDPOINT),
    },
    "omx": {
        "flag-rejected": (2, FLAG),
        "generic-401": (1, AUTH),
        "http-401": (1, AUTH),
        "http-404": (1, MODEL),
        "http-429": (1, QUOTA),
        "http-500": (1, "exited(1)"),
        "ok": (0, None),
        "unreachable": (1, ENDPOINT),
    },
    "opencode": {
        "flag-rejected": (1, FLAG),
        "generic-401": (1, "exited(1)"),
        "http-401": (1, AUTH),
        "http-404": (1, MODEL),
        "model-refused": (1, "exited(1)"),
        "no-login": (1, ENDPOINT),
        "ok": (0, None),
        "provider-unknown": (1, "exited(1)"),
        "rejected-permission": (0, "unknown"),
    },
    "pi": {
        "flag-rejected": (1, FLAG),
        "generic-401": (1, AUTH),
        "http-401": (1, AUTH),
        "http-404": (1, MODEL),
        "http-429": (1, QUOTA),
        "http-500": (1, "exited(1)"),
        "no-key": (1, LOGIN),
        "no-login": (1, LOGIN),
        "ok": (0, None),
        "provider-unknown": (1, MODEL),
        "unreachable": (1, ENDPOINT),
    },
    "qwen": {
        "flag-rejected": (1, FLAG),
        "generic-401": (1, AUTH),
        "http-401": (1, AUTH),
        "http-404": (1, MODEL),
        "no-login": (1, LOGIN),
        "ok": (0, None),
        "unreachable": (1, ENDPOINT),
    },
}
"""The exit code that each headless start had, and what it is judged to be."""

RUNNING: dict[str, dict[str, str | None]] = {
    "aider": {
        "http-429": QUOTA,
        "no-login": "login",
        "unreachable": None,
    },
    "amp": {
        "no-login": "login",
    },
    "codex": {
        "endless-reconnect": ENDPOINT,
    },
    "gemini": {
        "http-429": QUOTA,
        "http-500": None,
        "unreachable": ENDPOINT,
    },
}
"""Headless starts that were still trying after most of a minute."""

SHOWN: dict[str, dict[str, tuple[str | None, bool]]] = {
    "aider": {
        "screen-gitignore": ("onboarding", False),
        "screen-live-http-401": (None, True),
        "screen-live-http-404": (None, True),
        "screen-live-http-429": (QUOTA, True),
        "screen-live-http-500": (None, True),
        "screen-live-unreachable": (ENDPOINT, True),
        "screen-login-yes": ("login", False),
        "screen-login": ("login", False),
        "screen-prompt": (None, True),
        "screen-release-notes": ("update", False),
        "screen-replied": (None, True),
        "screen-working": (None, True),
    },
    "amp": {
        "screen-login": ("login", False),
    },
    "claude_code": {
        "screen-api-key": ("api-key", False),
        "screen-approval": ("approval", False),
        "screen-bypass": ("bypass", False),
        "screen-live-http-400": (QUOTA, True),
        "screen-live-http-401": (LOGIN, True),
        "screen-live-http-403": (AUTH, True),
        "screen-live-http-404": (MODEL, True),
        "screen-live-http-429": (QUOTA, True),
        "screen-live-http-500": (None, True),
        "screen-live-unreachable": (ENDPOINT, True),
        "screen-login": (LOGIN, True),
        "screen-onboarding": ("onboarding", False),
        "screen-prompt-bypass": (None, True),
        "screen-prompt": (None, True),
        "screen-replied": (None, True),
        "screen-trust": ("trust", False),
        "screen-working": (None, True),
    },
    "codex": {
        "screen-live-http-401": (AUTH, True),
        "screen-live-http-404": (MODEL, True),
        "screen-live-http-429": (QUOTA, True),
        "screen-live-http-500": (None, True),
        "screen-live-reconnecting": (ENDPOINT, True),
        "screen-live-unreachable": (ENDPOINT, True),
        "screen-login": ("login", False),
        "screen-prompt": (None, True),
        "screen-replied": (None, True),
        "screen-trust": ("trust", False),
        "screen-working": (None, True),
    },
    "copilot": {
        "screen-approval": ("approval", False),
        "screen-live-http-401": (AUTH, True),
        "screen-live-http-404": (MODEL, True),
        "screen-live-http-429": (None, True),
        "screen-live-unreachable": (None, True),
        "screen-login-trusted": (LOGIN, True),
        "screen-prompt": (None, True),
        "screen-replied": (None, True),
        "screen-trust": ("trust", False),
        "screen-working": (None, True),
    },
    "gemini": {
        "screen-approval": ("approval", False),
        "screen-live-http-400": (AUTH, True),
        "screen-live-http-401": (AUTH, True),
        "screen-live-http-404": (MODEL, False),
        "screen-login-api-key": ("login", False),
        "screen-login": ("login", False),
        "screen-prompt": (None, True),
        "screen-replied": (None, True),
        "screen-trust": ("trust", False),
        "screen-working": (None, True),
    },
    "hermes": {
        "screen-approval": ("approval", False),
        "screen-live-http-401": (AUTH, True),
        "screen-live-http-404": (MODEL, True),
        "screen-live-http-429": (QUOTA, True),
        "screen-live-unreachable": (ENDPOINT, True),
        "screen-onboarding": ("onboarding", False),
        "screen-prompt": (None, True),
        "screen-replied": (None, True),
        "screen-working": (None, True),
    },
    "omx": {
        "screen-live-http-401": (AUTH, True),
        "screen-live-http-404": (MODEL, True),
        "screen-live-http-429": (QUOTA, True),
        "screen-live-unreachable": (ENDPOINT, True),
        "screen-login": ("login", False),
        "screen-prompt": (None, True),
        "screen-replied": (None, True),
        "screen-trust": ("trust", False),
        "screen-working": (None, True),
    },
    "opencode": {
        "screen-approval": ("approval", False),
        "screen-fresh": (None, True),
        "screen-live-http-401": (None, True),
        "screen-live-http-429": (QUOTA, True),
        "screen-live-unreachable": (ENDPOINT, True),
        "screen-prompt": (None, True),
        "screen-replied": (None, True),
        "screen-working": (None, True),
    },
    "pi": {
        "screen-live-http-401": (AUTH, True),
        "screen-live-http-404": (MODEL, True),
        "screen-live-http-429": (QUOTA, True),
        "screen-live-http-500": (None, True),
        "screen-live-unreachable": (None, True),
        "screen-login": (LOGIN, True),
        "screen-prompt": (None, True),
        "screen-replied": (None, True),
        "screen-working": (None, True),
    },
    "qwen": {
        "screen-approval": ("approval", False),
        "screen-live-http-401": (AUTH, True),
        "screen-live-http-404": (MODEL, True),
        "screen-live-unreachable": (ENDPOINT, True),
        "screen-login": ("login", False),
        "screen-no-key": ("login", False),
        "screen-prompt": (None, True),
        "screen-replied": (None, True),
        "screen-working": (None, True),
    },
}
"""What each screen waits for or sits at, and whether its prompt is there."""

STREAMED: dict[str, dict[str, str | None]] = {
    "aider": {
        "stream-replied": None,
    },
    "claude_code": {
        "stream-bypass": "bypass",
        "stream-trust": "trust",
        "stream-working": None,
    },
    "codex": {
        "stream-trust": "trust",
        "stream-working": None,
    },
    "copilot": {
        "stream-trust": "trust",
    },
    "gemini": {
        "stream-trust": "trust",
    },
    "hermes": {
        "stream-onboarding": "onboarding",
        "stream-replied": None,
    },
    "qwen": {
        "stream-login": "login",
    },
}
"""What a first look at the bytes finds."""

DEAD_SCREENS = {
    ("claude_code", "screen-fresh-offline"): (1, ENDPOINT),
    ("claude_code", "screen-root-bypass"): (1, FLAG),
}
"""Interactive starts that ended at once."""

UNTOLD = {FailureKind.UNKNOWN.value}
"""Kinds that only explain, and may stand beside another."""


def harness(runtime_id: str) -> Harness:
    found = REGISTRY.get(runtime_id)
    assert found is not None
    return found


def lines(runtime_id: str, what: str) -> tuple[str, ...]:
    return plain_lines((SCREENS / runtime_id / f"{what}.txt").read_bytes().decode())


def signs(runtime_id: str) -> tuple[Sign, ...]:
    return (*harness(runtime_id).signs, *COMMON)


def ended(code: int) -> Observation:
    return Observation(
        process_id="a-1",
        spec_id="s",
        attempt=1,
        executor="process",
        session="a",
        run_id="r",
        submitted_at=0.0,
        ended=True,
        kind=OutcomeKind.EXITED,
        code=code,
    )


def judge_end(
    code: int, printed: tuple[str, ...], known: tuple[Sign, ...], mode: Mode = Mode.HEADLESS
) -> Judged | None:
    return failure_of(ended(code), printed, known, mode=mode)


def kind(judged: Judged | None) -> str | None:
    return judged.kind if judged else None


def cases(table: dict[str, dict[str, object]] | dict[str, dict[str, str | None]]) -> list[tuple[str, str]]:
    return [(runtime_id, what) for runtime_id, whats in table.items() for what in whats]


ENDS = [(name, what, *expected) for name, whats in ENDED.items() for what, expected in whats.items()]
SIGHTS = [(name, what, *expected) for name, whats in SHOWN.items() for what, expected in whats.items()]


@pytest.mark.parametrize(("runtime_id", "what", "code", "expected"), ENDS)
def test_how_a_headless_start_ended_is_told(runtime_id: str, what: str, code: int, expected: str | None) -> None:
    assert kind(judge_end(code, lines(runtime_id, what), signs(runtime_id))) == expected


@pytest.mark.parametrize(("runtime_id", "what", "code", "expected"), ENDS)
def test_a_headless_end_is_not_taken_for_anything_else(
    runtime_id: str, what: str, code: int, expected: str | None
) -> None:
    for other in set(FailureKind) - {expected or ""} - UNTOLD:
        known = tuple(sign for sign in signs(runtime_id) if sign.kind == other)
        judged = judge_end(code, lines(runtime_id, what), known)
        assert kind(judged) == (f"exited({code})" if code else None), other


@pytest.mark.parametrize(
    ("runtime_id", "what", "expected"),
    [(name, what, expected) for name, whats in RUNNING.items() for what, expected in whats.items()],
)
def test_what_a_headless_run_is_stuck_in_is_told(runtime_id: str, what: str, expected: str | None) -> None:
    assert kind(trouble_in(lines(runtime_id, what), signs(runtime_id))) == expected


@pytest.mark.parametrize(("runtime_id", "what", "expected", "ready"), SIGHTS)
def test_a_screen_is_recognised(runtime_id: str, what: str, expected: str | None, ready: bool) -> None:
    shown = lines(runtime_id, what)
    assert kind(dialog_on(shown, signs(runtime_id), ready=harness(runtime_id).ready)) == expected
    assert is_ready(shown, harness(runtime_id).ready) == ready


@pytest.mark.parametrize(("runtime_id", "what", "expected", "ready"), SIGHTS)
def test_a_screen_is_not_taken_for_anything_else(runtime_id: str, what: str, expected: str | None, ready: bool) -> None:
    beside = {"approval"} if runtime_id == "aider" else set()  # all of its questions end in the same words
    for other in {*DIALOGS, *FailureKind} - {expected} - beside:
        known = tuple(sign for sign in signs(runtime_id) if sign.kind == other)
        assert dialog_on(lines(runtime_id, what), known, ready=harness(runtime_id).ready) is None, other


@pytest.mark.parametrize(("runtime_id", "what"), DEAD_SCREENS)
def test_an_interactive_start_that_ended_at_once_is_told(runtime_id: str, what: str) -> None:
    code, expected = DEAD_SCREENS[runtime_id, what]
    assert kind(judge_end(code, lines(runtime_id, what), signs(runtime_id), Mode.INTERACTIVE)) == expected


@pytest.mark.parametrize(
    ("runtime_id", "what", "expected"),
    [(name, what, expected) for name, whats in STREAMED.items() for what, expected in whats.items()],
)
def test_a_dialog_is_seen_in_the_bytes_that_drew_it(runtime_id: str, what: str, expected: str | None) -> None:
    assert kind(dialog_on(lines(runtime_id, what), signs(runtime_id))) == expected


def test_everything_that_was_recorded_is_judged() -> None:
    tables = (ENDED, RUNNING, SHOWN, STREAMED)
    judged = {(name, what) for table in tables for name, whats in table.items() for what in whats} | set(DEAD_SCREENS)
    assert {(path.parent.name, path.stem) for path in SCREENS.glob("*/*.txt")} == judged


TALK = (
    "The server answers 401 Unauthorized when the token is wrong, so I renew it.",
    "if response.status_code == 429:",
    '    raise QuotaError("quota exceeded: 429 Too Many Requests")',
    "Error 401 is handled in client.py, and the usage limit reached is logged.",
    '"Do you trust the files in this folder?" is what the CLI asks on its first start.',
    "Connection refused means that nobody listens there.",
    "- `codex: command not found` when it is not on PATH",
    "Unknown option handling lives in flags.py; model names that are not found raise KeyError.",
    "You would have to log in first: `claude auth login`. Not logged in users see /login.",
    "assert judge('ERROR: unexpected status 401 Unauthorized') == 'auth-expired'",
    "HTTP status codes: 401 (no key), 429 (quota), 500 (server error).",
    "Would you like to see the rest? Allow execution of it once, and approve the tool.",
)
"""What an agent may say while it does well."""

WORKING = [name for name in SHOWN if "screen-replied" in SHOWN[name]]


@pytest.mark.parametrize("runtime_id", WORKING)
def test_an_agent_may_write_about_failures_and_dialogs_on_its_screen(runtime_id: str) -> None:
    shown = lines(runtime_id, "screen-replied")
    reply = max(number for number, line in enumerate(shown) if re.search(r"\bFINE\b(?!\])", line))
    talk = (shown[reply].replace("FINE", TALK[0]), *(f"  {line}" for line in TALK[1:]))
    told = (*shown[:reply], *talk, *shown[reply + 1 :])
    assert dialog_on(told, signs(runtime_id), ready=harness(runtime_id).ready) is None


QUOTED = {
    "claude_code": "screen-trust",
    "codex": "screen-trust",
    "copilot": "screen-trust",
    "gemini": "screen-trust",
    "hermes": "screen-onboarding",
    "qwen": "screen-login",
}


@pytest.mark.parametrize("runtime_id", QUOTED)
def test_a_dialog_that_an_agent_quotes_whole_above_its_prompt_waits_for_nobody(runtime_id: str) -> None:
    shown = lines(runtime_id, "screen-replied")
    reply = max(number for number, line in enumerate(shown) if re.search(r"\bFINE\b(?!\])", line))
    told = (*shown[: reply + 1], *lines(runtime_id, QUOTED[runtime_id]), *shown[reply + 1 :])
    assert dialog_on(told, signs(runtime_id), ready=harness(runtime_id).ready) is None


@pytest.mark.parametrize("runtime_id", [name for name, ends in ENDED.items() if "ok" in ends])
def test_an_agent_may_write_about_failures_and_succeed(runtime_id: str) -> None:
    assert judge_end(0, (*lines(runtime_id, "ok"), *TALK), signs(runtime_id)) is None


@pytest.mark.parametrize("runtime_id", [name for name, ends in ENDED.items() if "ok" in ends])
def test_talk_is_no_reason_for_a_failure(runtime_id: str) -> None:
    assert kind(judge_end(3, (*lines(runtime_id, "ok"), *TALK), signs(runtime_id))) == "exited(3)"


@pytest.mark.parametrize("runtime_id", [name for name, ends in ENDED.items() if "ok" in ends])
def test_talk_is_nothing_that_a_running_process_is_stuck_in(runtime_id: str) -> None:
    for count in range(1, len(TALK) + 1):
        assert trouble_in((*lines(runtime_id, "ok"), *TALK[:count]), signs(runtime_id)) is None


@pytest.mark.parametrize("runtime_id", [name for name in SHOWN if "screen-live-http-401" in SHOWN[name]])
def test_a_failure_from_before_the_last_answer_blocks_nothing(runtime_id: str) -> None:
    failed, replied = lines(runtime_id, "screen-live-http-401"), lines(runtime_id, "screen-replied")
    if SHOWN[runtime_id]["screen-live-http-401"][0] is None:
        pytest.skip("its screen does not tell of it")
    prompt = next(number for number, line in enumerate(replied) if "say it" in line)
    marked = max(number for number, line in enumerate(failed) if "401" in line)
    told = (*failed[: marked + 1], *replied[prompt:])
    assert dialog_on(told, signs(runtime_id), ready=harness(runtime_id).ready) is None


@pytest.mark.parametrize(("runtime_id", "before"), [("hermes", b"Welcome to Hermes"), ("aider", b"Repo-map")])
def test_a_typed_prompt_waits_until_it_is_asked_for(runtime_id: str, before: bytes) -> None:
    typist = Typist(harness(runtime_id).ready, "go on")
    stream = (SCREENS / runtime_id / "stream-replied.txt").read_bytes()
    at = next(end for end in range(len(stream)) if typist.feed(stream[end : end + 1]))
    assert before in stream[:at]


def test_nothing_is_typed_into_a_question() -> None:
    typist = Typist(harness("hermes").ready, "go on")
    assert typist.feed((SCREENS / "hermes" / "stream-onboarding.txt").read_bytes()) == b""


def test_every_pattern_can_be_read_and_names_a_kind() -> None:
    for runtime in REGISTRY.harnesses:
        for sign in (*runtime.signs, *COMMON):
            re.compile(sign.pattern)
            assert sign.kind in {*DIALOGS, *FailureKind}
            assert sign.remedy
