"""Loading plugins, well-meant and hostile."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any

import pytest

from doctor.diagnosis.plugins import PluginSet, load_plugins
from doctor.diagnosis.trust import TrustStore, trust_plugins
from doctor.errors import RegistrationError, UsageError
from doctor.model.options import Options

CHECK = """
from doctor.diagnosis.check import Check
from doctor.hookspecs import hookimpl

class ACM001(Check):
    '''It holds.'''

    def run(self):
        '''Never fails.'''

@hookimpl
def doctor_register_checks():
    return [ACM001]
"""

Load = Callable[..., PluginSet]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory on ``sys.path`` whose modules are forgotten afterwards."""
    directory = tmp_path.resolve() / "site"
    directory.mkdir()
    monkeypatch.syspath_prepend(str(directory))
    before = set(sys.modules)
    yield directory
    for name in set(sys.modules) - before:
        del sys.modules[name]


def module(site: Path, name: str, source: str) -> str:
    (site / f"{name}.py").write_text(dedent(source))
    return name


def load(
    *plugins: str,
    environment: dict[str, str] | None = None,
    autoload: bool = False,
    allow_project_plugins: bool = False,
    builtins: tuple[str, ...] = (),
    **more: Any,
) -> PluginSet:
    options = Options(
        plugins=plugins,
        environment=environment or {},
        autoload=autoload,
        allow_project_plugins=allow_project_plugins,
    )
    return load_plugins(options, builtins=builtins, **more)


def refusal(*plugins: str, **more: Any) -> str:
    with pytest.raises(RegistrationError) as caught:
        load(*plugins, **more)
    return str(caught.value)


def codes(plugins: PluginSet) -> list[str]:
    return [check.code for check in plugins.checks]


def test_a_module_given_by_name_is_a_plugin(site: Path) -> None:
    plugins = load(module(site, "acme_plugin", CHECK))

    assert [(check.code, check.plugin) for check in plugins.checks] == [("ACM001", "acme_plugin")]
    assert plugins.infos[0]._asdict() == {
        "name": "acme_plugin",
        "source": "-p",
        "version": None,
        "path": str(site / "acme_plugin.py"),
    }


def test_every_hook_s_offers_are_collected_behind_the_tool_s_own(site: Path) -> None:
    name = module(
        site,
        "acme_plugin",
        """
        from doctor.harness.base import Harness
        from doctor.hookspecs import hookimpl

        class Acme(Harness):
            id = "acme"
            title = "Acme"

        @hookimpl
        def doctor_register_facts():
            return {"answer": lambda half: 2 * half}

        @hookimpl
        def doctor_register_harnesses():
            yield Acme()

        @hookimpl
        def doctor_register_formats():
            return {"sample": str}

        @hookimpl
        def doctor_register_executors():
            return {"remote": str}

        @hookimpl
        def doctor_register_checks():
            return None
        """,
    )

    plugins = load(name, facts={"own": lambda: 1})

    assert [(fact.name, fact.plugin, fact.parameters) for fact in plugins.facts] == [
        ("own", "doctor", ()),
        ("answer", "acme_plugin", ("half",)),
    ]
    assert [harness.id for harness in plugins.harnesses] == ["acme"]
    assert plugins.formats == {"sample": str}
    executors: dict[str, Any] = dict(plugins.executors)
    assert list(executors) == ["tmux", "process", "remote"]
    assert executors["remote"] is str
    assert plugins.checks == ()


def test_a_fact_of_the_tool_s_own_cannot_be_replaced(site: Path) -> None:
    name = module(
        site,
        "acme_plugin",
        """
        from doctor.hookspecs import hookimpl

        @hookimpl
        def doctor_register_facts():
            return {"policy": lambda: None}
        """,
    )

    assert refusal(name, facts={"policy": lambda: 1}) == (
        "fact policy is registered by plugin doctor and by plugin acme_plugin; rename one of them"
    )


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("raise ValueError('bad\\nluck')", "ValueError: bad luck"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("def broken(:", "SyntaxError: invalid syntax (acme_plugin.py, line 1)"),
        ("class Odd(Exception):\n  def __str__(self): return 1 / 0\nraise Odd()", "Odd"),
    ],
)
def test_a_plugin_that_cannot_be_imported_is_named(site: Path, source: str, reason: str) -> None:
    assert refusal(module(site, "acme_plugin", source)) == f"plugin acme_plugin cannot be imported: {reason}"


@pytest.mark.parametrize("name", ["no_such_plugin", "", "../acme", ".acme", "acme plugin"])
def test_a_plugin_that_is_not_there_is_named(name: str) -> None:
    assert refusal(name).startswith(f"plugin {name} cannot be imported: ")


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (
            "@hookimpl\ndef doctor_register_check(): return []",
            "there is no hook doctor_register_check; did you mean 'doctor_register_checks'?",
        ),
        (
            "@hookimpl\ndef doctor_check_started(cod): pass",
            (
                "Plugin 'acme_plugin' for hook 'doctor_check_started' hookimpl definition: doctor_check_started(cod) "
                "Argument(s) {'cod'} are declared in the hookimpl but can not be found in the hookspec"
            ),
        ),
        (
            "@hookimpl(wrapper=True)\ndef doctor_check_started(code): yield",
            "doctor_check_started is a hook wrapper, expected a plain implementation",
        ),
        (
            "@hookimpl\ndef doctor_register_checks(): raise SystemExit(3)",
            "doctor_register_checks failed: SystemExit: 3",
        ),
        (
            "@hookimpl\ndef doctor_register_checks(): return 7",
            "doctor_register_checks failed: TypeError: 'int' object is not iterable",
        ),
        (
            "@hookimpl\ndef doctor_register_checks(): return [7]",
            "doctor_register_checks offers 7, expected a class derived from doctor.Check",
        ),
        (
            "@hookimpl\ndef doctor_register_facts(): return 7",
            "doctor_register_facts returned int, expected a mapping from names",
        ),
    ],
)
def test_a_plugin_that_misuses_a_hook_is_named(site: Path, source: str, problem: str) -> None:
    name = module(site, "acme_plugin", f"from doctor.hookspecs import hookimpl\n{source}")

    assert refusal(name) == f"plugin acme_plugin: {problem}"


def test_an_optional_hook_of_a_later_version_is_left_alone(site: Path) -> None:
    name = module(
        site,
        "acme_plugin",
        "from doctor.hookspecs import hookimpl\n@hookimpl(optionalhook=True)\ndef doctor_future(): pass",
    )

    assert [info.name for info in load(name).infos] == ["acme_plugin"]


def test_a_clashing_code_names_both_plugins(site: Path) -> None:
    module(site, "acme_one", CHECK)
    module(site, "acme_two", CHECK)

    assert refusal("acme_two", builtins=("acme_one",)) == (
        "check ACM001 is registered by plugin acme_one and by plugin acme_two; rename one of them"
    )


def test_observers_are_called_by_name_with_what_they_take(site: Path) -> None:
    name = module(
        site,
        "acme_plugin",
        """
        from doctor.hookspecs import hookimpl

        seen = []

        @hookimpl
        def doctor_check_started():
            seen.append("started")

        @hookimpl
        def doctor_check_finished(result):
            seen.append(result)

        @hookimpl
        def doctor_modify_selection(checks):
            checks.clear()
        """,
    )
    plugins = load(name)
    selection: list[Any] = [1]

    plugins.started[0].call(code="ACM001")
    plugins.finished[0].call(result="the result", findings=())
    plugins.modify_selection(selection)

    assert sys.modules[name].seen == ["started", "the result"]
    assert [observer.plugin for observer in (*plugins.started, *plugins.finished)] == [name, name]
    assert selection == []


def test_a_plugin_that_fails_at_the_selection_is_named(site: Path) -> None:
    name = module(
        site,
        "acme_plugin",
        """
        from doctor.hookspecs import hookimpl

        @hookimpl
        def doctor_modify_selection(checks):
            raise KeyError("x")
        """,
    )

    with pytest.raises(RegistrationError, match="plugin acme_plugin: doctor_modify_selection failed: KeyError: 'x'"):
        load(name).modify_selection([])


# Entry points


def installed(site: Path) -> None:
    module(site, "acme_plugin", CHECK)
    (site / "acme-1.0.dist-info").mkdir()
    (site / "acme-1.0.dist-info" / "entry_points.txt").write_text("[harness_doctor]\nchecks = acme_plugin\n")


def test_plugins_of_installed_distributions_are_loaded(site: Path) -> None:
    installed(site)

    plugins = load(autoload=True)

    assert "ACM001" in codes(plugins)
    assert ("acme:checks", "entry point", "1.0") in [info[:3] for info in plugins.infos]


def test_a_plugin_that_is_installed_and_given_by_name_is_loaded_once(site: Path) -> None:
    installed(site)

    plugins = load("acme_plugin", autoload=True)

    assert codes(plugins).count("ACM001") == 1


def test_autoload_can_be_switched_off_by_option_and_by_variable(site: Path) -> None:
    installed(site)

    assert codes(load(autoload=False)) == []
    assert codes(load(autoload=True, environment={"DOCTOR_DISABLE_PLUGIN_AUTOLOAD": "1"})) == []
    assert codes(load(autoload=True, environment={"DOCTOR_DISABLE_PLUGIN_AUTOLOAD": " "})) != []


def test_an_installed_plugin_that_cannot_be_imported_is_named_with_the_way_out(site: Path) -> None:
    installed(site)
    module(site, "acme_plugin", "import no_such_module")

    with pytest.raises(RegistrationError, match="plugin acme:checks cannot be imported") as caught:
        load(autoload=True)

    assert "--disable-plugin-autoload" in str(caught.value.remedy)


# Project plugins


@pytest.fixture
def project(tmp_path: Path, site: Path) -> Path:
    root = tmp_path.resolve() / "project"
    (root / ".metawsm" / "checks").mkdir(parents=True)
    (root / ".metawsm" / "checks" / "acme.py").write_text(CHECK)
    return root


def test_a_project_s_plugin_is_not_executed_before_it_is_trusted(project: Path, tmp_path: Path) -> None:
    path = project / ".metawsm" / "checks" / "acme.py"
    path.write_text(f"open({str(tmp_path / 'executed')!r}, 'w')\n")

    plugins = load(project_root=project, trust=TrustStore(tmp_path / "state"))

    assert plugins.checks == ()
    assert [(plugin.path, plugin.reason) for plugin in plugins.untrusted] == [(str(path), "new")]
    assert not (tmp_path / "executed").exists()


def test_a_project_s_plugin_is_loaded_once_its_content_is_trusted(project: Path, tmp_path: Path) -> None:
    trust_plugins(project, tmp_path / "state")

    plugins = load(project_root=project, trust=TrustStore(tmp_path / "state"))

    assert [(check.code, check.plugin) for check in plugins.checks] == [("ACM001", ".metawsm/checks/acme.py")]
    assert plugins.untrusted == ()
    assert plugins.infos[0].source == "project"


def test_a_project_s_plugin_is_not_loaded_after_it_has_changed(project: Path, tmp_path: Path) -> None:
    trust_plugins(project, tmp_path / "state")
    with (project / ".metawsm" / "checks" / "acme.py").open("a") as file:
        file.write("# changed\n")

    plugins = load(project_root=project, trust=TrustStore(tmp_path / "state"))

    assert plugins.checks == ()
    assert [plugin.reason for plugin in plugins.untrusted] == ["changed"]


def test_a_project_s_plugins_are_loaded_untrusted_when_allowed_but_never_from_outside(
    project: Path, tmp_path: Path
) -> None:
    (tmp_path / "evil.py").write_text("raise SystemExit")
    (project / ".metawsm" / "checks" / "evil.py").symlink_to(tmp_path / "evil.py")

    plugins = load(project_root=project, allow_project_plugins=True)

    assert codes(plugins) == ["ACM001"]
    assert [plugin.reason for plugin in plugins.untrusted] == ["outside"]


def test_a_project_s_plugin_may_define_what_looks_its_module_up(project: Path) -> None:
    (project / ".metawsm" / "checks" / "acme.py").write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass Seen:\n    x: int\n"
        + CHECK
    )

    assert codes(load(project_root=project, allow_project_plugins=True)) == ["ACM001"]


@pytest.mark.parametrize("source", ["raise SystemExit(0)", "x = (", "\x00", "import no_such_module"])
def test_a_project_s_plugin_that_cannot_be_executed_is_named_and_leaves_no_module(project: Path, source: str) -> None:
    (project / ".metawsm" / "checks" / "acme.py").write_text(source)
    before = {name for name in sys.modules if name.startswith("doctor_project_plugin")}

    assert refusal(project_root=project, allow_project_plugins=True).startswith(
        "plugin .metawsm/checks/acme.py cannot be imported: "
    )
    assert {name for name in sys.modules if name.startswith("doctor_project_plugin")} == before


def test_an_unreadable_record_of_trust_matters_only_where_there_are_plugins(project: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "trusted-plugins.json").write_text("{")

    assert load(project_root=tmp_path, trust=TrustStore(state)).untrusted == ()
    with pytest.raises(UsageError, match="cannot be read"):
        load(project_root=project, trust=TrustStore(state))


def test_another_package_that_hides_the_built_in_checks_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = ModuleType("checks")
    other.__file__ = "/elsewhere/checks/__init__.py"
    monkeypatch.setitem(sys.modules, "checks", other)

    with pytest.raises(RegistrationError, match=r"the package 'checks' is /elsewhere/checks/__init__\.py"):
        load_plugins(Options(autoload=False))


def test_the_built_in_checks_are_plugins_like_any_other() -> None:
    plugins = load_plugins(Options(autoload=False))

    assert {info.source for info in plugins.infos} == {"built-in"}
    assert {check.plugin for check in plugins.checks} <= {info.name for info in plugins.infos}
