"""The one tool: bash, in the working directory."""

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, Any

from doctor.nex.confinement import Confinement, Workspace
from doctor.nex.output import BoundedOutput
from doctor.nex.processes import end_group

NAME = "bash"
DEFINITION: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": NAME,
        "description": "Run a command with bash in the working directory and get its output and exit status. "
        "Each call is a new shell without input; whatever it leaves running is ended.",
        "parameters": {
            "type": "object",
            "properties": {"command": {"type": "string", "description": "The command."}},
            "required": ["command"],
        },
    },
}
KEY_VARIABLES = ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY")
READ_BYTES = 65_536
DRAIN_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a command ended."""

    output: str
    status: int | None
    """As a shell gives it, 128 and the number for a signal; ``None``: it was ended for its time."""

    seconds: float
    """What it was allowed."""

    @property
    def words(self) -> str:
        """The end in words."""
        return f"ended after {self.seconds:g} s" if self.status is None else f"exit status {self.status}"

    def for_model(self) -> str:
        """Output and end, as the model reads them."""
        output = self.output if not self.output or self.output.endswith("\n") else f"{self.output}\n"
        return f"{output}[{self.words}]"


def command_environment(
    environment: Mapping[str, str], space: Workspace, secret: str | None, key_env: str | None
) -> dict[str, str]:
    """The environment of a command: no key under any name, and a temporary directory of its own."""
    dropped = {*KEY_VARIABLES, key_env}
    kept = {name: value for name, value in environment.items() if name not in dropped}
    if secret:
        kept = {name: value for name, value in kept.items() if secret not in value}
    scratch = str(space.scratch)
    return {**kept, "PWD": str(space.directory), "TMPDIR": scratch, "TMP": scratch, "TEMP": scratch}


class Bash:
    """Runs commands, one at a time.

    Args:
        space: Where they start and may write.
        environment: Theirs, whole.
        timeout: Seconds that each may take.
        end_rest: Ends what a command left behind outside its process group.
    """

    def __init__(
        self, *, space: Workspace, environment: Mapping[str, str], timeout: float, end_rest: Callable[[], None]
    ) -> None:
        self._space = space
        self._environment = dict(environment)
        self._timeout = timeout
        self._end_rest = end_rest
        self._shell = shutil.which("bash", path=environment.get("PATH")) or "/bin/sh"

    def run(self, command: str, confinement: Confinement) -> Outcome:
        """Run ``command`` to its end, and end all that it started.

        Raises:
            OSError: It cannot be started.
        """
        argv = confinement.argv((os.path.realpath(self._shell), "-c", command), self._space)
        output = BoundedOutput()
        with subprocess.Popen(
            argv,
            cwd=self._space.directory,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process:
            reader = threading.Thread(target=_read, args=(process.stdout, output), daemon=True)
            reader.start()
            try:
                status = self._wait(process)
            finally:
                end_group(process.pid)
                process.wait()
                self._end_rest()
                # Elsewhere than on Linux, what went into another session may still hold the pipe.
                reader.join(DRAIN_SECONDS)
        return Outcome(output=output.text(), status=status, seconds=self._timeout)

    def _wait(self, process: "subprocess.Popen[bytes]") -> int | None:
        try:
            status = process.wait(self._timeout)
        except subprocess.TimeoutExpired:
            return None
        return status if status >= 0 else 128 - status


def _read(pipe: IO[bytes] | None, output: BoundedOutput) -> None:
    while pipe is not None and (data := os.read(pipe.fileno(), READ_BYTES)):
        output.add(data)
