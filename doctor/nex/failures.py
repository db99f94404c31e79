"""What ends nex with a line instead of an answer."""

from doctor.errors import DoctorError


class NexError(DoctorError):
    """The model could not finish; exit status 1."""


class UnusableError(NexError):
    """Nothing can be started with these settings, or on this machine; exit status 2."""
