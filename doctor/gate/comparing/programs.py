"""Programs that this tool's own settings name, where those are part of what is compared."""

from collections.abc import Iterator

from doctor.gate.comparing.order import NOTHING, Judged
from doctor.gate.comparing.values import Draft
from doctor.harness.registry import Registry
from doctor.model.comparison import Verdict
from doctor.model.machine import Machine


def program_changes(before: Machine, after: Machine, registry: Registry) -> Iterator[Draft]:
    """Another program in the place of a harness may do anything; the one that is found by itself is known."""
    was, now = (
        {registry.canonical(name) or name: each.path for name, each in machine.harness.items()}
        for machine in (before, after)
    )
    for name in dict.fromkeys((*was, *now)):
        values = (was.get(name), now.get(name))
        looser = Judged(Verdict.LOOSER, f"another program is started as {name}")
        gone = Judged(Verdict.DIFFERENT, f"{name} is the program that is found by itself")
        yield Draft(
            subject="machine",
            field="harness",
            group="harness",
            before=values[0] and f"{name}: {values[0]}",
            after=values[1] and f"{name}: {values[1]}",
            judged=NOTHING if values[0] == values[1] else gone if values[1] is None else looser,
            pointer=None,
            identity=(name + str(values[0]), name + str(values[1])),
        )
