"""Everything that works for a registered runner: started together, ended in order."""

import threading
from contextlib import suppress

from doctor.report.redact import secret_values
from doctor.runner import orphans
from doctor.runner.attending import Attendant
from doctor.runner.blueprint import MCP_URL
from doctor.runner.carrying import Carrier
from doctor.runner.client import Coordinator
from doctor.runner.following import Following
from doctor.runner.gateway import Gateway
from doctor.runner.heart import Heart
from doctor.runner.leaving import Departure
from doctor.runner.polling import Polling
from doctor.runner.registration import Registration
from doctor.runner.reports import End, Reporter
from doctor.runner.runs import Active, Runs
from doctor.runner.service import Equipment
from doctor.runner.storage import Storage

_LAST_WRITES = 5.0
"""Seconds that the journal has for what is waiting."""

_LOOK = 0.5


class Works:
    """The threads of one runner.

    Args:
        equipment: What it works with.
        coordinator: For whom.
        registration: It is registered.
        departure: When it ends.
    """

    def __init__(
        self, equipment: Equipment, coordinator: Coordinator, registration: Registration, departure: Departure
    ) -> None:
        settings, talk = equipment.settings, equipment.talk
        self._equipment = equipment
        self._departure = departure
        self._registration = registration
        self._prepared = threading.Event()
        self._carrier: Carrier | None = None
        self._reporter = Reporter(coordinator, registration, departure, talk)
        most = 1 if settings.once else settings.max_concurrency
        self._runs = Runs(most=most, carry=self._carry, reporter=self._reporter, departure=departure, talk=talk)
        self._polling = Polling(
            coordinator, registration, self._runs, departure, floor=settings.poll_timeout, once=settings.once, talk=talk
        )
        self._heart = Heart(coordinator, registration, departure, at_most=settings.heartbeat_interval, talk=talk)
        self._attendant = Attendant(
            coordinator=coordinator,
            registration=registration,
            runs=self._runs,
            reporter=self._reporter,
            polling=self._polling,
            departure=departure,
            talk=talk,
        )
        self._storage = Storage(equipment.places.project.root, equipment.paths.state_dir, talk)
        self._gateway = Gateway(
            coordinator,
            hostname=equipment.hostname,
            executor_profile=equipment.ready.profile.name,
            complain=talk.error,
        )
        self._following = Following(
            paths=equipment.paths,
            environment=equipment.environment,
            project=equipment.places.project.root,
            registry=equipment.places.registry,
            runtime_id=equipment.ready.runtime_id,
            talk=talk,
        )
        self._coordinator = coordinator

    def start(self) -> None:
        """Begin to work; what only a run needs is made ready meanwhile.

        Raises:
            OSError: The machine has no room for it; nothing was claimed.
        """
        self._gateway.start()
        for run in self._registration.brought.runs:
            self._runs.take(run)
        self._registration.brought.runs.clear()
        self._polling.start()
        self._heart.start()
        self._carrier = self._made_carrier()
        self._prepared.set()
        self._following.start()
        self._attendant.start(self._settle_orphans, search=self._registration.took_over)

    def finish(self) -> None:
        """Finish or fail what was taken, have the coordinator forget the runner, and end everything."""
        while not self._runs.wait_until_idle(_LOOK):
            if self._departure.at_once.is_set():
                self._runs.end_all()
        self._attendant.stop()
        self._heart.stop()
        self._polling.leave(self._attendant.give_up)
        self._following.close()
        self._gateway.close()
        self._storage.close(limit=_LAST_WRITES)

    def _carry(self, active: Active) -> End:
        self._prepared.wait()
        carrier = self._carrier
        if carrier is None:  # pragma: no cover - it is there once that is set
            raise RuntimeError("a run was taken before anything could carry it")
        return carrier.carry(active)

    def _made_carrier(self) -> Carrier:
        equipment = self._equipment
        return Carrier(
            settings=equipment.settings,
            ready=equipment.ready,
            environment=equipment.environment,
            secrets=_secrets(equipment),
            mcp_url=equipment.environment.get(MCP_URL) or None,
            coordinator=self._coordinator,
            gateway=self._gateway,
            reporter=self._reporter,
            announced=self._attendant.hear_missed_stop,
            departure=self._departure,
            storage=self._storage,
            model=self._following.model,
            talk=equipment.talk,
        )

    def _settle_orphans(self) -> frozenset[str]:
        coordinator = self._equipment.settings.coordinator_url
        with suppress(OSError):
            orphans.settle(self._storage, coordinator, self._reporter, self._equipment.talk)
        return orphans.carried_by_others(self._storage.places, coordinator)


def _secrets(equipment: Equipment) -> tuple[str, ...]:
    known = {*secret_values(equipment.environment), *equipment.auth.secrets()}
    return tuple(sorted(known))
