"""Starting and looking at many agents in tmux, against tmux itself in the same run.

Prints one JSON object: see ``Summary``. ``benchmark.py`` runs it and holds the limits.
"""

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import Any, NamedTuple

from doctor.executor.base import Place, Submission
from doctor.executor.tmux import Tmux
from doctor.executor.tmux_executor import TmuxExecutor
from doctor.identity import program_identity
from doctor.model.canonical import content_id
from doctor.model.spec import Delivery, LaunchSpec, Mode, ProgramIdentity, PromptRef
from doctor.model.stage import Stage

# After everything that is installed: what is measured is the installed doctor, and only `tests` comes from here.
sys.path.append(str(Path(__file__).resolve().parents[2]))

from tests.benchmark.idle import until_idle

PROMPT = ""


class Round(NamedTuple):
    """Seconds, and one count, of one round."""

    raw: float
    """The sessions one after the other, each by a client of its own."""

    submit: float
    """The same number of agents, until the last is handed over."""

    running: float
    """Until the last of them runs."""

    questions: int
    """Times that tmux was asked for one look at all of them."""


class Summary(NamedTuple):
    """What counts of all rounds."""

    submit: float
    """Median of the rounds' ratios: agents handed over, to raw sessions."""

    running: float
    """The same until every agent runs."""

    questions: int
    """The most in any round."""


class Counting(Tmux):
    """A client that counts its questions."""

    asked = 0

    def run(self, *commands: Sequence[str]) -> str:
        """Count, and do it."""
        self.asked += 1
        return super().run(*commands)


def summary(rounds: Sequence[Round]) -> Summary:
    """What counts of them."""
    return Summary(
        submit=statistics.median(each.submit / each.raw for each in rounds),
        running=statistics.median(each.running / each.raw for each in rounds),
        questions=max(each.questions for each in rounds),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--sessions", type=int, default=50)
    options = parser.parse_args(arguments)
    print(json.dumps(summary([_round(options.sessions) for _ in range(options.rounds)])._asdict()))
    return 0


def _round(sessions: int) -> Round:
    until_idle()
    with _root() as root:
        raw = _raw(root, sessions)
    with _root() as root:
        executor = TmuxExecutor(Place(directory=root, socket="benchmark", environment=_environment(root)))
        executor.tmux = counting = Counting("benchmark", executor.tmux.environment)
        submissions = [_submission(root, number) for number in range(sessions)]
        try:
            submit, running = _started(executor, submissions)
            counting.asked = 0
            executor.poll()
            return Round(raw, submit, running, counting.asked)
        finally:
            executor.cancel([each.process_id for each in submissions], patience=0.5)


def _raw(root: Path, sessions: int) -> float:
    tmux = Tmux("benchmark", _environment(root))
    program = which("tmux") or "tmux"
    argv = [program, "-L", "benchmark", "-f", "/dev/null", "new-session", "-d", "-x", "200", "-y", "50"]
    begun = time.perf_counter()
    for number in range(sessions):
        subprocess.run([*argv, "-s", f"raw-{number}", "sleep", "600"], env=tmux.environment, cwd="/", check=True)
    seconds = time.perf_counter() - begun
    tmux.run(("kill-server",))
    return seconds


def _started(executor: TmuxExecutor, submissions: Sequence[Submission]) -> tuple[float, float]:
    """Seconds until all are handed over, and until all run."""
    begun = time.perf_counter()
    answers = executor.submit(submissions)
    submitted = time.perf_counter() - begun
    problems = [each for each in answers if each.problem is not None]
    if problems:
        raise SystemExit(f"{problems[0]}: expected every agent to start")
    deadline = begun + 60
    while not all(each.agent_alive for each in executor.poll()):
        if time.perf_counter() > deadline:
            raise SystemExit("the agents do not run after a minute")
        time.sleep(0.005)
    return submitted, time.perf_counter() - begun


def _submission(root: Path, number: int) -> Submission:
    program = os.path.realpath(which("sleep") or "/bin/sleep")
    prompt = hashlib.sha256(PROMPT.encode()).hexdigest()
    document: dict[str, Any] = {
        "schema_version": 1,
        "agent": f"agent-{number}",
        "path": program,
        "program": program_identity(program),
        "argv": [program, "600"],
        "env": {},
        "cwd": "/",
        "prompt": {"sha256": prompt, "path": "", "delivery": "none", "typed": None, "text": PROMPT},
    }
    document["id"] = content_id(document)
    path = root / f"spec-{number}.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    spec = LaunchSpec(
        id=document["id"],
        agent=document["agent"],
        profile="profile",
        stage=Stage.EXECUTE,
        runtime_id="shell",
        harness_version=None,
        path=program,
        program=ProgramIdentity(**document["program"]),
        argv=(program, "600"),
        cwd="/",
        session=f"agent-{number}",
        mode=Mode.HEADLESS,
        prompt=PromptRef(sha256=prompt, path="", text=PROMPT, delivery=Delivery.NONE),
    )
    return Submission(
        spec=spec,
        spec_path=path,
        process_id=f"agent-{number}-1",
        attempt=1,
        run_id="benchmark",
        environment={"PATH": os.environ["PATH"], "API_KEY": "x" * 40},
    )


def _environment(root: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(root), "LANG": "C.UTF-8", "TMUX_TMPDIR": str(root)}


@contextmanager
def _root() -> Iterator[Path]:
    """A directory whose name leaves room for a socket's."""
    with tempfile.TemporaryDirectory(prefix="doctor-b-", dir="/tmp") as directory:
        yield Path(directory)


if __name__ == "__main__":
    sys.exit(main())
