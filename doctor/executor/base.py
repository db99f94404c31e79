"""What an executor is: the one contract that every way of running agents keeps.

An executor owns the identity of what it starts. A process is one attempt at one spec, its directory is its lease, and
that directory is made in one step: whoever comes second is refused, so nothing is ever started twice.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Protocol

from doctor.model.failure import FailureKind
from doctor.model.process import Observation
from doctor.model.spec import LaunchSpec, Mode
from doctor.records import dataclass

MARK = "DOCTOR_PROCESS"
"""Variable in every agent's environment that holds its process id; what it starts is found by it."""

PROMPT_FILE = "DOCTOR_PROMPT_FILE"
"""Variable in every agent's environment that names the file of its prompt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an executor works: one project on one machine."""

    directory: Path
    """The project's ``.metawsm``; processes get a directory each below its ``processes``."""

    socket: str = "harness-doctor"
    """Name of the project's tmux socket."""

    environment: Mapping[str, str] = field(default_factory=dict)
    """The doctor's own environment: where tools are found, and what an agent's environment is compared with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typing:
    """A line to type once the harness is ready for it."""

    ready: tuple[str, ...]
    """Regular expressions, any of which is found in the output with all white space removed, once it is ready."""

    text: str
    """One line, without its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One attempt at one spec."""

    spec: LaunchSpec
    spec_path: Path
    """The materialised spec, ``.metawsm/launches/<id>/spec.json``."""

    process_id: str
    """``<agent>-<first digits of the spec's id>-<attempt>``; unique for ever."""

    attempt: int
    run_id: str
    environment: Mapping[str, str] = field(repr=False)
    """The agent's whole environment, secrets resolved. Never written to disk, argv or tmux."""

    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Values that are hidden wherever the agent's output is kept."""

    typing: Typing | None = None
    on_exit: tuple[str, ...] = ()
    """Command that is run, best effort, after the end was recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """What became of a submission."""

    process_id: str
    problem: FailureKind | None = None
    """Why nothing was started; ``None`` when it is on its way."""

    detail: str | None = None
    """What was seen, in one sentence."""

    remedy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What an executor can run here."""

    modes: tuple[Mode, ...]
    labels: tuple[str, ...] = ()
    problem: str | None = None
    """Why it can run nothing at all, such as a missing tmux."""

    remedy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What a process of this executor would find where it runs. ``None``: it could not be looked at."""

    reachable: bool
    problem: str | None = None
    environment: Mapping[str, str] | None = None
    """What the place itself has, before an agent's own environment is put over it: every name, few of the values."""

    beside: Mapping[str, str] | None = None
    """What a program finds that a person starts beside an agent, told in the same way."""

    programs: Mapping[str, str | None] = field(default_factory=dict)
    """Path asked for, to why it cannot be run there; ``None`` where it can."""

    cwd_problem: str | None = None


class Executor(Protocol):
    """One way of running agents.

    All times are seconds since the epoch. No method raises for something that is wrong with one process: that is
    part of its answer. "Cannot look" is ``OSError`` or an observation that leaves things open, never "gone".
    """

    name: str

    def offers(self) -> Offer:
        """What it can run here."""

    def submit(self, submissions: Sequence[Submission]) -> tuple[Submitted, ...]:
        """Start each of them, side by side; answers in the same order, once each is handed over or has failed.

        A submission whose process id was used before, or whose spec has a live lease, is refused.
        """

    def poll(self, process_ids: Sequence[str] | None = None) -> tuple[Observation, ...]:
        """What is to be seen of these processes, or of all that it knows; changes nothing."""

    def cancel(self, process_ids: Sequence[str], *, patience: float) -> tuple[Observation, ...]:
        """End them and what they started: asked first, after ``patience`` seconds killed. Ended ones are cleaned up."""

    def adopt(self) -> tuple[Observation, ...]:
        """Take over what an executor that is gone left behind: record the ends that nobody is left to record."""

    def probe(self, *, programs: Sequence[str], cwd: str) -> Probe:
        """Look from inside the place where agents run."""

    def attach(self, process_id: str) -> tuple[str, ...] | None:
        """The command that shows a process's terminal to a person; ``None`` where it has none."""

    def screen(self, process_ids: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """The visible lines of each of these that has a screen; the others are left out."""


MakeExecutor = Callable[[Place], Executor]
"""What a plugin registers under an executor's name."""
