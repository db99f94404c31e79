"""The executors that come with the tool. Each is imported when one is made."""

from collections.abc import Mapping

from doctor.executor.base import Executor, MakeExecutor, Place


def _tmux(place: Place) -> Executor:
    from doctor.executor.tmux_executor import TmuxExecutor  # noqa: PLC0415 - only the one that is asked for

    return TmuxExecutor(place)


def _process(place: Place) -> Executor:
    from doctor.executor.process_executor import ProcessExecutor  # noqa: PLC0415 - only the one that is asked for

    return ProcessExecutor(place)


def _runner(place: Place) -> Executor:
    from doctor.executor.runner_executor import RunnerExecutor  # noqa: PLC0415 - only the one that is asked for

    return RunnerExecutor(place)


BUILTIN_EXECUTORS: Mapping[str, MakeExecutor] = {"tmux": _tmux, "process": _process}
"""Executor name, as given to ``--executor``, to what makes one."""

FOREIGN_EXECUTORS: Mapping[str, MakeExecutor] = {"runner": _runner}
"""Those that start nothing for a launch: what others started is looked at and ended through them."""
