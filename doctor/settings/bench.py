"""What every change of a named profile needs: the store, the project's choice, and those to be told of it."""

from pathlib import Path

from doctor.config.machine import ActiveProfile, active_profile
from doctor.model.options import Options
from doctor.settings.results import Daemon
from doctor.settings.starters import starter_called, starter_content, starter_names
from doctor.settings.store import ABSENT, Store
from doctor.settings.surroundings import Surroundings, look_around


class Bench:
    """Where named profiles are changed.

    Args:
        options: Say which machine and project.
        around: What was found out about those already.
    """

    def __init__(self, options: Options, around: Surroundings | None = None) -> None:
        self.around = around or look_around(options)
        self.store = Store(self.around.paths, runners=self.around.runners)

    @property
    def root(self) -> Path:
        """The project's."""
        return self.around.project.root

    @property
    def in_project(self) -> bool:
        """Whether there is a policy or a repository, so that the root is more than just where one stands."""
        project = self.around.project
        return project.policy_path is not None or project.repository is not None

    def active(self) -> ActiveProfile:
        """The profile that counts in this project, whoever chose it."""
        options = self.around.options
        return active_profile(
            flag=None,
            environment=options.environment,
            paths=self.around.paths,
            runners=self.around.runners,
            project=self.root,
        )

    def settle(self, name: str) -> str:
        """The name of the profile that ``name`` stands for; a starter that is not there yet is written.

        Raises:
            UsageError: There is none, or it cannot be written.
        """
        found = self.known(name)
        if not self.store.has(found):
            self.store.write(found, starter_content(found) or b"", expected=ABSENT)
        return found

    def known(self, name: str) -> str:
        """The name of the profile or the starter that ``name`` stands for.

        Raises:
            UsageError: There is none.
        """
        self.store.path(name)
        found = name if self.store.has(name) else starter_called(name)
        if found is None:
            raise self.store.unknown(name, starter_names())
        return found

    def content(self, name: str) -> bytes:
        """The file of a profile, or of a starter that is not there yet.

        Raises:
            UsageError: There is none, or it cannot be read.
        """
        found = self.known(name)
        return self.store.read(found) if self.store.has(found) else starter_content(found) or b""

    def tell(self, *, reload: bool) -> tuple[Daemon, ...]:
        """Have every running process of this tool follow; what each one answers."""
        if not reload:
            return ()
        from doctor.control.client import notify_all  # noqa: PLC0415 - not for a change that failed

        return notify_all(self.around.paths, self.active().name)
