"""Following ``profile use``: the model that this tool's executors get, for the runs that start afterwards."""

import threading
from collections.abc import Mapping
from pathlib import Path

from doctor.config.machine import active_profile, split_model
from doctor.config.paths import Paths
from doctor.control.protocol import Reply, Request
from doctor.control.server import ControlServer
from doctor.errors import DoctorError
from doctor.harness.registry import Registry
from doctor.model.roles import profile_model
from doctor.model.stage import Stage
from doctor.runner.talk import Talk


class Following:
    """The active named profile, as far as it counts for a runner.

    Args:
        paths: Whose settings are followed.
        environment: The runner's.
        project: The project's root, which may have chosen a profile of its own.
        registry: The harnesses that models may name.
        runtime_id: The harness that the runner's executor runs; ``None``: none of this tool's, and no model counts.
        talk: Told of what changes, and of what cannot be followed.
    """

    def __init__(
        self,
        *,
        paths: Paths,
        environment: Mapping[str, str],
        project: Path,
        registry: Registry,
        runtime_id: str | None,
        talk: Talk,
    ) -> None:
        self._paths = paths
        self._project = project
        self._environment = environment
        self._registry = registry
        self._runtime_id = runtime_id
        self._talk = talk
        self._guard = threading.Lock()
        self._profile: str | None = None
        self._model: str | None = None
        self._server: ControlServer | None = None

    def model(self) -> str | None:
        """The model for a run that starts now, as its harness spells it; ``None``: the harness's own choice."""
        return self._model

    def start(self) -> None:
        """Read the settings, and listen for changes. Where nobody can be heard, the present ones stay."""
        try:
            self._read()
            self._server = ControlServer(self._paths, self._reconfigure)
        except DoctorError as error:
            self._talk.warning(error.message)

    def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    def _reconfigure(self, _request: Request) -> Reply:
        self._read()
        values = {} if self._model is None else {"model": self._model}
        return Reply(ok=True, profile=self._profile, values=values)

    def _read(self) -> None:
        """Read the active profile.

        Raises:
            DoctorError: It cannot be read; what counted before still does.
        """
        runners = self._registry.specs()
        active = active_profile(
            flag=None, environment=self._environment, paths=self._paths, runners=runners, project=self._project
        )
        problem = active.problem or next(iter(active.loaded.problems if active.loaded else ()), None)
        if problem is not None:
            raise DoctorError(f"{problem.location}: {problem.message}", remedy=problem.remedy)
        value = active.loaded.value if active.loaded else None
        model = self._own(profile_model(value, Stage.EXECUTE)) if value is not None else None
        with self._guard:
            if (active.name, model) != (self._profile, self._model):
                self._talk.info(f"named profile {active.name or 'none'}: runs get {model or 'no model of it'} now")
            self._profile, self._model = active.name, model

    def _own(self, found: tuple[str, str] | None) -> str | None:
        """The model of a spec that speaks of the runner's harness."""
        if found is None:
            return None
        prefix, model = split_model(found[0])
        spec = self._registry.get(prefix)
        return model if spec is not None and spec.id == self._runtime_id else None
