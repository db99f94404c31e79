"""Looking at an agent's own terminal."""

from doctor.errors import UsageError
from doctor.executor.base import Executor
from doctor.model.options import Options
from doctor.processes.look import chosen, observe
from doctor.processes.workplace import workplace


def attach_command(options: Options, name: str) -> tuple[str, ...]:
    """The command that shows the terminal of a process.

    Raises:
        UsageError: There is no such process, it has ended, or it has no terminal.
    """
    place = workplace(options)
    found = chosen(observe(place), (name,))[-1]
    hint = f"doctor logs {found.process_id} shows what it printed"
    if found.ended:
        raise UsageError(f"{found.process_id} has ended", remedy=hint)
    executor: Executor = place.executors[found.executor]
    command = executor.attach(found.process_id) if found.terminal else None
    if command is None:
        why = "its terminal's server is gone" if found.terminal_lost_at else "it runs without one"
        raise UsageError(f"{found.process_id} has no terminal: {why}", remedy=hint)
    return command
