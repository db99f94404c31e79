"""A whole start without anybody at it."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from doctor.nex import landlock
from doctor.nex.confinement import find_confinement
from tests.nex.conftest import LIMIT_SECONDS, NEX, RunNex
from tests.nex.model_server import DONE, ModelServer, called, event, runs, says

CONFINED = pytest.mark.skipif(
    find_confinement()[0] is None, reason="needs Linux 6.2 (Landlock), or bwrap: apt-get install bubblewrap"
)
StartNex = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(server: ModelServer, project: Path, environment: dict[str, str]) -> Iterator[StartNex]:
    """Start nex and leave it running; it is ended with the test."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [*NEX, "--model", "m", "--base-url", server.url, *arguments],
            cwd=project,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def test_text_appears_while_the_model_still_writes(server: ModelServer, start: StartNex) -> None:
    seen = threading.Event()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(event({"content": "first\n"}))
        handler.wfile.flush()
        assert seen.wait(LIMIT_SECONDS)
        handler.wfile.write(event({"content": "second"}, "stop") + DONE)
        handler.close_connection = True

    server.script(answer)
    process = start("hi")
    assert process.stdout is not None

    assert process.stdout.readline() == "first\n"
    seen.set()
    assert process.communicate(timeout=LIMIT_SECONDS) == ("second\n", "")
    assert process.returncode == 0


@CONFINED
def test_commands_are_run_and_their_output_goes_back(server: ModelServer, nex: RunNex, project: Path) -> None:
    server.script(called("bash", '{"command": "echo 1 > made; cat made; exit 3"}', text="Looking."), says("Done."))

    done = nex("make it")

    assert (done.returncode, done.stdout) == (0, "Looking.\nDone.\n")
    assert done.stderr == "$ echo 1 > made; cat made; exit 3\n[exit status 3]\n"
    assert (project / "made").read_text() == "1\n"
    system, *rest = server.requests[1].body["messages"]
    assert str(project) in system["content"]
    call = {"name": "bash", "arguments": '{"command": "echo 1 > made; cat made; exit 3"}'}
    assert rest == [
        {"role": "user", "content": "make it"},
        {
            "role": "assistant",
            "content": "Looking.",
            "tool_calls": [{"id": "call_a", "type": "function", "function": call}],
        },
        {"role": "tool", "tool_call_id": "call_a", "content": "1\n[exit status 3]"},
    ]


@CONFINED
def test_commands_see_no_key_and_cannot_leave(server: ModelServer, nex: RunNex, project: Path) -> None:
    server.script(runs("env; touch ../escaped; cat /proc/$PPID/environ"), says("Done."))

    nex("go", MINE="sk-mine", COPY="x-sk-mine")

    assert not (project.parent / "escaped").exists()
    assert "sk-planted" not in server.requests[1].last["content"]
    assert "PATH=" in server.requests[1].last["content"]


@CONFINED
def test_what_a_command_left_running_has_ended(server: ModelServer, nex: RunNex, project: Path) -> None:
    server.script(runs("for way in '' setsid 'setsid -f setsid -f'; do $way sleep 1000 & done; echo up"), says("Done."))

    done = nex("go", NEX_TEST_MARK=str(project))

    assert done.returncode == 0
    assert server.requests[1].last["content"] == "up\n[exit status 0]"
    assert marked(project) == []


def marked(project: Path) -> list[str]:
    """Processes that run in the environment of this test's nex."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            variables = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"NEX_TEST_MARK={project}".encode() in variables:
            found.append(entry.name)
    return found


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    ids=["INT", "TERM", "HUP"],
)
@CONFINED
def test_a_signal_ends_it_with_its_command_and_leaves_nothing(
    server: ModelServer, start: StartNex, project: Path, environment: dict[str, str], number: int, status: int
) -> None:
    environment["NEX_TEST_MARK"] = str(project)
    server.script(runs("sleep 1000 & echo > up; wait"))
    process = start("go")
    wait_for(project / "up")

    process.send_signal(number)
    _, err = process.communicate(timeout=LIMIT_SECONDS)

    assert (process.returncode, err) == (status, "$ sleep 1000 & echo > up; wait\n")
    assert marked(project) == []
    assert list(Path(environment["TMPDIR"]).iterdir()) == []


def wait_for(path: Path) -> None:
    deadline, pause = time.monotonic() + LIMIT_SECONDS, threading.Event()
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        pause.wait(0.005)


@CONFINED
def test_its_temporary_directory_is_private_and_removed(
    server: ModelServer, nex: RunNex, environment: dict[str, str]
) -> None:
    server.script(runs('stat -c %a "$TMPDIR"; echo > "$TMPDIR/x"'), says("Done."))

    nex("go")

    assert server.requests[1].last["content"] == "700\n[exit status 0]"
    assert list(Path(environment["TMPDIR"]).iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--approval", "deny"), "commands are not allowed here (--approval deny)"),
        (("--approval", "ask"), "nobody can be asked: there is no terminal (--approval ask)"),
    ],
)
def test_a_command_that_nobody_allows_does_not_run(
    server: ModelServer, nex: RunNex, project: Path, arguments: tuple[str, ...], told: str
) -> None:
    server.script(runs("touch made"), says("I may not."))

    done = nex(*arguments, "go")

    assert (done.returncode, done.stdout) == (0, "I may not.\n")
    assert done.stderr == f"$ touch made\nnex: refused: {told}\n"
    assert server.requests[1].last["content"] == f"Not run: {told}."
    assert not (project / "made").exists()


WITHOUT_LANDLOCK = """
import sys
from doctor.nex import landlock as kernel
kernel._call(kernel._libc().prctl, kernel.NO_NEW_PRIVILEGES, 1, 0, 0, 0)
kernel.install_filter([
    (kernel.LOAD, 0, 0, kernel.NUMBER_OFFSET),
    (kernel.EQUALS, 0, 1, kernel.CREATE_RULESET),
    (kernel.RETURN, 0, 0, kernel.ERRNO | kernel.ENOSYS),
    (kernel.RETURN, 0, 0, kernel.ALLOW),
])
from doctor.nex.command import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux, whose Landlock is taken away here")
@pytest.mark.parametrize(("arguments", "runs_it"), [((), False), (("--unconfined",), True)])
def test_where_nothing_confines_a_command_only_who_says_so_runs_it(
    server: ModelServer, nex: RunNex, project: Path, private_bin: Path, arguments: tuple[str, ...], runs_it: bool
) -> None:
    server.script(runs("echo > ../made"), says("Done."))

    done = nex(*arguments, "go", command=(sys.executable, "-EPc", WITHOUT_LANDLOCK), PATH=str(private_bin))

    assert done.returncode == 0
    assert (project.parent / "made").exists() is runs_it
    assert ("commands cannot be confined here: this kernel has no Landlock" in done.stderr) is not runs_it


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("browse", "{}", "There is no tool 'browse'; the only one is 'bash'."),
        ("bash", "{broken", 'The arguments have to be a JSON object such as {"command": "ls"}.'),
        ("bash", '{"command": ""}', 'The arguments have to be a JSON object such as {"command": "ls"}.'),
        ("bash", '{"command": 5}', 'The arguments have to be a JSON object such as {"command": "ls"}.'),
    ],
)
def test_a_call_that_makes_no_sense_is_answered(
    server: ModelServer, nex: RunNex, name: str, arguments: str, told: str
) -> None:
    server.script(called(name, arguments), says("Sorry."))

    done = nex("go")

    assert (done.returncode, done.stdout) == (0, "Sorry.\n")
    assert server.requests[1].last["content"] == told


def test_a_model_that_never_finishes_is_stopped(server: ModelServer, nex: RunNex) -> None:
    server.script(called("browse", "{}"))

    done = nex("--max-turns", "2", "go")

    assert done.returncode == 1
    assert done.stderr.endswith(
        "nex: the model was not finished after 2 requests; raise --max-turns, or ask for less\n"
    )
    assert len(server.requests) == 2


PROMPT = "".join(map(chr, range(32, 127))) + "\n\ttwo 'quotes' \"$(x)\" `y` #{z};\r\n\u65e5\U0001f600\n"


@pytest.mark.parametrize("way", ["argument", "file", "stdin"])
def test_a_prompt_arrives_as_it_was_given(server: ModelServer, nex: RunNex, project: Path, way: str) -> None:
    server.script(says("ok"))
    prompt = PROMPT if way == "argument" else PROMPT * 2000
    (project / "task").write_bytes(prompt.encode())

    match way:
        case "argument":
            nex("--", prompt)
        case "file":
            nex("--prompt-file", "task")
        case _:
            with (project / "task").open("rb") as file:
                own = [*NEX, "--model", "m", "--base-url", server.url]
                environment = {"PATH": os.environ["PATH"], "HOME": str(project)}
                subprocess.run(own, cwd=project, env=environment, stdin=file, check=True, stdout=subprocess.DEVNULL)

    assert server.requests[0].last == {"role": "user", "content": prompt}


def test_bytes_that_are_no_text_do_no_harm(server: ModelServer, nex: RunNex) -> None:
    server.script(says("ok"))

    assert nex(os.fsdecode(b"a\xffb")).returncode == 0
    assert server.requests[0].last["content"] == "a\ufffdb"


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        ((), "Bearer sk-planted"),
        (("--key-env", "MINE"), "Bearer sk-mine"),
        (("--no-key",), "Bearer no-key"),
    ],
)
def test_the_key_of_the_variable_is_sent(
    server: ModelServer, nex: RunNex, arguments: tuple[str, ...], sent: str
) -> None:
    server.script(says("ok"))

    nex(*arguments, "go", MINE="sk-mine")

    assert server.requests[0].authorization == sent


def test_a_system_prompt_may_be_given(server: ModelServer, nex: RunNex, project: Path) -> None:
    server.script(says("ok"))
    (project / "system").write_text("Be brief.")

    nex("--system", "system", "go")

    assert server.requests[0].body["messages"][0] == {"role": "system", "content": "Be brief."}


@CONFINED
def test_a_project_cannot_put_its_own_modules_in_place_of_ours(server: ModelServer, nex: RunNex, project: Path) -> None:
    trap = "import pathlib; pathlib.Path(__file__).with_suffix('.sprung').touch(); raise SystemExit(99)\n"
    for name in (
        "openai.py",
        "json.py",
        "ctypes.py",
        "sitecustomize.py",
        "doctor/__init__.py",
        "doctor/nex/__main__.py",
    ):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(trap)
    server.script(runs("ls openai.py"), says("ok"))

    done = nex("go", PYTHONPATH=str(project))

    assert (done.returncode, done.stdout) == (0, "ok\n")
    assert server.requests[1].last["content"] == "openai.py\n[exit status 0]"
    assert list(project.rglob("*.sprung")) == []


def test_what_is_asked_for_is_a_streamed_chat_with_the_tool(server: ModelServer, nex: RunNex) -> None:
    server.script(says("ok"))

    nex("go")

    request = server.requests[0]
    assert request.path == "/v1/chat/completions"
    assert (request.body["model"], request.body["stream"]) == ("m", True)
    assert [tool["function"]["name"] for tool in request.body["tools"]] == ["bash"]
    assert json.dumps(request.body["tools"]).count('"command"') == 2
    assert landlock.LOWEST_ABI == 3
