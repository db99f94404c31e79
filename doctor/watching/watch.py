"""Diagnose, show, and do so again whenever something that counts has changed or somebody asks for it."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date, datetime
from typing import NoReturn

from doctor.control.protocol import Reply, Request
from doctor.control.server import ControlServer
from doctor.diagnosis.run import examine, prepare
from doctor.errors import DoctorError
from doctor.exit_codes import ExitCode
from doctor.model.options import Options
from doctor.model.report import Report
from doctor.watching.bell import Bell
from doctor.watching.notices import Notices, can_notify
from doctor.watching.settings import SharedReading
from doctor.watching.stamps import Stamp, merged, take_stamps
from doctor.watching.targets import directories, everything, settings_files

LOOK_AGAIN = 2.0
"""Seconds between two looks at the files where nobody tells of changes; and where somebody does, in case of a miss."""

SETTLED = 0.1
"""Seconds without a change after which a file counts as written."""

LONGEST_UNSETTLED = 2.0
"""Seconds after which the files are diagnosed as they are, although they still change."""

Show = Callable[[Report], None]
Say = Callable[[str], None]


def watch(
    options: Options,
    *,
    on_report: Show,
    once: bool = False,
    say: Say = lambda _: None,
    progress: Callable[[str], None] | None = None,
) -> ExitCode:
    """Watch until interrupted.

    SIGINT, SIGTERM and SIGHUP end it as ``KeyboardInterrupt``, and nothing of it stays behind. Must be called from
    the main thread for that.

    Args:
        options: What to diagnose. The day is today's, each time.
        on_report: Given each report, the first one included.
        once: Diagnose once and return; nothing is watched, nobody can reach it.
        say: Told in a sentence what the watch cannot do, and why a diagnosis could not be made again.
        progress: Told, in a few words, what a diagnosis is doing.

    Returns:
        The exit code of the report, when ``once``.

    Raises:
        UsageError: An option names something that does not exist.
        RegistrationError: A plugin is malformed.
        KeyboardInterrupt: It was to end.
    """
    watching = _Watch(options, on_report, say, progress)
    if once:
        return watching.diagnose().exit_code
    with ended_by_signals(), ExitStack() as stack:
        try:
            stack.enter_context(ControlServer(watching.paths, watching.reconfigure))
        except DoctorError as error:
            say(error.message)
        return watching.go_on(stack)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP interrupt as SIGINT does, where nothing else was to happen; in the main thread only."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [each for each in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(each) is signal.SIG_DFL]
    for number in numbers:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)


def _today() -> date:
    return datetime.now().astimezone().date()


class _Watch:
    def __init__(self, options: Options, show: Show, say: Say, progress: Callable[[str], None] | None) -> None:
        self._options = options
        self._show = show
        self._say = say
        self._progress = progress
        self._bell = Bell()
        self._reading = SharedReading(options)
        self._prepared = prepare(options)
        self._seen: dict[str, Stamp] = take_stamps(settings_files(self._prepared))
        self.paths = self._prepared.paths

    def diagnose(self) -> Report:
        """Diagnose and show."""
        before, begun = take_stamps(self._seen), time.time_ns()
        examined = examine(replace(self._options, today=_today()), progress=self._progress)
        self._prepared = examined.prepared
        self._seen = merged(before, take_stamps(everything(self._prepared, examined.report)), begun_ns=begun)
        self._show(examined.report)
        return examined.report

    def reconfigure(self, _request: Request) -> Reply:
        """Answer with the settings as they are now, and diagnose again; also when they are no good any more."""
        try:
            settings = self._reading.read()
        finally:
            self._bell.ask()
        return Reply(ok=True, profile=settings.profile, values=settings.values)

    def go_on(self, stack: ExitStack) -> NoReturn:
        """Diagnose for ever."""
        notices = None
        if can_notify():
            notices = Notices(self._bell.ring)
            stack.callback(notices.close)
        else:
            self._say(f"watchfiles is not installed: looking for changes every {LOOK_AGAIN:.0f} s instead")
        self.diagnose()
        while True:
            if notices is not None:
                notices.watch(directories(self._seen))
            self._wait()
            self._diagnose_again()

    def _diagnose_again(self) -> None:
        self._bell.was_asked()
        before = take_stamps(self._seen)
        try:
            self.diagnose()
        except DoctorError as error:
            self._seen = before  # not again before something changes
            self._say(f"{error.message}; the last table still stands")

    def _wait(self) -> None:
        """Until somebody asks, or something has changed and is no longer being written."""
        while not self._bell.was_asked():
            self._bell.listen(LOOK_AGAIN)
            now = take_stamps(self._seen)
            if now != self._seen:
                self._settle(now)
                return

    def _settle(self, before: dict[str, Stamp]) -> None:
        ends = time.monotonic() + LONGEST_UNSETTLED
        while time.monotonic() < ends:
            time.sleep(SETTLED)
            now = take_stamps(self._seen)
            if now == before:
                return
            before = now
