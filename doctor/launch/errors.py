"""The errors of making and reading launch specs.

::

    DoctorError
    ├── LaunchRefused           something stands against this start
    └── UsageError
        └── SpecError           a document is no launch spec
"""

from collections.abc import Sequence

from doctor.errors import DoctorError, UsageError


class LaunchRefused(DoctorError):  # noqa: N818 - an answer about one start, not a defect
    """One start cannot be made, or cannot be made safely."""


class SpecError(UsageError):
    """A document is no launch spec.

    Args:
        subject: What was read, such as a path.
        problems: Everything that is wrong with it, one line each.
        remedy: The next step.
    """

    def __init__(self, subject: str, problems: Sequence[str], *, remedy: str | None = None) -> None:
        listed = "".join(f"\n  {problem}" for problem in problems)
        super().__init__(f"{subject} is no launch spec that can be started:{listed}", remedy=remedy)
        self.problems = tuple(problems)
