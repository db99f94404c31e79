"""Reading the settings anew, as far as that asks no program: what a request to reconfigure is answered with."""

import threading
from collections.abc import Mapping

from doctor.errors import DoctorError
from doctor.model.options import Options
from doctor.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What counts now."""

    profile: str | None
    values: Mapping[str, str]
    """By key, as ``doctor profile show`` has them."""


def read_settings(options: Options) -> Settings:
    """Read the policy, the machine's settings and the active profile.

    Raises:
        UsageError: One of the files cannot be read or is not valid, or an option names no harness. The message names
            the place of the first problem.
    """
    from doctor.settings.effective import effective_values  # noqa: PLC0415 - not before somebody asks

    values = {each.key: each.value for each in effective_values(options)}
    return Settings(profile=values.get("profile"), values=values)


class SharedReading:
    """Reads for any number of threads, one at a time.

    Those that ask while others wait share an answer, so that hundreds at once cost two readings. What is answered
    was always read after the question came.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._begun = 0
        self._last: Settings | DoctorError | None = None

    def read(self) -> Settings:
        """The settings as they are now.

        Raises:
            DoctorError: As ``read_settings`` does.
        """
        begun_before = self._begun
        with self._lock:
            last = self._last
            if last is None or self._begun == begun_before:
                last = self._last = self._read()
        if isinstance(last, DoctorError):
            raise type(last)(last.message, remedy=last.remedy)
        return last

    def _read(self) -> Settings | DoctorError:
        self._begun += 1
        try:
            return read_settings(self._options)
        except DoctorError as error:
            return error
