"""One runner, from its registration until it has left."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from doctor.config.paths import Paths
from doctor.errors import DoctorError
from doctor.exit_codes import ExitCode
from doctor.runner.auth import Auth
from doctor.runner.client import Coordinator
from doctor.runner.leaving import Departure
from doctor.runner.profiles import Places, Ready
from doctor.runner.registration import Identity, Left, Registration
from doctor.runner.settings import RunnerSettings
from doctor.runner.talk import Talk


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """What a runner works with."""

    settings: RunnerSettings
    ready: Ready
    places: Places
    hostname: str
    environment: Mapping[str, str] = field(repr=False)
    auth: Auth
    talk: Talk

    @property
    def paths(self) -> Paths:
        """This tool's directories."""
        return self.places.paths

    def identity(self) -> Identity:
        """What the runner says of itself."""
        profile, settings = self.ready.profile, self.settings
        kind = settings.executor_type_override or self.ready.agent_type or profile.type
        return Identity(
            hostname=self.hostname,
            project_dir=settings.project_dir,
            executor_profile=profile.name,
            executor={"type": kind, "command": profile.command, "config": dict(profile.config)},
            tags=settings.tags,
            require_matching_tags=settings.require_matching_tags,
        )


def serve(equipment: Equipment, departure: Departure) -> ExitCode:
    """Register, work until the departure, and leave.

    Returns:
        ``OK`` where it left as it was asked to; ``FINDINGS`` where the coordinator does not take it.
    """
    settings, talk = equipment.settings, equipment.talk
    coordinator = Coordinator(settings.coordinator_url, equipment.auth)
    registration = Registration(coordinator, equipment.identity(), departure, talk)
    try:
        registration.first()
    except Left:
        return ExitCode.OK
    except DoctorError as error:
        talk.error(error.message)
        if error.remedy:
            talk.info(error.remedy)
        return ExitCode.FINDINGS
    departure.registered.set()
    talk.hide(equipment.auth.secrets())
    # Only now: being registered must not wait for what only a run needs.
    from doctor.runner.working import Works  # noqa: PLC0415 - see above

    works = Works(equipment, coordinator, registration, departure)
    try:
        works.start()
    except OSError as error:
        talk.error(f"this machine has no room for a runner: {error}")
        registration.remove()
        return ExitCode.FINDINGS
    departure.asked.wait()
    talk.info("leaving: no run is taken any more")
    works.finish()
    coordinator.close()
    talk.info("left")
    return ExitCode.OK


def in_background(equipment: Equipment, departure: Departure, done: Callable[[], object]) -> list[ExitCode]:
    """``serve`` in a thread; the exit code stands in the list once ``done`` was called, unless the thread failed."""
    codes: list[ExitCode] = []

    def work() -> None:
        try:
            codes.append(serve(equipment, departure))
        finally:
            done()

    threading.Thread(target=work, name="runner", daemon=True).start()
    return codes
