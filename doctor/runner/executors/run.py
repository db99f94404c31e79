"""One run with a harness: told on standard input, reported to the coordinator as it goes on."""

import io
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, NoReturn

from doctor.errors import DoctorError
from doctor.runner.executors.question import explain
from doctor.runner.executors.reporting import Reporter
from doctor.runner.executors.speech import Failed, Recovered, Said, Session, Speech, Words, speech_of
from doctor.runner.executors.starting import CannotStart, Start, harness_of, prepare
from doctor.runner.invocation import ExecutorInvocation

LONGEST_LINE = 32 * 1024 * 1024
"""Bytes of one line of output; a longer one is passed over."""

PATIENCE = 4.0
"""Seconds that the harness has to end, once this process was asked to."""

PRIVATE = 0o600
QUIET = 200
"""Milliseconds without output after which it is looked whether the harness has ended."""

_BY_SIGNAL = 128
_CHUNK = 256 * 1024


def main(arguments: Sequence[str]) -> int:
    """Do one run with a harness, or answer ``--schema`` or ``--version``.

    Args:
        arguments: The harness, then what stands on the command line.

    Returns:
        The exit code: 0 where the agent came to its end and everything was reported, else 1; 2 for a wrong option.
    """
    if not arguments or len(arguments) > 1:
        return explain(arguments[1:] or ["?"])
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        invocation = ExecutorInvocation.from_json(sys.stdin.buffer.read(), warn=_warn)
        return _run(arguments[0], invocation)
    except DoctorError as error:
        return _failed(f"{error.message}{f' ({error.remedy})' if error.remedy else ''}")


def _end(number: int, _frame: object) -> NoReturn:
    sys.exit(_BY_SIGNAL + number)


def _warn(text: str) -> None:
    sys.stderr.write(f"Warning: {text}\n")


def _print(text: str) -> None:
    """For whoever reads this process's log; nobody may."""
    with suppress(OSError):
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def _failed(text: str) -> int:
    sys.stderr.write(f"Error: {text}\n")
    return 1


def _run(runtime_id: str, invocation: ExecutorInvocation) -> int:
    environment, home = os.environ, Path.home()
    harness, registry = harness_of(runtime_id, directory=Path.cwd(), environment=environment, home=home)
    speech = speech_of(harness.id)
    current = environment.get("AGENT_RUNNER_DIALECT") == "current"
    url = environment.get("AGENT_ORCHESTRATOR_API_URL", "")
    reporter = Reporter(url, invocation.session_id, current=current)
    try:
        own, cwd = _session(reporter, invocation, speech, harness.id)
        with tempfile.TemporaryDirectory(prefix="doctor-run-") as directory:
            start = prepare(
                harness,
                registry,
                invocation,
                speech=speech,
                own=own if invocation.mode == "resume" or speech.name_flag else None,
                cwd=cwd,
                environment=environment,
                home=home,
                directory=Path(directory),
                warn=_warn,
            )
            _write(start.files, Path(directory))
            reporter.bind(own, cwd)
            if invocation.mode == "resume":
                reporter.resumed()
            reporter.message("user", invocation.text or "")
            return _Run(harness.id, reporter, speech, cwd).follow(start)
    finally:
        reporter.close()


def _session(reporter: Reporter, invocation: ExecutorInvocation, speech: Speech, runtime_id: str) -> tuple[str, str]:
    """The harness's name for the session, as far as it is known, and the directory it belongs to."""
    if invocation.mode == "start":
        wanted = invocation.project_dir or os.getcwd()  # noqa: PTH109 - as a string
        own = str(uuid.uuid4()) if speech.name_flag else f"{runtime_id}-{uuid.uuid4()}"
        return own, _directory(wanted)
    if not speech.resumes:
        raise CannotStart(f"{runtime_id} keeps no sessions, so that this one cannot go on", remedy="start a new one")
    known = reporter.session()
    named = known.get("executor_session_id")
    if not isinstance(named, str) or not named or named.startswith(("-", f"{runtime_id}-")):
        raise CannotStart(f"the coordinator does not know this session's name in {runtime_id}, so it cannot go on")
    project_dir = known.get("project_dir")
    return named, _directory(project_dir if isinstance(project_dir, str) and project_dir else os.getcwd())  # noqa: PTH109


def _directory(path: str) -> str:
    if not os.path.isdir(path):  # noqa: PTH112 - any text may come
        raise CannotStart(f"the project directory {path!r} does not exist on this machine")
    return os.path.abspath(path)  # noqa: PTH100 - a link stays as it was written


def _write(files: Mapping[str, str], directory: Path) -> None:
    for name, content in files.items():
        handle = os.open(directory / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content)


class _Run:
    """A harness at work."""

    def __init__(self, runtime_id: str, reporter: Reporter, speech: Speech, cwd: str) -> None:
        self._runtime_id = runtime_id
        self._reporter = reporter
        self._speech = speech
        self._cwd = cwd
        self._last = ""
        self._failure: str | None = None

    def follow(self, start: Start) -> int:
        """Start it, report what it says, and say how it ended."""
        try:
            process = subprocess.Popen(
                start.argv,
                env=dict(start.env),
                cwd=start.cwd,
                stdin=subprocess.DEVNULL if start.stdin is None else subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise CannotStart(f"{start.argv[0]} cannot be started: {reason or error}") from error
        try:
            code = self._listen(process, start.stdin)
        finally:
            _ended(process)
        if self._failure is not None or code != 0:
            return _failed(self._failure or f"{self._runtime_id} ended with exit code {code}")
        self._reporter.finished(self._last)
        return 0

    def _listen(self, process: "subprocess.Popen[bytes]", content: bytes | None) -> int:
        writer = threading.Thread(target=_hand_over, args=(process.stdin, content), daemon=True)
        writer.start()
        for line in _lines(process):
            self._heard(self._speech.hear(line))
        self._heard(self._speech.end())
        writer.join()
        return process.wait()

    def _heard(self, said: Iterable[Said]) -> None:
        for each in said:
            match each:
                case Session(name):
                    self._reporter.bind(name, self._cwd)
                case Words(text):
                    self._last = text
                    _print(text)
                    self._reporter.message("assistant", text)
                case Failed(text):
                    self._failure = text
                case Recovered():
                    self._failure = None


def _hand_over(stream: IO[bytes] | None, content: bytes | None) -> None:
    """Write the prompt while the output is read: both may be longer than a pipe."""
    if stream is not None:
        with suppress(OSError), stream:
            stream.write(content or b"")


def _lines(process: "subprocess.Popen[bytes]") -> Iterator[str]:
    """The lines of its output, until it has ended; what it left behind may hold the other end for much longer."""
    if process.stdout is None:
        return
    poll = select.poll()
    poll.register(process.stdout, select.POLLIN | select.POLLHUP)
    held, is_too_long = bytearray(), False
    while True:
        if not poll.poll(QUIET):
            if process.poll() is None:
                continue
            break
        chunk = os.read(process.stdout.fileno(), _CHUNK)
        if not chunk:
            break
        first, *more = chunk.split(b"\n")
        held += first
        for part in more:
            if not is_too_long:
                yield _text(held)
            held, is_too_long = bytearray(part), False
        if len(held) > LONGEST_LINE:
            held, is_too_long = bytearray(), True
    if held and not is_too_long:
        yield _text(held)


def _text(line: bytes | bytearray) -> str:
    return line.decode("utf-8", "replace").rstrip("\r")


def _ended(process: "subprocess.Popen[bytes]") -> None:
    """Leave nothing behind, also where this process was asked to end."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()
