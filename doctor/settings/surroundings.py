"""Where a command about settings works: the machine's directories, the project, and the harnesses that are known."""

from doctor.config.paths import Paths, machine_paths
from doctor.config.project import Project, find_project
from doctor.harness.registry import Registry, builtin_harnesses
from doctor.model.harness import RunnerSpec
from doctor.model.options import Options
from doctor.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every command about settings starts from."""

    options: Options
    paths: Paths
    project: Project
    registry: Registry

    @property
    def runners(self) -> tuple[RunnerSpec, ...]:
        """The harnesses that a profile may name, plugins' included."""
        return self.registry.specs()


def look_around(options: Options) -> Surroundings:
    """Find the project and the machine's directories, and load the plugins for the harnesses that they add.

    Raises:
        RegistrationError: A plugin is malformed.
        UsageError: A plugin that was asked for does not exist.
    """
    from doctor.diagnosis.facts import BUILTIN_FACTS  # noqa: PLC0415 - only loading plugins needs it
    from doctor.diagnosis.plugins import load_plugins  # noqa: PLC0415 - as above
    from doctor.diagnosis.trust import TrustStore  # noqa: PLC0415 - as above

    project = find_project(cwd=options.cwd, home=options.home, policy=options.policy)
    paths = machine_paths(options.environment, options.home)
    plugins = load_plugins(
        options,
        project_root=project.root,
        trust=TrustStore(paths.state_dir),
        facts=BUILTIN_FACTS,
        harnesses=builtin_harnesses(),
    )
    return Surroundings(options=options, paths=paths, project=project, registry=Registry(plugins.harnesses))
