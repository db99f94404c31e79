"""Running headless agents as plain processes of this machine, without a terminal around them."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

from doctor.executor import ending, handover
from doctor.executor.base import Offer, Place, Probe, Submission, Submitted
from doctor.executor.directories import ProcessDirectory, chosen
from doctor.executor.records import observe
from doctor.executor.scrubbing import scrubbed
from doctor.executor.starting import looking_argv, start_argv
from doctor.model.failure import FailureKind
from doctor.model.process import Observation
from doctor.model.spec import Mode

NAME = "process"

_NO_TERMINALS: frozenset[str] = frozenset()
_PROBE_SECONDS = 10.0

# The shell ends at once, so that what it leaves running belongs to the machine's first process and never becomes a
# zombie of whoever launched it.
_IN_THE_BACKGROUND = '"$@" </dev/null >/dev/null 2>&1 &'


class ProcessExecutor:
    """Keeps the executor contract without tmux: headless only, and nothing to look at but the log.

    Args:
        place: The project.
    """

    name = NAME

    def __init__(self, place: Place) -> None:
        self._place = place

    def offers(self) -> Offer:
        """Headless agents, on every machine."""
        return Offer(modes=(Mode.HEADLESS,))

    def submit(self, submissions: Sequence[Submission]) -> tuple[Submitted, ...]:
        """Start each of them; see ``Executor.submit``."""
        answers = {each.process_id: _needs_terminal(each) for each in submissions if each.spec.mode != Mode.HEADLESS}
        wanted = [each for each in submissions if each.process_id not in answers]
        prepared: dict[ProcessDirectory, Submission] = {}
        for submission, answer in zip(wanted, handover.prepare(self._place, wanted, self.name), strict=True):
            if isinstance(answer, Submitted):
                answers[submission.process_id] = answer
            else:
                prepared[answer] = submission
        failures = self._start(tuple(prepared))
        waiting = {each: handover.payload(prepared[each]) for each in prepared if each not in failures}
        failures |= handover.deliver(waiting)
        return tuple(answers.get(each.process_id) or _answer(each, failures) for each in submissions)

    def poll(self, process_ids: Sequence[str] | None = None) -> tuple[Observation, ...]:
        """What is to be seen of them; see ``Executor.poll``."""
        return _observed(self._directories(process_ids))

    def cancel(self, process_ids: Sequence[str], *, patience: float) -> tuple[Observation, ...]:
        """End them; see ``Executor.cancel``."""
        directories = self._directories(process_ids)
        ending.cancel(directories, patience=patience)
        return _observed(directories)

    def adopt(self) -> tuple[Observation, ...]:
        """Record what nobody is left to record; see ``Executor.adopt``."""
        directories = self._directories(None)
        ending.adopt(directories)
        return _observed(directories)

    def probe(self, *, programs: Sequence[str], cwd: str) -> Probe:
        """Look from a process with a supervisor's environment; see ``Executor.probe``."""
        try:
            answer = subprocess.run(
                looking_argv(sys.executable, cwd, programs),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env=self._environment(),
                cwd="/",
                check=False,
                timeout=_PROBE_SECONDS,
                start_new_session=True,
            )
            seen = json.loads(answer.stdout)
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            return Probe(reachable=False, problem=f"a process could not be started to look: {error}")
        return Probe(
            reachable=True,
            environment=seen["environment"],
            programs={path: found["problem"] for path, found in seen["programs"].items()},
            cwd_problem=seen["cwd_problem"],
        )

    def attach(self, process_id: str) -> tuple[str, ...] | None:  # noqa: ARG002 - as for every executor
        """Nothing: there are no terminals."""
        return None

    def screen(self, process_ids: Sequence[str]) -> Mapping[str, tuple[str, ...]]:  # noqa: ARG002 - see above
        """Nothing: there are no screens."""
        return {}

    def _directories(self, process_ids: Sequence[str] | None) -> tuple[ProcessDirectory, ...]:
        return chosen(self._place, process_ids, executor=self.name)

    def _environment(self) -> dict[str, str]:
        return scrubbed(self._place.environment or os.environ)

    def _start(self, directories: Sequence[ProcessDirectory]) -> dict[ProcessDirectory, str]:
        """Start a supervisor for each; returns why, for those that could not be."""
        failures = {}
        environment = self._environment()
        for directory in directories:
            argv = ["/bin/sh", "-c", _IN_THE_BACKGROUND, "doctor", *start_argv(sys.executable, directory)]
            try:
                started = subprocess.run(argv, env=environment, cwd="/", check=False, start_new_session=True)
            except OSError as error:
                failures[directory] = f"its supervisor could not be started: {error.strerror}"
            else:
                if started.returncode != 0:
                    failures[directory] = f"its supervisor could not be started: the shell ended {started.returncode}"
        return failures


def _answer(submission: Submission, failures: Mapping[ProcessDirectory, str]) -> Submitted:
    failed = next((each for each in failures if each.process_id == submission.process_id), None)
    if failed is None or not ending.give_up(failed, failures[failed]):
        return Submitted(process_id=submission.process_id)
    return Submitted(
        process_id=submission.process_id,
        problem=FailureKind.UNKNOWN,
        detail=failures[failed],
        remedy="start it again as a new attempt",
    )


def _needs_terminal(submission: Submission) -> Submitted:
    return Submitted(
        process_id=submission.process_id,
        problem=FailureKind.UNKNOWN,
        detail=f"{submission.spec.agent} is to run interactively, and the executor {NAME} has no terminals",
        remedy="start it headless, or with the executor tmux",
    )


def _observed(directories: Sequence[ProcessDirectory]) -> tuple[Observation, ...]:
    return tuple(observe(each, terminals=_NO_TERMINALS) for each in directories)
