"""Asking the programs on this machine what they are: side by side, within limits, and only once per binary."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar, cast

from doctor.harness.base import Harness, HarnessContext
from doctor.harness.cache import DAY, HOUR, ProbeCache, file_identity, program_identity
from doctor.harness.discovery import locate_harness, locate_tool
from doctor.harness.process import Completed, end_all, run, sweep
from doctor.harness.registry import Registry
from doctor.harness.versions import find_version
from doctor.model.harness import Auth, HarnessFact, Problem, ProgramFact
from doctor.model.machine import Machine

T = TypeVar("T")

MOST_AT_ONCE = 32
"""Probes that run at once unless told otherwise: they mostly wait, so this is not tied to the number of processors."""

TOOL_TIMEOUT = 10.0
HELP_TIMEOUT = 20.0
"""Seconds."""

ENDING_PATIENCE = 5.0
"""Seconds in which interrupted threads come to their end."""

FEWEST_FLAGS = 3
"""Flags that a help call which ends in an error has to list to be taken for help rather than for a complaint."""

LONGEST_DETAIL = 160
"""Characters of a program's own words that a problem quotes."""


class Prober:
    """Finds and asks programs. Every question is asked at most once, from whichever thread it comes.

    Args:
        registry: The harnesses.
        context: The machine; programs are run with its environment.
        machine: Its ``harness`` settings say where programs are.
        cache_file: Where answers are kept between runs; ``None`` asks everything and keeps nothing.
        timeout: Seconds for each probe, instead of its own limit.
        jobs: Probes at once.
        clock: Seconds since the epoch.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        context: HarnessContext,
        machine: Machine,
        cache_file: Path | None = None,
        timeout: float | None = None,
        jobs: int | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._registry = registry
        self._context = context
        self._paths = {registry.canonical(name): each.path for name, each in machine.harness.items()}
        self._cache = ProbeCache(cache_file, clock)
        self._timeout = timeout
        self._jobs = jobs or MOST_AT_ONCE
        self._known = _Once()

    def harnesses(self) -> Mapping[str, HarnessFact]:
        """Every harness of the registry by runtime id, in its order.

        Versions and authentication of all of them are asked side by side, so this takes about as long as the slowest
        single question. An adapter that fails over an answer makes that answer ``unknown``, naming the error.
        """
        return self._known.get("harnesses", self._all)

    def tool(self, name: str, *, args: Sequence[str] = ("--version",)) -> ProgramFact:
        """A tool such as git: where it is and, asked with ``args``, its version."""
        try:
            return self._known.get(("tool", name, *args), lambda: self._tool(name, tuple(args)))
        finally:
            sweep()

    def help(self, runtime_id: str, call: tuple[str, ...] | None = None) -> frozenset[str] | None:
        """The flags that an installed harness lists in its help.

        Args:
            runtime_id: Any spelling.
            call: One of its ``help_args``; ``None`` takes all of them together.

        Returns:
            Flags as spelt, dashes included; ``None`` when it is absent, has no such question or did not answer it, or
            did not even answer for its version in time.
        """
        harness = self._registry.get(runtime_id)
        if harness is None or self._hangs(harness):
            return None
        calls = harness.help_args if call is None else (call,)
        self._run_all([partial(self._listed, harness, each) for each in calls])
        lists = [self._listed(harness, each) for each in calls]
        known = [flags for flags in lists if flags is not None]
        return frozenset().union(*known) if known and len(known) == len(lists) else None

    def save(self) -> None:
        """Write the cache once, atomically. Where that cannot be done, the next run asks again."""
        self._cache.save()

    def _all(self) -> dict[str, HarnessFact]:
        tasks = [
            task
            for harness in self._registry.harnesses
            if self._located(harness).found
            for task in self._tasks(harness)
        ]
        self._run_all(tasks)
        return {harness.id: self._fact(harness) for harness in self._registry.harnesses}

    def _run_all(self, tasks: Sequence[Callable[[], object]]) -> None:
        try:
            side_by_side(tasks, self._jobs)
        finally:
            sweep()

    def _hangs(self, harness: Harness) -> bool:
        """Whether its version was asked already and did not come in time."""
        fact = self._known.peek(("version", harness.id))
        return isinstance(fact, ProgramFact) and fact.problem is Problem.TIMEOUT

    def _tasks(self, harness: Harness) -> Iterable[Callable[[], object]]:
        """What takes running a program; everything else is quicker told than given to a thread."""
        if not harness.builtin and not self._is_cached(self._version_key(self._located(harness), harness.version_args)):
            yield partial(self._version, harness)
        if harness.auth_args is not None and self._has_to_ask(harness, harness.auth_args):
            yield partial(self._auth, harness)

    def _has_to_ask(self, harness: Harness, args: tuple[str, ...]) -> bool:
        try:
            return harness.asks(self._context) and not self._is_cached(self._auth_key(harness, args))
        except Exception:  # noqa: BLE001 - told once its answer is asked for
            return False

    def _is_cached(self, key: str | None) -> bool:
        return self._cache.get(key, at_most=HOUR) is not None

    def _fact(self, harness: Harness) -> HarnessFact:
        located = self._located(harness)
        blank = HarnessFact(runtime_id=harness.id, title=harness.title, program=located, builtin=harness.builtin)
        if not located.found:
            return blank
        auth, detail = self._auth(harness)
        return replace(blank, program=self._version(harness), auth=auth, auth_detail=detail)

    def _located(self, harness: Harness) -> ProgramFact:
        return self._known.get(
            ("path", harness.id), lambda: locate_harness(harness, self._context, self._paths.get(harness.id))
        )

    def _version(self, harness: Harness) -> ProgramFact:
        return self._known.get(("version", harness.id), lambda: self._harness_version(harness))

    def _harness_version(self, harness: Harness) -> ProgramFact:
        located = self._located(harness)
        if harness.builtin or located.path is None:
            return located
        recorded = harness.metadata_version(Path(located.path))
        if recorded is not None:
            return replace(located, version=recorded, version_text=recorded, version_source="metadata")
        return self._ask_version(located, harness.version_args, harness.version_timeout)

    def _tool(self, name: str, args: tuple[str, ...]) -> ProgramFact:
        located = locate_tool(name, self._context)
        return self._ask_version(located, args, TOOL_TIMEOUT) if located.found else located

    def _ask_version(self, located: ProgramFact, args: tuple[str, ...], limit: float) -> ProgramFact:
        key = self._version_key(located, args)
        match self._cache.get(key, at_most=DAY):
            case {"version": str(version), "text": str(text)}:
                return replace(located, version=version, version_text=text, version_source="cache")
        answer = self._run(located, args, limit)
        fact = _read_version(located, args, answer, self._limit(limit))
        if fact.version is not None:
            self._cache.put(key, {"version": fact.version, "text": fact.version_text})
        return fact

    def _version_key(self, located: ProgramFact, args: tuple[str, ...]) -> str | None:
        identity = program_identity(located.path or "")
        return identity and _key("version", identity, *args)

    def _auth(self, harness: Harness) -> tuple[Auth, str | None]:
        return self._known.get(("auth", harness.id), lambda: self._harness_auth(harness))

    def _harness_auth(self, harness: Harness) -> tuple[Auth, str | None]:
        try:
            if harness.auth_args is None or not harness.asks(self._context):
                return harness.auth(self._context, None)
            return self._ask_auth(harness, harness.auth_args)
        except Exception as error:  # noqa: BLE001 - an adapter, maybe a third party's, must not hide all the others
            return Auth.UNKNOWN, f"its adapter failed over the answer ({type(error).__name__})"

    def _ask_auth(self, harness: Harness, args: tuple[str, ...]) -> tuple[Auth, str | None]:
        located = self._located(harness)
        match self._cache.get(self._auth_key(harness, args), at_most=HOUR):
            case {"auth": "yes" | "no" | "unknown" as word, "detail": str(detail)}:
                return Auth(word), detail
        answer = self._run(located, args, harness.auth_timeout)
        if answer.timed_out or answer.error:
            why = answer.error or f"no answer within {self._limit(harness.auth_timeout):g} s"
            return Auth.UNKNOWN, f"`{' '.join((harness.binaries[0], *args))}`: {why}"
        auth, detail = harness.auth(self._context, answer)
        # The key is made anew: some programs touch their own state files when asked.
        self._cache.put(self._auth_key(harness, args), {"auth": auth.value, "detail": detail})
        return auth, detail

    def _auth_key(self, harness: Harness, args: tuple[str, ...]) -> str | None:
        identity = program_identity(self._located(harness).path or "")
        files = (file_identity(path) for path in harness.auth_files(self._context))
        present = (name for name in harness.auth_variables if self._context.has(name))
        return identity and _key("auth", identity, *args, str(self._context.home), *files, *present)

    def _listed(self, harness: Harness, call: tuple[str, ...]) -> frozenset[str] | None:
        return self._known.get(("help", harness.id, *call), lambda: self._ask_help(harness, call))

    def _ask_help(self, harness: Harness, call: tuple[str, ...]) -> frozenset[str] | None:
        from doctor.harness.flags import listed_flags  # noqa: PLC0415 - that module imports this one

        located = self._located(harness)
        if located.path is None:
            return None
        identity = program_identity(located.path)
        key = identity and _key("help", identity, *call)
        match self._cache.get(key, at_most=DAY):
            case {"flags": list(listed)}:
                return frozenset(map(str, listed))
        answer = self._run(located, call, HELP_TIMEOUT)
        flags = listed_flags(f"{answer.stdout}\n{answer.stderr}")
        complains = answer.returncode != 0 and len(flags) < FEWEST_FLAGS
        if answer.timed_out or answer.error or not flags or complains:
            return None
        self._cache.put(key, {"flags": sorted(flags)})
        return flags

    def _limit(self, limit: float) -> float:
        return limit if self._timeout is None else self._timeout

    def _run(self, located: ProgramFact, args: tuple[str, ...], limit: float) -> Completed:
        argv = (located.path or "", *args)
        return run(argv, timeout=self._limit(limit), env=self._context.environment)


def _key(*parts: str) -> str:
    return "\x1f".join(parts)


def _read_version(located: ProgramFact, args: tuple[str, ...], answer: Completed, limit: float) -> ProgramFact:
    """What an answer to the question for the version says."""
    question = " ".join((located.path or "", *args))
    fact = replace(located, duration_ms=answer.duration_ms)
    if answer.timed_out:
        detail = f"`{question}` gave no answer within {limit:g} s and was ended"
        return replace(fact, problem=Problem.TIMEOUT, problem_detail=detail)
    if answer.error:
        return replace(fact, problem=Problem.FAILED, problem_detail=f"`{question}` could not be run: {answer.error}")
    if answer.returncode != 0:
        detail = f"`{question}` {_ending(answer.returncode)}{_quote(answer.stderr or answer.stdout)}"
        return replace(fact, problem=Problem.FAILED, problem_detail=detail)
    found = find_version(answer.stdout, answer.stderr)
    if found is None:
        detail = f"`{question}` printed no version{_quote(answer.stdout or answer.stderr)}"
        return replace(fact, problem=Problem.NO_VERSION, problem_detail=detail)
    return replace(fact, version=found[0], version_text=found[1][:LONGEST_DETAIL], version_source="probe")


def _ending(returncode: int | None) -> str:
    if returncode is not None and returncode < 0:
        return f"was ended by signal {-returncode}"
    return f"ended with exit code {returncode}"


def _quote(output: str) -> str:
    """The first line with anything to read in it, as `: "..."`."""
    lines = ("".join(char for char in line if char.isprintable()).strip() for line in output.splitlines())
    first = next((line for line in lines if line), "")
    return f': "{first[:LONGEST_DETAIL]}"' if first else ""


class _Once:
    """Values that are made at most once, whichever thread asks first; different ones are made at the same time."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[object, threading.Lock] = {}
        self._values: dict[object, object] = {}

    def get(self, key: object, make: Callable[[], T]) -> T:
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self._values:
                self._values[key] = make()
            return cast("T", self._values[key])

    def peek(self, key: object) -> object | None:
        """The value if it was made already; makes and waits for nothing."""
        return self._values.get(key)


def _end_with(threads: Sequence[threading.Thread]) -> None:
    """End what the threads wait for, and what they were about to start, until they have ended too."""
    deadline = time.monotonic() + ENDING_PATIENCE
    while any(thread.is_alive() for thread in threads) and time.monotonic() < deadline:
        end_all()
        time.sleep(0.01)


def side_by_side(tasks: Sequence[Callable[[], object]], jobs: int) -> None:
    """Run all tasks in threads, at most ``jobs`` at once, and wait for them.

    When a task raises, its error is raised here after the others have ended. When the wait is interrupted, every
    program that a task still waits for is ended before the interrupt goes on.
    """
    left = deque(tasks)
    errors: list[BaseException] = []

    def work() -> None:
        while left:
            try:
                task = left.popleft()
            except IndexError:
                return
            try:
                task()
            except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
                errors.append(error)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(jobs, len(tasks)))]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    except BaseException:
        left.clear()
        _end_with(threads)
        raise
    if errors:
        raise errors[0]
