"""Finding plugins, loading them, and what they offer."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pluggy

import doctor.hookspecs as hookspecs  # noqa: PLR0402 - `from doctor import` would load the whole public API
from doctor.diagnosis.check import Check
from doctor.diagnosis.collect import make_checks, make_executors, make_facts, make_formats, make_harnesses
from doctor.diagnosis.engine import Observer
from doctor.diagnosis.execution import one_line
from doctor.errors import DoctorError, RegistrationError
from doctor.model.options import Options

if TYPE_CHECKING:
    from doctor.diagnosis.trust import PluginFile, TrustStore, UntrustedPlugin
    from doctor.executor.base import MakeExecutor
    from doctor.harness.base import Harness

DISABLE_AUTOLOAD = "DOCTOR_DISABLE_PLUGIN_AUTOLOAD"
"""Variable that keeps plugins of installed distributions out when it is not blank."""

OWN = "doctor"
"""Name under which the tool's own facts, harnesses and executors appear in messages."""


class PluginInfo(NamedTuple):
    """One plugin that was loaded."""

    name: str
    source: str
    """``built-in``, ``entry point``, ``-p`` or ``project``."""

    version: str | None = None
    """Of the distribution, for an entry point."""

    path: str | None = None
    """The file it was loaded from, where there is one."""


class PluginSet:
    """Everything that the loaded plugins offer, verified.

    Args:
        manager: The manager with every plugin registered.
        infos: The plugins in the order they were registered.
        untrusted: Project plugins that were not loaded.
        facts, harnesses: The tool's own, which come before those of plugins.

    Raises:
        RegistrationError: Something offered is malformed, or offered twice.
    """

    def __init__(
        self,
        manager: pluggy.PluginManager,
        infos: Sequence[PluginInfo],
        untrusted: Sequence["UntrustedPlugin"] = (),
        *,
        facts: Mapping[str, Callable[..., Any]],
        harnesses: Iterable["Harness"],
    ) -> None:
        self.manager = manager
        self.infos = tuple(infos)
        self.untrusted = tuple(untrusted)
        self._verify_hooks()
        self.checks = make_checks(self._each("doctor_register_checks"))
        """One instance of each check, in code order."""

        self.facts = make_facts([(OWN, facts), *self._offers("doctor_register_facts")])
        self.harnesses: tuple[Harness, ...] = make_harnesses(
            [*((OWN, harness) for harness in harnesses), *self._each("doctor_register_harnesses")]
        )
        self.formats = make_formats(self._offers("doctor_register_formats"))
        self._executors = make_executors(self._offers("doctor_register_executors"), own=OWN)

    @property
    def executors(self) -> Mapping[str, "MakeExecutor"]:
        """What makes each executor, the tool's own first. They are imported here, not for a diagnosis."""
        from doctor.executor.builtin import BUILTIN_EXECUTORS  # noqa: PLC0415 - see above

        return {**BUILTIN_EXECUTORS, **self._executors}

    @property
    def started(self) -> tuple[Observer, ...]:
        """Observers of a check's start."""
        return self._observers("doctor_check_started")

    @property
    def finished(self) -> tuple[Observer, ...]:
        """Observers of a check's end."""
        return self._observers("doctor_check_finished")

    def modify_selection(self, checks: list[Check]) -> None:
        """Let plugins change ``checks`` in place.

        Raises:
            RegistrationError: A plugin failed at it.
        """
        for observer in self._observers("doctor_modify_selection"):
            _guarded(observer.plugin, "doctor_modify_selection", partial(observer.call, checks=checks))

    def _verify_hooks(self) -> None:
        for name, hook in vars(self.manager.hook).items():
            if name.startswith("_"):
                continue
            for impl in hook.get_hookimpls():
                if not hook.has_spec() and not impl.optionalhook:
                    raise RegistrationError(_unknown_hook(impl.plugin_name, name))
                if impl.wrapper or impl.hookwrapper:
                    raise RegistrationError(
                        f"plugin {impl.plugin_name}: {name} is a hook wrapper, expected a plain implementation"
                    )

    def _implementations(self, hook: str) -> list[pluggy.HookImpl]:
        """In the order that pluggy calls them: what was registered last comes first."""
        caller: pluggy.HookCaller = getattr(self.manager.hook, hook)
        return caller.get_hookimpls()[::-1]

    def _observers(self, hook: str) -> tuple[Observer, ...]:
        return tuple(Observer(impl.plugin_name, _caller(impl)) for impl in self._implementations(hook))

    def _offers(self, hook: str) -> Iterator[tuple[str, Any]]:
        """What each plugin returns, in the order of registration; ``None`` offers nothing."""
        for impl in reversed(self._implementations(hook)):
            offered = _guarded(impl.plugin_name, hook, impl.function)
            if offered is not None:
                yield impl.plugin_name, offered

    def _each(self, hook: str) -> Iterator[tuple[str, Any]]:
        for plugin, offered in self._offers(hook):
            for item in _guarded(plugin, hook, partial(list, offered)):
                yield plugin, item


def _caller(impl: pluggy.HookImpl) -> Callable[..., Any]:
    return lambda **given: impl.function(*(given[name] for name in impl.argnames))


def _guarded(plugin: str, hook: str, call: Callable[[], Any]) -> Any:
    try:
        return call()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise RegistrationError(f"plugin {plugin}: {hook} failed: {one_line(error)}") from error


def _unknown_hook(plugin: str, name: str) -> str:
    from doctor.diagnosis.facts_graph import did_you_mean  # noqa: PLC0415 - only a mistake needs it

    hooks = [hook for hook in vars(hookspecs) if hook.startswith("doctor_")]
    return f"plugin {plugin}: there is no hook {name}{did_you_mean(name, hooks)}"


def load_plugins(
    options: Options,
    *,
    project_root: Path | None = None,
    trust: "TrustStore | None" = None,
    facts: Mapping[str, Callable[..., Any]] | None = None,
    harnesses: Iterable["Harness"] = (),
    builtins: Sequence[str] | None = None,
) -> PluginSet:
    """Load every plugin that ``options`` allow and collect what they offer.

    Args:
        options: ``plugins``, ``autoload``, ``allow_project_plugins`` and ``environment`` are used.
        project_root: Directory whose ``.metawsm/checks`` is looked at; ``None`` looks at none.
        trust: Which project plugins are trusted; ``None`` trusts none.
        facts: The tool's own facts.
        harnesses: The tool's own harness adapters.
        builtins: Modules of the built-in plugins; ``None`` means those of the checks and of the report formats.

    Raises:
        RegistrationError: A plugin cannot be imported, or offers something malformed.
    """
    loader = _Loader()
    for name in _builtin_modules() if builtins is None else builtins:
        loader.load_module(name, "built-in")
    if options.autoload and not options.environment.get(DISABLE_AUTOLOAD, "").strip():
        loader.load_entry_points()
    for name in options.plugins:
        loader.load_module(name, "-p")
    untrusted: list[UntrustedPlugin] = []
    if project_root is not None:
        untrusted = loader.load_project(project_root, trust, anyway=options.allow_project_plugins)
    return PluginSet(loader.manager, loader.infos, untrusted, facts=facts or {}, harnesses=harnesses)


def _builtin_modules() -> Sequence[str]:
    """Modules of the built-in checks, unless another package of the name ``checks`` hides them."""
    package = import_module("checks")
    modules: Sequence[str] | None = getattr(package, "MODULES", None)
    if modules is None:
        where = getattr(package, "__file__", None) or list(package.__path__)
        raise RegistrationError(
            f"the package 'checks' is {where}, expected the one that harness-doctor brings",
            remedy="install harness-doctor in an environment of its own: pipx install harness-doctor",
        )
    return modules


class _Loader:
    """Registers plugins, each failure under its plugin's name."""

    def __init__(self) -> None:
        self.manager = pluggy.PluginManager(hookspecs.PROJECT)
        self.manager.add_hookspecs(hookspecs)
        self.infos: list[PluginInfo] = []

    def load_module(self, name: str, source: str) -> None:
        module = _imported(name, partial(import_module, name))
        self._register(module, PluginInfo(name, source, path=getattr(module, "__file__", None)))

    def load_entry_points(self) -> None:
        from doctor.diagnosis.entry_points import find_entry_points  # noqa: PLC0415 - not with autoload off

        for entry in find_entry_points(sys.path, hookspecs.PROJECT):
            plugin = _imported(entry.name, entry.load)
            self._register(plugin, PluginInfo(entry.name, "entry point", entry.version, entry.path))

    def load_project(self, root: Path, trust: "TrustStore | None", *, anyway: bool) -> list["UntrustedPlugin"]:
        directory = root / ".metawsm" / "checks"
        try:
            if not directory.is_dir() or next(directory.iterdir(), None) is None:
                return []
            from doctor.diagnosis.trust import UntrustedPlugin, read_plugins  # noqa: PLC0415 - few projects have any

            files, refused = read_plugins(root)
        except OSError:
            from doctor.diagnosis.trust import UntrustedPlugin  # noqa: PLC0415 - see above

            return [UntrustedPlugin(str(directory), "", "unreadable")]
        for file in files:
            verdict = "trusted" if anyway else trust.verdict(file) if trust else "new"
            if verdict == "trusted":
                name = f"{file.path.parent.parent.name}/checks/{file.path.name}"
                module = _imported(name, partial(_executed, file))
                self._register(module, PluginInfo(name, "project", path=str(file.path)))
            else:
                refused.append(UntrustedPlugin(str(file.path), file.sha256, verdict))
        return sorted(refused, key=lambda plugin: plugin.path)

    def _register(self, plugin: Any, info: PluginInfo) -> None:
        """Register ``plugin`` unless it is there already, as when ``-p`` names what an entry point loaded."""
        if self.manager.is_registered(plugin):
            return
        try:
            self.manager.register(plugin, info.name)
        except (pluggy.PluginValidationError, ValueError) as error:
            raise RegistrationError(f"plugin {info.name}: {one_line(error, name=False)}") from error
        self.infos.append(info)


def _imported(name: str, load: Callable[[], Any]) -> Any:
    try:
        return load()
    except (KeyboardInterrupt, DoctorError):
        raise
    except BaseException as error:
        raise RegistrationError(
            f"plugin {name} cannot be imported: {one_line(error)}",
            remedy="repair or uninstall it, or leave it out (--disable-plugin-autoload, or without -p)",
        ) from error


def _executed(file: "PluginFile") -> Any:
    """A module made from exactly the bytes that were hashed."""
    from types import ModuleType  # noqa: PLC0415 - few projects have plugins

    name = f"doctor_project_plugin_{file.path.stem}_{file.sha256[:12]}"
    module = ModuleType(name)
    module.__file__ = str(file.path)
    sys.modules[name] = module
    try:
        exec(compile(file.source, str(file.path), "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - trusted
    except BaseException:
        del sys.modules[name]
        raise
    return module
