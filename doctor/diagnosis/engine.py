"""Runs checks over facts: in order of what they require, side by side, each within its limit."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any, NamedTuple

from doctor.diagnosis.check import Check
from doctor.diagnosis.collect import run_parameters, verify
from doctor.diagnosis.crew import Crew, Job
from doctor.diagnosis.execution import Ending, ending_of, execute, fails, one_line
from doctor.diagnosis.facts_graph import FactGraph
from doctor.diagnosis.identity import Keys, position, said
from doctor.errors import ProbeTimeout, UsageError
from doctor.model.finding import CheckResult, Finding, Status
from doctor.model.location import Location
from doctor.model.options import Options

FACT_LIMIT = 60.0
"""Seconds that one fact may take. Every program that a fact runs has a shorter limit of its own."""

OBSERVER_LIMIT = 10.0
"""Seconds that observers may take over the end of one check."""

_ENDED = {
    Status.FAILED: "failed",
    Status.SKIPPED: "was skipped",
    Status.TIMEOUT: "timed out",
    Status.CRASHED: "crashed",
}


class Observer(NamedTuple):
    """One plugin's implementation of an observing hook."""

    plugin: str
    call: Callable[..., Any]


class Outcome(NamedTuple):
    """What a run left."""

    results: tuple[CheckResult, ...]
    """One per selected check, in code order."""

    findings: tuple[Finding, ...]
    """Located ones first, in the order of their places, then by code and subject. Ignored ones are among them."""

    notices: tuple[str, ...]
    """What is to be said about plugins that observed badly, one sentence each."""


class Known(NamedTuple):
    """A fact that is settled: its value, or why there is none."""

    value: Any = None
    ending: Ending | None = None


class _Task:
    """A selected check on its way."""

    __slots__ = (
        "begun",
        "check",
        "dependants",
        "facts",
        "failed",
        "findings",
        "over",
        "parameters",
        "requirements",
        "wanted",
    )

    def __init__(self, check: Check) -> None:
        self.check = check
        self.parameters = run_parameters(check)
        self.requirements = set(check.requires)
        self.facts: set[str] = set()
        self.wanted = False
        self.dependants: list[_Task] = []
        self.findings: list[Finding] = []
        self.failed = False
        self.begun: float | None = None
        self.over = False


def explain_command(check: Check) -> str:
    """Where a check is explained when nothing better is known: the command that does."""
    return f"doctor explain {check.code}"


class Engine:
    """One diagnosis's checks and facts.

    Args:
        checks: Every registered check.
        graph: Every fact.
        options: ``jobs``, ``timeout`` and ``online`` are used.
        selected: The checks to run; ``None`` runs all.
        locate: Turns a pointer into a place in the policy. Called from the thread that runs the check.
        ignored: Whether a finding is set aside and so does not make its check fail. Called like ``locate``.
        identify: What a finding is known by wherever lines, items and directories move. Called like ``locate``.
        started: Observers of a check's start; each is given ``code``.
        finished: Observers of a check's end; each is given ``result`` and ``findings``. A skipped check ends without
            having started.
        docs: Where a check is explained.

    Observers are called from the threads that run the checks, several at once. One that raises or hangs changes no
    result: it is named in ``Outcome.notices``.

    Raises:
        RegistrationError: Checks and facts do not fit together.
    """

    def __init__(
        self,
        checks: Sequence[Check],
        graph: FactGraph,
        options: Options,
        *,
        selected: Collection[Check] | None = None,
        locate: Callable[[str], Location | None] = lambda _: None,
        ignored: Callable[[Finding], bool] = lambda _: False,
        identify: Callable[[Finding], str] = said,
        started: Iterable[Observer] = (),
        finished: Iterable[Observer] = (),
        docs: Callable[[Check], str | None] = explain_command,
    ) -> None:
        verify(checks, graph)
        self.fact_limit = FACT_LIMIT
        self.observer_limit = OBSERVER_LIMIT
        self._graph = graph
        self._options = options
        self._locate = locate
        self._ignored = ignored
        self._identify = identify
        self._started = tuple(started)
        self._finished = tuple(finished)
        self._docs = docs
        chosen = checks if selected is None else selected
        self._tasks = {check.code: _Task(check) for check in sorted(chosen, key=lambda check: check.code)}
        self._crew = Crew(options.jobs)
        self._known = {name: Known(value) for name, value in graph.values.items()}
        self._missing: dict[str, set[str]] = {}
        self._askers: dict[str, list[str]] = {}
        self._waiting: dict[str, list[_Task]] = {}
        self._settled: list[str | _Task] = []
        self._results: dict[str, CheckResult] = {}
        self._open = 0
        self._notices: list[str] = []

    def fact(self, name: str) -> Any:
        """The value of one fact, computed now unless it is known. Safe to call from any thread.

        Raises:
            UsageError: There is no such fact.
            Unavailable: It cannot be had here.
            ProbeTimeout: A program, or the fact itself, gave no answer in time.
            Exception: Whatever its function raised.
        """
        if name not in self._graph:
            raise UsageError(f"there is no fact {name!r}{self._graph.hint(name)}")
        if name not in self._known:
            with self._crew.lock:
                self._want(name)
                self._pump()
            self._crew.watch(lambda: name in self._known, extra=1)
        value, ending = self._known[name]
        if ending is None:
            return value
        if isinstance(ending.error, Exception):
            raise ending.error
        raise RuntimeError(ending.reason)

    def run(self) -> Outcome:
        """Run the selected checks, once.

        Raises:
            KeyboardInterrupt: At once. Threads still at work do not keep the process alive.
        """
        self._open = len(self._tasks)
        with self._crew.lock:
            for task in self._tasks.values():
                for code in task.check.requires:
                    if code in self._tasks:
                        self._tasks[code].dependants.append(task)
            for task in self._tasks.values():
                self._consider(task)
            self._pump()
        self._crew.watch(lambda: not self._open)
        findings = [finding for task in self._tasks.values() for finding in task.findings]
        return Outcome(
            tuple(self._results[code] for code in self._tasks),
            tuple(sorted(findings, key=position)),
            tuple(sorted(self._notices)),
        )

    # What follows, down to the line before `_work_on`, is called with the crew's lock held.

    def _consider(self, task: _Task) -> None:
        """Go on with a check as far as what is settled allows."""
        if task.over or task.wanted:
            return
        if reason := self._hindrance(task):
            self._end(task, Ending(Status.SKIPPED, reason))
        elif not task.requirements:
            task.wanted = True
            task.facts = {name for name in task.parameters if name not in self._known}
            for name in task.facts:
                self._waiting.setdefault(name, []).append(task)
                self._want(name)
            if not task.facts:
                self._submit_check(task)

    def _hindrance(self, task: _Task) -> str | None:
        """Why a check cannot run at all, or ``None`` as far as is known."""
        if "network" in task.check.reads and not self._options.online:
            return "needs --online"
        for code in task.check.requires:
            if code not in self._tasks:
                return f"{code} is not selected"
            result = self._results.get(code)
            if result is not None and result.status is not Status.PASSED:
                return f"{code} {_ENDED[result.status]}"
            if result is not None:
                task.requirements.discard(code)
        return None

    def _want(self, name: str) -> None:
        """Have a fact computed, and before it the facts that it needs."""
        agenda = [name]
        while agenda:
            name = agenda.pop()
            if name in self._missing or name in self._known:
                continue
            needs = self._graph.needs(name)
            self._missing[name] = {need for need in needs if need not in self._known}
            for need in self._missing[name]:
                self._askers.setdefault(need, []).append(name)
                agenda.append(need)
            if not self._missing[name]:
                self._submit_fact(name)

    def _pump(self) -> None:
        """Carry what was settled on to whoever waits for it."""
        while self._settled:
            settled = self._settled.pop()
            if isinstance(settled, _Task):
                for task in settled.dependants:
                    self._consider(task)
            else:
                self._carry_fact(settled)

    def _carry_fact(self, name: str) -> None:
        for asker in self._askers.pop(name, ()):
            self._missing[asker].discard(name)
            if not self._missing[asker]:
                self._submit_fact(asker)
        for task in self._waiting.pop(name, ()):
            task.facts.discard(name)
            if not task.facts:
                self._submit_check(task)
        self._crew.wake()

    def _settle_fact(self, name: str, known: Known) -> None:
        self._known[name] = known
        self._settled.append(name)

    def _submit_fact(self, name: str) -> None:
        """Compute a fact whose needs are settled, unless one of them failed."""
        fact = self._graph.facts[name]
        failure = self._failure(fact.parameters)
        if failure is not None:
            self._settle_fact(name, Known(ending=failure))
            return
        given = {need: self._known[need].value for need in fact.parameters}
        answer: list[Known] = []

        def done(overdue: bool) -> None:
            self._settle_fact(name, _overdue_fact(name, self.fact_limit) if overdue else answer[0])
            self._pump()

        job = Job(lambda: answer.append(_computed(name, fact.function, given)), done, limit=self.fact_limit)
        self._crew.submit(job)

    def _failure(self, names: Iterable[str]) -> Ending | None:
        """Why one of these settled facts has no value: the first in their order, whichever was settled first."""
        return next((ending for name in names if (ending := self._known[name].ending) is not None), None)

    def _submit_check(self, task: _Task) -> None:
        """Run a check whose facts are settled, unless one of them failed."""
        failure = self._failure(task.parameters)
        if failure is not None:
            self._end(task, failure)
            return
        given = {name: self._known[name].value for name in task.parameters}
        endings: list[Ending] = []
        limit = self._options.timeout or task.check.timeout

        def done(overdue: bool) -> None:
            late = Ending(Status.TIMEOUT, f"gave no answer within {limit:g} s")
            self._end(task, late if overdue else endings[0])
            self._pump()

        self._crew.submit(Job(lambda: endings.append(self._work_on(task, given)), done, limit=limit))

    def _end(self, task: _Task, ending: Ending) -> None:
        """Settle how a check ended. What it yields from now on is ignored."""
        task.over = True
        task.findings = list(task.findings)  # a thread that was given up may still be appending to the old one
        status = Status.FAILED if task.failed and ending.status is Status.PASSED else ending.status
        result = CheckResult(
            code=task.check.code,
            status=status,
            reason=ending.reason,
            duration_ms=0.0 if task.begun is None else (perf_counter() - task.begun) * 1000,
            detail=ending.detail,
        )
        self._results[result.code] = result
        self._settled.append(task)
        self._announce(result, tuple(task.findings))

    def _announce(self, result: CheckResult, findings: tuple[Finding, ...]) -> None:
        """Tell the observers, in a job of its own so that none of them can change or hold up the result."""
        if not self._finished:
            self._close_one()
            return

        def done(overdue: bool) -> None:
            if overdue:
                self._notices.append(f"an observer of {result.code} did not return within {self.observer_limit:g} s")
            self._close_one()

        job = Job(lambda: self._tell(self._finished, result=result, findings=findings), done, limit=self.observer_limit)
        self._crew.submit(job)

    def _close_one(self) -> None:
        self._open -= 1
        if not self._open:
            self._crew.wake()

    def _work_on(self, task: _Task, given: dict[str, Any]) -> Ending:
        """Run one check in the calling thread."""
        task.begun = perf_counter()
        self._tell(self._started, code=task.check.code)
        docs = self._docs(task.check)
        findings = task.findings
        keys = Keys(self._identify)

        def keep(finding: Finding) -> bool:
            finding = self._completed(finding, docs, keys)
            failing = fails(finding) and not self._ignored(finding)
            if task.over:
                return False
            findings.append(finding)
            task.failed = task.failed or failing
            return True

        return execute(task.check, given, keep)

    def _completed(self, finding: Finding, docs: str | None, keys: Keys) -> Finding:
        """The finding with its place, its explanation, and what it alone of its check is known by."""
        place = finding.location
        if place is not None and not place.path and place.pointer is not None:
            place = self._locate(place.pointer)
        return replace(finding, location=place, docs=finding.docs or docs, key=keys.key_of(finding))

    def _tell(self, observers: tuple[Observer, ...], **news: Any) -> None:
        for observer in observers:
            try:
                observer.call(**news)
            except BaseException as error:  # noqa: BLE001 - an observer must not change what it observes
                self._notices.append(f"plugin {observer.plugin} failed while observing: {one_line(error)}")


def _computed(name: str, function: Callable[..., Any], given: dict[str, Any]) -> Known:
    try:
        return Known(function(**given))
    except BaseException as error:  # noqa: BLE001 - a plugin must not end the run, not even with sys.exit()
        ending = ending_of(error)
        if ending.status is Status.CRASHED:
            ending = ending._replace(reason=f"fact {name!r} failed: {ending.reason}")
        return Known(ending=ending)


def _overdue_fact(name: str, limit: float) -> Known:
    return Known(ending=ending_of(ProbeTimeout(f"fact {name!r} gave no answer within {limit:g} s")))
