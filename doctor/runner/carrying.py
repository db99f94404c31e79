"""One run: prepared, announced, started, supervised, recorded, and its end reported, in this order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from doctor.executor import exit_record
from doctor.model.event import Verb
from doctor.model.process import Outcome, OutcomeKind
from doctor.runner.blueprint import NoBlueprint, blueprint_of
from doctor.runner.child import Child, Ended
from doctor.runner.client import Coordinator
from doctor.runner.dialect import Dialect, Run
from doctor.runner.ending import Cause
from doctor.runner.gateway import Gateway
from doctor.runner.leaving import Departure
from doctor.runner.output import Output, cut
from doctor.runner.preparing import CannotPrepare, directory_of, environment_of, payload_of
from doctor.runner.profiles import Ready
from doctor.runner.records import About, RunRecord
from doctor.runner.reports import End, Reporter, Told
from doctor.runner.runs import Active
from doctor.runner.settings import RunnerSettings
from doctor.runner.storage import Storage
from doctor.runner.talk import Talk

LEFT = "the runner was told to end at once"


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """Carries runs out for one runner."""

    settings: RunnerSettings
    ready: Ready
    environment: Mapping[str, str] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    """Values that nothing an executor prints may show."""

    mcp_url: str | None
    coordinator: Coordinator
    gateway: Gateway
    reporter: Reporter
    announced: Callable[[Active], None]
    """Called when a start was taken, before anything is started; may ask for the run's end."""

    departure: Departure
    storage: Storage
    model: Callable[[], str | None]
    """The model of the active named profile, when a run starts."""

    talk: Talk

    def carry(self, active: Active) -> End:
        """Carry a run out; returns after its end was reported, or after that had to be given up."""
        run = active.run
        try:
            cwd = directory_of(run, self.settings)
            blueprint = blueprint_of(run, self.coordinator, mcp_url=self.mcp_url)
            payload = payload_of(run, self.ready, self.settings, blueprint)
        except (CannotPrepare, NoBlueprint) as error:
            return self._report(run, End.failed(cut(str(error))), None)
        record = self.storage.begin(self._about(run, cwd))
        told = self.reporter.started(run.run_id)
        if told is Told.TAKEN:
            self.announced(active)
        if told is not Told.TAKEN or active.ending.cause is not None:
            return self._not_started(active, record, told)
        return self._run(active, record, payload, cwd)

    def _run(self, active: Active, record: RunRecord | None, payload: bytes, cwd: str) -> End:
        run = active.run
        mark = record.process_id if record is not None else About.mark_without_record(run)
        admitted = self.gateway.admit(run.session_id)
        output = Output(record.log() if record is not None else None, (*self.secrets, admitted.token))
        environment = environment_of(
            run,
            self.ready,
            self.settings,
            self.environment,
            url=admitted.url,
            mark=mark,
            model=self.model() if self.ready.runtime_id is not None else None,
        )
        try:
            child = Child(self.ready.argv, environment=environment, cwd=cwd, mark=mark)
        except (OSError, ValueError) as error:
            why = f"the executor {self.ready.argv[0]} cannot be started: {error}"
            document = exit_record.document(kind="failed-to-start", detail=[why], problem="unknown")
            return self._report(run, End.failed(cut(why)), record, document)
        else:
            self._note_start(active, record, child)
            ended = child.until_the_end(payload, output.hear, active.ending, limit=self.settings.run_timeout)
        finally:
            output.close()
            self.gateway.revoke(admitted)
        end, document = self._judged(active, record, ended, output)
        return self._report(run, end, record, document)

    def _note_start(self, active: Active, record: RunRecord | None, child: Child) -> None:
        self.talk.debug(f"{active.run.run_id} runs as process {child.pid}")
        if record is not None:
            record.started(child.pid)
            if record.stopped_here():
                active.ending.ask(Cause.STOPPED)

    def _judged(
        self, active: Active, record: RunRecord | None, ended: Ended, output: Output
    ) -> tuple[End, dict[str, Any]]:
        """How a run ended, for the coordinator and for the record."""
        cause = ended.cause
        if cause is None and record is not None and record.stopped_here():
            cause = Cause.STOPPED
        match cause:
            case Cause.STOPPED:
                end = End.stopped("SIGKILL" if ended.forced or ended.signal == "SIGKILL" else "SIGTERM")
            case Cause.TOO_LONG:
                end = End.failed(f"the run took longer than {self.settings.run_timeout:g} seconds, and was ended")
            case Cause.LEAVING:
                end = End.failed(LEFT)
            case _ if ended.code == 0:
                current = active.run.dialect is Dialect.CURRENT
                end = End.completed(session_status="finished" if current else None)
            case _:
                end = End.failed(output.why_failed(ended.code, ended.signal))
        detail = [str(end.body["error"])] if end.what == "failed" else []
        document = exit_record.document(
            kind="exited" if ended.code is not None else "killed",
            code=ended.code,
            signal=ended.signal,
            cancelled=cause is not None,
            detail=detail,
            survivors=[[pid, began] for pid, began in ended.survivors.items()],
        )
        return end, document

    def _not_started(self, active: Active, record: RunRecord | None, told: Told) -> End:
        """The end of a run whose executor is not started after all."""
        if active.ending.cause is Cause.STOPPED:
            end, why = End.stopped("SIGTERM"), "it was stopped before it was started"
        elif told is Told.REFUSED:
            end, why = End.failed("the coordinator refused its start"), "the coordinator refused its start"
        else:
            end, why = End.failed(LEFT), LEFT
        document = exit_record.document(
            kind="failed-to-start", detail=[why], cancelled=active.ending.cause is not None, problem="unknown"
        )
        return self._report(active.run, end, record, document)

    def _report(self, run: Run, end: End, record: RunRecord | None, document: dict[str, Any] | None = None) -> End:
        if record is not None and document is not None:
            self.storage.ended(record, end, document)
        told = self.reporter.ended(run.run_id, end)
        said = f": {end.body['error']}" if end.what == "failed" else ""
        self.talk.info(f"{run.run_id} {end.what}{said}")
        if record is not None and document is not None and told is not Told.NOT_YET:
            self.storage.reported(record, verb_of(end), outcome_of(document, end))
        return end

    def _about(self, run: Run, cwd: str) -> About:
        return About(
            run=run,
            profile=self.ready.profile.name,
            runtime_id=self.ready.runtime_id or self.ready.profile.type,
            coordinator=self.settings.coordinator_url,
            cwd=cwd,
        )


_VERBS = {"completed": Verb.COMPLETE, "failed": Verb.FAIL, "stopped": Verb.CANCEL}


def verb_of(end: End) -> Verb:
    """What the journal calls an end."""
    return _VERBS[end.what]


def outcome_of(document: Mapping[str, Any], end: End) -> Outcome:
    """What the journal keeps of an end."""
    code, signal = document["code"], document["signal"]
    how = f"exited({code})" if code is not None else f"killed({signal})" if signal else str(document["kind"])
    failed = end.what == "failed"
    return Outcome(
        kind=OutcomeKind(document["kind"]),
        code=code,
        signal=signal,
        failure=how if failed else None,
        evidence=tuple(document["detail"]) if failed else (),
    )
