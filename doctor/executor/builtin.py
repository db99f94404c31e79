"""The executors that come with the tool. Each is imported when one is made."""

from collections.abc import Mapping

from doctor.executor.base import Executor, MakeExecutor, Place


def _tmux(place: Place) -> Executor:
    from doctor.executor.tmux_executor import TmuxExecutor  # noqa: PLC0415 - only the one that is asked for

    return TmuxExecutor(place)


def _process(place: Place) -> Executor:
    from doctor.executor.process_executor import ProcessExecutor  # noqa: PLC0415 - only the one that is asked for

    return ProcessExecutor(place)


BUILTIN_EXECUTORS: Mapping[str, MakeExecutor] = {"tmux": _tmux, "process": _process}
"""Executor name, as given to ``--executor``, to what makes one."""
