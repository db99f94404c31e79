"""Telling a coordinator that the runner lives."""

import threading
import time

from doctor.runner.auth import AuthError
from doctor.runner.client import Coordinator
from doctor.runner.leaving import Departure
from doctor.runner.registration import Registration
from doctor.runner.talk import Talk

MISSED = 2
"""Beats. A coordinator takes a runner of which it has missed as many for stale, and only a registration mends that."""


class Heart:
    """Tells the coordinator now and then that the runner lives.

    Args:
        coordinator: Whom.
        registration: Whose life, and how often; renewed where the coordinator has forgotten it.
        departure: Ends the trying to renew it.
        at_most: Seconds between two beats, where the coordinator asks for fewer.
        talk: Told of trouble.
    """

    def __init__(
        self,
        coordinator: Coordinator,
        registration: Registration,
        departure: Departure,
        *,
        at_most: float | None,
        talk: Talk,
    ) -> None:
        self._coordinator = coordinator
        self._registration = registration
        self._departure = departure
        self._at_most = at_most
        self._talk = talk
        self._heard_at = 0.0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="heart", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """No beat begins any more."""
        self._stopped.set()

    def _work(self) -> None:
        while not self._stopped.wait(self._interval()):
            with self._talk.guarding("beating"):
                self._beat()

    def _interval(self) -> float:
        asked = self._registration.now.heartbeat_interval
        return asked if self._at_most is None else min(asked, self._at_most)

    def _beat(self) -> None:
        seen = self._registration.now
        if not seen.runner_id:
            return
        try:
            answer = self._coordinator.ask("POST", "/runner/heartbeat", {"runner_id": seen.runner_id})
        except (OSError, AuthError) as error:
            self._talk.warning(f"no heartbeat: {error}")
            return
        if self._stopped.is_set():  # whoever has left is not to be registered again
            return
        if answer.not_registered:
            self._registration.renew(seen, until=self._departure.asked)
        elif not answer.succeeded:
            self._talk.warning(f"no heartbeat: the coordinator answered {answer.in_words}")
        else:
            self._heard()

    def _heard(self) -> None:
        """It was heard, after too long perhaps. Where it still counts as alive, a registration is refused."""
        # A machine that sleeps stops every other clock.
        before, self._heard_at = max(self._heard_at, self._registration.now.asked_at), time.time()
        if self._heard_at - before > MISSED * self._registration.now.heartbeat_interval:
            self._registration.again()
