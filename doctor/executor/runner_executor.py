"""The processes of a coordinator's runner, as far as others on this machine have to do with them."""

from collections.abc import Mapping, Sequence

from doctor.executor import ending
from doctor.executor.base import Offer, Place, Probe, Submission, Submitted
from doctor.executor.directories import ProcessDirectory, chosen
from doctor.executor.records import observe
from doctor.model.failure import FailureKind
from doctor.model.process import Observation

NAME = "runner"

_NO_TERMINALS: frozenset[str] = frozenset()
_NOTHING = "its processes are started by a runner, for a coordinator"
_REMEDY = "leave --executor out, or start a runner: doctor runner --help"


class RunnerExecutor:
    """Looks at a runner's processes and ends them; the runner itself reports what became of them.

    A runner supervises many of them, so it is never signalled for one.

    Args:
        place: The project.
    """

    name = NAME

    def __init__(self, place: Place) -> None:
        self._place = place

    def offers(self) -> Offer:
        """Nothing that could be chosen."""
        return Offer(modes=(), problem=_NOTHING, remedy=_REMEDY)

    def submit(self, submissions: Sequence[Submission]) -> tuple[Submitted, ...]:
        """Start none of them."""
        return tuple(
            Submitted(process_id=each.process_id, problem=FailureKind.UNKNOWN, detail=_NOTHING, remedy=_REMEDY)
            for each in submissions
        )

    def poll(self, process_ids: Sequence[str] | None = None) -> tuple[Observation, ...]:
        """What is to be seen of them; see ``Executor.poll``."""
        return tuple(observe(each, terminals=_NO_TERMINALS) for each in self._directories(process_ids))

    def cancel(self, process_ids: Sequence[str], *, patience: float) -> tuple[Observation, ...]:
        """End them; see ``Executor.cancel``. The coordinator is told that they were stopped."""
        ending.cancel_foreign(self._directories(process_ids), patience=patience)
        return self.poll(process_ids)

    def adopt(self) -> tuple[Observation, ...]:
        """Leave those whose runner is gone to the next one: only a runner can tell the coordinator."""
        return self.poll()

    def probe(self, *, programs: Sequence[str], cwd: str) -> Probe:  # noqa: ARG002 - as for every executor
        """Nothing is started here, so there is nothing to look from."""
        return Probe(reachable=False, problem=_NOTHING)

    def attach(self, process_id: str) -> tuple[str, ...] | None:  # noqa: ARG002 - as for every executor
        """Nothing: there are no terminals."""
        return None

    def screen(self, process_ids: Sequence[str]) -> Mapping[str, tuple[str, ...]]:  # noqa: ARG002 - see above
        """Nothing: there are no screens."""
        return {}

    def _directories(self, process_ids: Sequence[str] | None) -> tuple[ProcessDirectory, ...]:
        return chosen(self._place, process_ids, executor=self.name)
