"""What goes wrong ends in one line that names the URL, what was seen and the next step; never in a traceback."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from doctor.harness.nex import Nex
from doctor.harness.signs import COMMON
from doctor.model.process import Observation, OutcomeKind
from doctor.model.spec import Mode
from doctor.processes.evidence import failure_of, plain_lines
from tests.nex.conftest import NEX, RunNex
from tests.nex.model_server import DONE, Answer, ModelServer, dropped, event, raw, refused, says

pytestmark = pytest.mark.slow

HALF = event({"content": "Hel"})


def judged(done: "subprocess.CompletedProcess[str]") -> str | None:
    """What the doctor takes such an end for."""
    seen = Observation(
        process_id="a-1",
        spec_id="s",
        attempt=1,
        executor="process",
        session="a",
        run_id="r",
        submitted_at=0.0,
        ended=True,
        kind=OutcomeKind.EXITED,
        code=done.returncode,
    )
    found = failure_of(seen, plain_lines(done.stdout + done.stderr), (*Nex.signs, *COMMON), mode=Mode.HEADLESS)
    return found.kind if found else None


@pytest.mark.parametrize(
    ("answer", "kind", "line"),
    [
        (
            refused(401, "no such key sk-planted."),
            "auth-expired",
            "{url} refused the key (401): no such key [redacted]; correct the key in OPENAI_API_KEY",
        ),
        (
            refused(403, "not you"),
            "auth-expired",
            "{url} refused the key (403): not you; correct the key in OPENAI_API_KEY",
        ),
        (
            refused(404, "gone"),
            "model-refused",
            "{url} does not know model 'm' (404): gone; check --model, and --base-url, which usually ends in /v1",
        ),
        (
            refused(429, "too fast"),
            "quota",
            "{url} takes no more requests now (429): too fast; wait, or raise the quota of this key",
        ),
        (refused(400, "full\nup"), "exited(1)", "{url} answered 400: full up; see the server's own log"),
        (refused(500, "oops"), "exited(1)", "{url} answered 500: oops; see the server's own log"),
    ],
)
def test_a_refusal_is_one_line_and_told_by_it(
    server: ModelServer, nex: RunNex, answer: Answer, kind: str, line: str
) -> None:
    server.script(answer)

    done = nex("hi")

    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"nex: {line.format(url=server.url)}\n")
    assert judged(done) == kind


@pytest.mark.parametrize(
    ("answer", "shown", "words"),
    [
        pytest.param(dropped(HALF), "Hel\n", "broke", id="connection dropped"),
        pytest.param(says("Hel", finish=None), "Hel\n", "broke off", id="no end"),
        pytest.param(
            raw(b"data: " + b'{"error": {"message": "gpu gone"}}' + b"\n\n"), "", "gpu gone", id="error event"
        ),
        pytest.param(raw(HALF + b"data: {broken\n\n"), "Hel\n", "no chat completion", id="no JSON"),
        pytest.param(raw(b"<html>hello</html>", "text/html"), "", "broke off", id="a web page"),
        pytest.param(
            raw(b'data: "text"\n\ndata: [1]\n\ndata: {"choices": "x"}\n\n' + DONE), "", "broke off", id="shapes"
        ),
        pytest.param(says("Hel", finish="length"), "Hel\n", "length limit", id="too long"),
        pytest.param(says("Hel", finish="content_filter"), "Hel\n", "withheld", id="filtered"),
    ],
)
def test_a_reply_that_breaks_off_is_one_line(
    server: ModelServer, nex: RunNex, answer: Answer, shown: str, words: str
) -> None:
    server.script(answer)

    done = nex("hi")

    assert (done.returncode, done.stdout) == (1, shown)
    assert words in done.stderr
    assert server.url in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_server_that_is_not_there_is_named(nex: RunNex) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        done = nex("--base-url", url, "hi")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"nex: cannot reach {url} (")
    assert done.stderr.endswith("; start the server there, or correct --base-url\n")
    assert judged(done) == "endpoint-unreachable"


def test_a_key_that_is_not_set_is_asked_for_where_the_server_wants_one(server: ModelServer, nex: RunNex) -> None:
    server.script(refused(401, "who are you"))

    done = nex("hi", OPENAI_API_KEY="")

    assert done.stderr.endswith("; set OPENAI_API_KEY to its key, or name another variable with --key-env\n")


def test_a_proxy_for_all_does_not_stand_before_a_server_on_this_machine(server: ModelServer, nex: RunNex) -> None:
    server.script(says("here"))
    proxy = "http://127.0.0.1:9"

    assert nex("hi", HTTP_PROXY=proxy, http_proxy=proxy, ALL_PROXY=proxy).stdout == "here\n"


WITHOUT_CLIENT = "import sys; sys.modules['openai'] = None; from doctor.nex.command import main; "
WITHOUT_CLIENT += "sys.exit(main(sys.argv[1:]))"


def test_without_the_client_its_installation_is_named(nex: RunNex) -> None:
    done = nex("hi", command=(sys.executable, "-EPc", WITHOUT_CLIENT))

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("nex: the openai client cannot be imported (")
    assert done.stderr.endswith("; pip install 'harness-doctor[nex]'\n")
    assert judged(done) == "cli-missing"


def test_help_version_and_a_wrong_flag_need_no_client(nex: RunNex) -> None:
    command = (sys.executable, "-EPc", WITHOUT_CLIENT)

    assert "examples:" in nex("--help", command=command).stdout
    assert nex("--version", command=command).stdout.startswith("nex ")
    wrong = nex("--bogus", command=command)
    assert (wrong.returncode, wrong.stderr) == (2, "nex: unrecognized arguments: --bogus; see nex --help\n")
    assert judged(wrong) == "flag-rejected"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "nex: the prompt is blank; say what is to be done\n"),
        ((" ",), "nex: the prompt is blank; say what is to be done\n"),
        (
            ("--prompt-file", "none"),
            "nex: --prompt-file none cannot be read: No such file or directory; name a file that can be read\n",
        ),
        (
            ("--system", ".", "hi"),
            "nex: --system . cannot be read: Is a directory; name a file that can be read\n",
        ),
        (
            ("--key-env", "K", "hi"),
            "nex: variable K, named by --key-env, is not set; set it to the endpoint's key, or use --no-key\n",
        ),
    ],
)
def test_what_cannot_be_started_is_told_before_anything_is_asked(
    server: ModelServer, nex: RunNex, arguments: tuple[str, ...], line: str
) -> None:
    done = nex(*arguments)

    assert (done.returncode, done.stdout, done.stderr) == (2, "", line)
    assert server.requests == []


@pytest.mark.parametrize(
    ("served", "line"),
    [
        ([], "serves 0 models; choose one with --model"),
        (["a", "b"], "serves 2 models: a, b; choose one with --model"),
    ],
)
def test_without_a_model_the_choice_is_shown(server: ModelServer, nex: RunNex, served: list[str], line: str) -> None:
    server.models = served

    done = nex("--model", "", "hi")

    assert (done.returncode, done.stderr) == (2, f"nex: {server.url} {line}\n")
    assert judged(done) == "model-refused"


def test_the_only_model_needs_no_name(server: ModelServer, nex: RunNex) -> None:
    server.models = ["local"]
    server.script(says("hi"))

    assert nex("--model", "", "hi").stdout == "hi\n"
    assert server.requests[0].body["model"] == "local"


def test_output_that_nobody_reads_any_more_ends_it_quietly(
    server: ModelServer, project: Path, environment: dict[str, str]
) -> None:
    server.script(says(*["x" * 1000] * 300))
    start = [*NEX, "--model", "m", "--base-url", server.url, "hi"]
    with subprocess.Popen(
        start, cwd=project, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        told = process.stderr.read()

    assert (process.returncode, told) == (1, "")
