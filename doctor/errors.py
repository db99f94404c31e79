"""The errors a caller may catch.

::

    DoctorError
    ├── UsageError            (also ValueError)   a wrong option, name or selection; exit 2
    ├── RegistrationError     (also ValueError)   a plugin offers something malformed; exit 2
    ├── Unavailable           (also LookupError)  a fact cannot be had; the check that asked is skipped
    ├── ProbeTimeout          (also TimeoutError) a program gave no answer in time; the check's result is ``timeout``
    ├── LaunchRefused         (doctor.launch)     nothing can be started from this; exit 2
    ├── SpecError             (doctor.launch)     a UsageError: a launch spec is malformed; exit 2
    ├── JournalError          (doctor.journal)    the journal cannot be read or written; exit 2
    ├── ProfileError          (doctor.runner)     an executor profile is not there, or not fit to be used; exit 1
    ├── InvocationError       (doctor.runner)     a UsageError: an executor was not told what to do; exit 1
    ├── CannotStart           (doctor.runner)     an executor's harness cannot be started; exit 1
    └── ReportError           (doctor.runner)     an executor cannot tell its coordinator; exit 1

Everything else that escapes is a defect of this tool and ends in exit 3.
"""


class DoctorError(Exception):
    """Base of every error raised on purpose.

    Args:
        message: Subject, what was seen, what was expected.
        remedy: The next step to take, or ``None`` when the message already says it.
    """

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class UsageError(DoctorError, ValueError):
    """The caller asked for something that does not exist or does not fit together."""


class RegistrationError(DoctorError, ValueError):
    """A plugin registered a check, fact, harness or format that does not meet its contract."""


class Unavailable(DoctorError, LookupError):  # noqa: N818 - an answer about a fact, not a failure of the caller
    """Raised by a fact that cannot be computed here; a check that needs it is skipped with this message."""


class ProbeTimeout(DoctorError, TimeoutError):  # noqa: N818 - named after TimeoutError's own field
    """Raised by a check or fact when a program did not answer in time."""
