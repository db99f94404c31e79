"""What ``agent-runner`` does: settles what it was asked for, and serves until it is told to leave."""

import os
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from doctor.errors import DoctorError, UsageError
from doctor.exit_codes import ExitCode
from doctor.runner.auth import auth_of
from doctor.runner.client import post_to_tenant
from doctor.runner.leaving import Departure
from doctor.runner.lock import RunnerLock
from doctor.runner.profiles import Places, list_profiles, places, ready
from doctor.runner.service import Equipment, in_background
from doctor.runner.settings import settings_of, working_directory
from doctor.runner.talk import Talk

_LEAVE = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_GRACE = 2.0
"""Seconds that a registration which is on its way has, once the runner is to leave."""


def run_runner(given: Mapping[str, Any], environment: Mapping[str, str], home: Path) -> int:
    """Run one runner until it has left.

    SIGTERM, SIGINT and SIGHUP have it leave; a second one at once. Must be called from the main thread.

    Args:
        given: The command line, by the names of ``RunnerSettings``.
        environment: The runner's.
        home: Home directory.

    Returns:
        The exit code.

    Raises:
        UsageError: Something was asked for that cannot be meant.
    """
    settings = settings_of(given, environment)
    talk = Talk(sys.stderr, verbose=settings.verbose)
    try:
        auth = auth_of(settings, environment, post_to_tenant)
        talk.hide(auth.secrets())
        found = places_of(settings.project_dir, environment, home)
        equipment = Equipment(
            settings=settings,
            ready=ready(settings.profile, found),
            places=found,
            hostname=socket.gethostname(),
            environment=environment,
            auth=auth,
            talk=talk,
        )
        lock = _locked(equipment)
    except UsageError:
        raise
    except DoctorError as error:
        talk.error(error.message)
        if error.remedy:
            talk.info(error.remedy)
        return ExitCode.FINDINGS
    for warning in equipment.ready.warnings:
        talk.warning(warning)
    try:
        return _until_left(equipment)
    finally:
        if lock is not None:
            lock.release()


def places_of(project_dir: str, environment: Mapping[str, str], home: Path) -> Places:
    """Where the profiles of a runner that works in a directory are looked for."""
    if "\0" in project_dir:
        raise UsageError("--project-dir has a NUL character in it", remedy="name a directory")
    return places(Path(project_dir).absolute(), environment, home)


def available(given: Mapping[str, Any], environment: Mapping[str, str], home: Path) -> list[str]:
    """The names of the profiles that could be given, whatever else was asked for.

    Raises:
        UsageError: There is no directory to look from.
    """
    project_dir = given.get("project_dir") or environment.get("PROJECT_DIR") or working_directory()
    return list_profiles(places_of(project_dir, environment, home))


def _locked(equipment: Equipment) -> RunnerLock | None:
    settings = equipment.settings
    kind = (settings.coordinator_url, equipment.hostname, settings.project_dir, equipment.ready.profile.name)
    try:
        return RunnerLock(equipment.paths.state_dir, kind)
    except OSError as error:
        equipment.talk.warning(f"a second runner of this kind would not be noticed: {error}")
        return None


def _until_left(equipment: Equipment) -> int:
    """Serve in another thread, and hear signals in this one: nothing that works is interrupted by them."""
    departure, done = Departure(), threading.Event()
    reading, writing = os.pipe()
    os.set_blocking(writing, False)

    def wake() -> None:
        done.set()
        os.write(writing, b"\0")

    # Whoever had it ignored, as nohup does, wants it to be.
    wanted = [number for number in _LEAVE if signal.getsignal(number) is not signal.SIG_IGN]
    heard = {number: signal.signal(number, _nothing) for number in wanted}
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        codes = in_background(equipment, departure, wake)
        while not done.is_set():
            for number in os.read(reading, 64):
                if number in heard:
                    departure.ask()
            if departure.asked.is_set() and not departure.registered.is_set():
                done.wait(_GRACE)
                if not departure.registered.is_set():
                    break
    finally:
        signal.set_wakeup_fd(before)
        for number, handler in heard.items():
            signal.signal(number, handler)
    return _exit_code(codes, departure)


def _exit_code(codes: list[ExitCode], departure: Departure) -> int:
    if codes:
        return codes[0]
    return ExitCode.OK if departure.asked.is_set() else ExitCode.INTERNAL


def _nothing(_number: int, _frame: object) -> None:
    """Being read from the pipe is enough."""
