"""From a run that was claimed to what is started for it: input, environment, working directory."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from doctor.errors import DoctorError
from doctor.executor.base import MARK
from doctor.runner.dialect import Run
from doctor.runner.invocation import ExecutorInvocation
from doctor.runner.profiles import Ready
from doctor.runner.settings import COORDINATOR_URL, RunnerSettings, of_the_runner

SESSION = "AGENT_SESSION_ID"
DIALECT = "AGENT_RUNNER_DIALECT"
MODEL = "AGENT_RUNNER_MODEL"
"""Variable that tells a shipped executor the model of the active named profile, where its own profile names none."""


class CannotPrepare(Exception):  # noqa: N818 - an answer about a run
    """A run cannot be started; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What is started."""

    payload: bytes
    """Its standard input."""

    environment: Mapping[str, str] = field(repr=False)
    cwd: str


def directory_of(run: Run, settings: RunnerSettings) -> str:
    """Where a run works.

    Raises:
        CannotPrepare: There is no such directory.
    """
    directory = run.project_dir or settings.project_dir
    try:
        if os.path.isdir(directory):  # noqa: PTH112 - any text may come, a NUL too
            return os.path.abspath(directory)  # noqa: PTH100 - a link stays as it was written
    except ValueError:
        pass
    raise CannotPrepare(f"the project directory {directory!r} does not exist on this machine")


def payload_of(run: Run, ready: Ready, settings: RunnerSettings, blueprint: Mapping[str, Any] | None) -> bytes:
    """A run's invocation.

    Raises:
        CannotPrepare: The run does not fit the version that the executor reads.
    """
    parameters = dict(run.parameters)
    config = dict(ready.profile.config) or None
    project_dir = (run.project_dir or settings.project_dir) if run.mode == "start" else None
    try:
        if ready.schema == "2.2":
            invocation = ExecutorInvocation(
                schema_version="2.2",
                mode=run.mode,
                session_id=run.session_id,
                parameters=parameters,
                agent_name=run.agent_name,
                project_dir=project_dir,
                executor_config=config,
                agent_blueprint=blueprint,
            )
            return invocation.to_json()
        if run.prompt is None:
            raise CannotPrepare("the run's parameters have no prompt, which an executor of schema 2.1 needs")
        invocation = ExecutorInvocation(
            schema_version="2.1",
            mode=run.mode,
            session_id=run.session_id,
            prompt=run.prompt,
            project_dir=project_dir,
            executor_config=config,
            agent_blueprint=blueprint,
            metadata={name: value for name, value in parameters.items() if name != "prompt"} or None,
        )
        return invocation.to_json()
    except DoctorError as error:
        raise CannotPrepare(error.message) from error


def environment_of(
    run: Run,
    ready: Ready,
    settings: RunnerSettings,
    environment: Mapping[str, str],
    *,
    url: str,
    mark: str,
    model: str | None,
) -> dict[str, str]:
    """An executor's whole environment: the runner's without what only the runner may know.

    Args:
        run: What it does.
        ready: The profile.
        settings: The runner's.
        environment: The runner's.
        url: Where it reaches the coordinator, as itself.
        mark: What it is found by.
        model: Of the active named profile; only for executors of this tool whose profile names none.
    """
    handed = {
        name: value
        for name, value in environment.items()
        if name in ready.variables or not of_the_runner(name, settings)
    }
    handed |= {SESSION: run.session_id, COORDINATOR_URL: url, DIALECT: str(run.dialect), MARK: mark}
    if model and ready.runtime_id is not None and not ready.profile.config.get("model"):
        handed[MODEL] = model
    return handed
