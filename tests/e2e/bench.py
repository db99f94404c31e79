"""A machine of a test's own, on which agents are really started, and which leaves nothing behind."""

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from doctor.harness.base import LaunchRequest
from doctor.harness.registry import builtin_harnesses
from doctor.model.harness import CompiledArgv
from doctor.os_processes import mark_of, process_ids, start_time
from tests.harness_recipes import RECIPES, write_files

STAND_IN = Path(__file__).with_name("stand_in.py")
SOCKET = "harness-doctor"
PATIENCE = 30.0
"""Seconds until something that has to happen counts as not happening; no test measures time with it."""

VERSIONS = {"codex": "0.169.0", "claude_code": "2.1.197", "opencode": "1.18.33"}
"""What stand-ins answer; any other says 9.9.9."""

ANSWERS = """case "$*" in
  --version|-V|version) echo 'stand-in {version}'; exit 0 ;;
  'login status') echo 'Logged in using an API key' >&2; exit 0 ;;
  'auth status') echo '{{"loggedIn": true, "authMethod": "api_key"}}'; exit 0 ;;
  --help|*' --help') printf '  %s <VALUE>\\n' {flags}; exit 0 ;;
esac
exec {python} -I {stand_in} "$@" """

COPILOT_TRUSTS = {".copilot/config.json": json.dumps({"trusted_folders": ["/tmp"]})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What a stand-in was given."""

    argv: tuple[bytes, ...]
    stdin: bytes | None
    prompt_file: bytes | None
    environment: Mapping[str, str]
    cwd: str
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The machine."""

    root: Path
    """Short, so that tmux's socket has room for its name; gone afterwards."""

    argv: tuple[str, ...]
    """How the ``doctor`` command is started."""

    environment: dict[str, str]
    """The whole environment; a test may add to it."""

    @property
    def home(self) -> Path:
        """The home directory."""
        return self.root / "home"

    @property
    def project(self) -> Path:
        """The project, a git repository."""
        return self.root / "project"

    @property
    def metawsm(self) -> Path:
        """What the doctor writes in the project."""
        return self.project / ".metawsm"

    @property
    def records(self) -> Path:
        """Where stand-ins keep what they were given."""
        return self.root / "records"

    # The doctor.

    def run(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run the command in the project."""
        return subprocess.run(
            [*self.argv, *arguments],
            cwd=self.project,
            env=self.environment,
            input=stdin or "",
            capture_output=True,
            text=True,
            check=False,
            timeout=4 * PATIENCE,
        )

    def ask(self, *arguments: str, code: int | None = 0) -> dict[str, Any]:
        """Run the command with ``--format json`` and return its document; ``code`` is the exit code it must have."""
        answer = self.run(*arguments, "--format", "json")
        said = f"exit {answer.returncode}\n{answer.stdout}\n{answer.stderr}"
        assert answer.stdout.startswith("{"), said
        assert code is None or answer.returncode == code, said
        document: dict[str, Any] = json.loads(answer.stdout)
        return document

    def ps(self, *arguments: str) -> list[dict[str, Any]]:
        """The processes that ``doctor ps`` shows."""
        found: list[dict[str, Any]] = self.ask("ps", *arguments)["processes"]
        return found

    def policy(self, agents: Sequence[Mapping[str, Any]], **more: Any) -> Path:
        """Write a policy in which each of ``agents`` has a profile of its own.

        An agent is its ``name``, ``runner``, ``prompt``, ``stage``, ``skills``, and the rest its runner options.
        """
        profiles, named = [], []
        for agent in agents:
            options = dict(agent)
            name, stage = options.pop("name"), options.pop("stage", None)
            profiles.append(
                {
                    "name": f"{name}-profile",
                    "runner": options.pop("runner"),
                    "base_prompt": options.pop("prompt", "Do the work."),
                    "skills": options.pop("skills", []),
                    "runner_options": options,
                }
            )
            named.append({"name": name, "profile": f"{name}-profile", **({"stage": stage} if stage else {})})
        path = self.metawsm / "policy.json"
        path.parent.mkdir(exist_ok=True)
        document = {"version": 2, "agent_profiles": profiles, "agents": named, **more}
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    # The machine.

    def install(self, runtime_id: str, *more_flags: str) -> Path:
        """Put a stand-in for a harness on PATH, which knows every flag that the harness is started with, and more."""
        [harness] = [each for each in builtin_harnesses() if each.id == runtime_id]
        requests = [
            LaunchRequest(path=runtime_id, model="m", endpoint_url=url, interactive=interactive, cwd="/")
            for interactive, url in product((False, True), (None, "http://h/v1"))
        ]
        flags = [word for request in requests for word in _words(harness.compile(request)) if word.startswith("-")]
        return self.program(
            harness.binaries[0],
            ANSWERS.format(
                version=VERSIONS.get(runtime_id, "9.9.9"),
                flags=" ".join(dict.fromkeys((*flags, "--model", *more_flags))),
                python=sys.executable,
                stand_in=STAND_IN,
            ),
        )

    def install_all(self) -> tuple[str, ...]:
        """Put a stand-in for every harness that is a program of its own on PATH; returns their ids."""
        found = tuple(each.id for each in builtin_harnesses() if not each.builtin and each.carrier is None)
        for runtime_id in found:
            self.install(runtime_id)
        return found

    def log_in(self) -> None:
        """Every harness holds credentials, and has no question left to ask in the project."""
        self.environment.update(
            {
                "OPENAI_API_KEY": "key-of-openai",
                "ANTHROPIC_AUTH_TOKEN": "token-of-anthropic",
                "GEMINI_API_KEY": "key-of-gemini",
                "GH_TOKEN": "token-of-github",
                "GEMINI_CLI_TRUST_WORKSPACE": "true",
                "IS_SANDBOX": "1",
            }
        )
        write_files(self.home, {".codex/auth.json": "{}", ".hermes/config.yaml": "model: {}\n", **COPILOT_TRUSTS})
        for recipe in (RECIPES["codex"], RECIPES["claude_code"]):
            write_files(self.home, recipe.quiet(self.project))

    def program(self, name: str, body: str) -> Path:
        """Put a shell script on PATH."""
        path = self.root / "bin" / name
        path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    def received(self, process_id: str) -> Received:
        """What the stand-in that was started as this process was given, once it was."""
        path = self.records / f"{process_id}.json"
        self.until(path.exists, f"{process_id} to keep what it was given")
        kept = json.loads(path.read_text(encoding="utf-8"))
        return Received(
            argv=tuple(base64.b64decode(each) for each in kept["argv"][1:]),
            stdin=None if kept["stdin"] is None else base64.b64decode(kept["stdin"]),
            prompt_file=None if kept["prompt_file"] is None else base64.b64decode(kept["prompt_file"]),
            environment=kept["environment"],
            cwd=kept["cwd"],
            pid=kept["pid"],
        )

    def tmux(self, *arguments: str) -> str:
        """Ask the project's tmux server; nothing where there is none."""
        argv = ["tmux", "-L", SOCKET, *arguments]
        return subprocess.run(argv, env=self.environment, capture_output=True, text=True, check=False).stdout

    def sessions(self) -> list[str]:
        """The names of the sessions that are there."""
        return sorted(self.tmux("list-sessions", "-F", "#{session_name}").split())

    def server_pid(self) -> int:
        """The process of the tmux server."""
        return int(self.tmux("display-message", "-p", "#{pid}"))

    def agents(self) -> dict[int, str]:
        """Processes of this machine that belong to an agent, by number, with the agent's process id."""
        marks = {pid: mark_of(pid, "DOCTOR_PROCESS") for pid in self.processes()}
        return {pid: mark for pid, mark in marks.items() if mark is not None}

    def processes(self) -> list[int]:
        """Every process of this machine that runs, told by its home directory."""
        home = str(self.home)
        return [pid for pid in process_ids() if mark_of(pid, "HOME") == home and start_time(pid) is not None]

    @staticmethod
    def parent(pid: int) -> int:
        """The process that started another."""
        return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait until ``condition`` holds; fails when it does not come to that."""
        assert self.comes_to(condition), f"waited in vain for {what}"

    @staticmethod
    def comes_to(condition: Callable[[], object], *, seconds: float = PATIENCE) -> bool:
        """Whether ``condition`` holds within so many seconds."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True

    def settled(self, look: Callable[[], str]) -> None:
        """Wait until what is to be seen stays the same for a moment."""
        seen = [look()]

        def same() -> bool:
            time.sleep(0.3)
            seen.append(look())
            return seen[-1] == seen[-2]

        self.comes_to(same, seconds=5)

    def files(self) -> dict[str, bytes]:
        """Every file below ``.metawsm`` with its content; named pipes are left out."""
        return {
            str(path.relative_to(self.metawsm)): path.read_bytes() for path in self.metawsm.rglob("*") if path.is_file()
        }

    def close(self) -> None:
        """End whatever still runs, and leave no file."""
        for socket in (self.root / "tmux").glob("*/*"):
            subprocess.run(
                ["tmux", "-S", socket, "kill-server"], env=self.environment, capture_output=True, check=False
            )
        end = time.monotonic() + PATIENCE
        while (left := self.processes()) and time.monotonic() < end:
            for pid in left:
                _kill(pid)
            time.sleep(0.02)
        shutil.rmtree(self.root, ignore_errors=True)
        assert left == [], f"these processes do not end: {left}"


def _words(compiled: CompiledArgv) -> tuple[str, ...]:
    """Everything that one of the ways to hand a prompt over puts into argv."""
    return (*compiled.argv, *(compiled.stdin_argv or ()), *(compiled.file_argv or ()))


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
