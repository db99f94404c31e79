"""``pytest --doctor``: every check is a test item, beside the project's own tests.

An item passes, fails or is skipped as its check does in ``doctor check``, with the same threshold. One diagnosis
answers for all of them; with pytest-xdist there is one in each worker. Without ``--doctor`` nothing of the
tool is imported.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from doctor.model.finding import Finding
    from doctor.model.options import Options
    from doctor.report.cases import Case
    from doctor.report.wording import Wording

NAME = "doctor"
"""Of the collector, so that ``-k doctor`` finds its items, and of their mark."""

HELP = {
    "select": ("CODES", "run only these checks: codes or their beginnings, comma separated; may be repeated"),
    "ignore": ("CODES", "leave these checks out"),
    "policy": ("PATH", "policy file (default: .metawsm/policy.json or .toml, looked for upwards from the root)"),
    "fail-on": ("SEVERITY", "info, warning or error: least severity that fails (default: the policy's, else error)"),
}
"""By option, without its beginning ``--doctor-``: what its value is called, and what it does."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the options."""
    group = parser.getgroup(NAME, "harness-doctor")
    group.addoption("--doctor", action="store_true", help="also run the checks of harness-doctor, each as a test")
    for name, (metavar, text) in HELP.items():
        action = "append" if metavar == "CODES" else "store"
        group.addoption(f"--doctor-{name}", action=action, metavar=metavar, help=text)


def pytest_configure(config: pytest.Config) -> None:
    """Choose the checks, so that what is wrong with the options is said before anything runs.

    Raises:
        pytest.UsageError: An option is wrong.
    """
    config.addinivalue_line("markers", f"{NAME}: a check of harness-doctor (with --doctor)")
    if config.getoption("--doctor"):
        config.stash[_DIAGNOSIS] = _prepared(config)
    elif given := [f"--doctor-{name}" for name in HELP if config.getoption(f"--doctor-{name}")]:
        raise pytest.UsageError(f"{given[0]} says nothing without --doctor")


def pytest_report_header(config: pytest.Config) -> list[str]:
    """How many checks there are."""
    diagnosis = config.stash.get(_DIAGNOSIS, None)
    return [f"doctor: {len(diagnosis.titles)} checks"] if diagnosis else []


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add the checks, before anything is selected by keyword or mark."""
    diagnosis = config.stash.get(_DIAGNOSIS, None)
    if diagnosis is not None:
        added = Checks.from_parent(session, name=NAME, nodeid=NAME, diagnosis=diagnosis).collect()
        # Whoever counts what is collected counts reports.
        report = pytest.CollectReport(nodeid=NAME, outcome="passed", longrepr=None, result=list(added))
        config.hook.pytest_collectreport(report=report)
        items += added


class Diagnosis:
    """The checks that were chosen, and what a diagnosis says of them.

    Args:
        options: What to look at, as it was when pytest started: no test changes it.
    """

    def __init__(self, options: "Options") -> None:
        from doctor.diagnosis.run import prepare  # noqa: PLC0415 - costs nothing without --doctor

        self._options = options
        self.titles = {check.code: check.title for check in prepare(options).selected}

    @cached_property
    def _told(self) -> "tuple[dict[str, Case], Wording]":
        from doctor.diagnosis.run import diagnose  # noqa: PLC0415 - see above
        from doctor.report.cases import cases  # noqa: PLC0415 - see above
        from doctor.report.style import PLAIN  # noqa: PLC0415 - see above
        from doctor.report.wording import Wording  # noqa: PLC0415 - see above

        report = diagnose(self._options)
        return {case.code: case for case in cases(report)}, Wording(report, PLAIN)

    def case(self, code: str) -> "Case":
        """How a check ended; the first question runs all of them."""
        return self._told[0][code]

    def findings(self, findings: "tuple[Finding, ...]") -> str:
        """Findings as text: place, what is wrong, and the next step."""
        return "\n\n".join("\n".join(self._lines(finding)) for finding in findings)

    def line(self, text: str) -> str:
        """A text on one line, safe to print."""
        return self._told[1].line(text)

    def _lines(self, finding: "Finding") -> Iterator[str]:
        say = self._told[1]
        place = f"{say.near(finding.location)}: " if finding.location else ""
        yield f"{place}{finding.severity}: {say.line(finding.subject)}"
        yield from (f"  {line}" for line in say.lines(finding.message))
        yield from (f"  -> {line}" for line in say.lines(finding.remedy))


class Checks(pytest.Collector):
    """All checks."""

    def __init__(self, *, diagnosis: Diagnosis, **given: Any) -> None:
        super().__init__(**given)
        self.diagnosis = diagnosis
        self.add_marker(NAME)
        if self.config.pluginmanager.hasplugin("xdist"):
            # One diagnosis then answers for all, where workers are given groups.
            self.add_marker(pytest.mark.xdist_group(NAME))

    def collect(self) -> "list[CheckItem]":
        """One item for each."""
        return [CheckItem.from_parent(self, name=code) for code in self.diagnosis.titles]


class CheckItem(pytest.Item):
    """One check; it is called by its code."""

    parent: Checks

    def runtest(self) -> None:
        """End as the check ended."""
        from doctor.errors import DoctorError  # noqa: PLC0415 - costs nothing without --doctor

        diagnosis = self.parent.diagnosis
        try:
            case = diagnosis.case(self.name)
        except DoctorError as error:
            raise _FailedError("\n".join(filter(None, (error.message, error.remedy)))) from error
        if case.minor:
            self.add_report_section("call", NAME, diagnosis.findings(case.minor))
        if case.verdict == "skipped":
            pytest.skip(diagnosis.line(case.reason))
        if case.verdict != "passed":
            raise _FailedError(diagnosis.findings(case.failing) or diagnosis.line(case.reason))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What was found; a traceback would show this tool and not the mistake."""
        if isinstance(excinfo.value, _FailedError):
            return f"{excinfo.value}\n\nmore: doctor explain {self.name}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Where it is said to stand: nowhere in particular, by code and title."""
        title = self.parent.diagnosis.titles[self.name]
        return self.path, None, f"doctor {self.name}: {title}"


class _FailedError(Exception):
    """The check failed; its text says why."""


_DIAGNOSIS = pytest.StashKey[Diagnosis]()


def _prepared(config: pytest.Config) -> Diagnosis:
    """The diagnosis that the options ask for, not made yet.

    Raises:
        pytest.UsageError: An option is wrong.
    """
    from doctor.errors import DoctorError  # noqa: PLC0415 - costs nothing without --doctor
    from doctor.model.finding import Severity  # noqa: PLC0415 - see above
    from doctor.model.options import Options  # noqa: PLC0415 - see above

    policy, fail_on = config.getoption("--doctor-policy"), config.getoption("--doctor-fail-on")
    if fail_on is not None and fail_on not in set(Severity):
        raise pytest.UsageError(f"--doctor-fail-on: expected {', '.join(Severity)}, found {fail_on!r}")
    options = Options(
        cwd=config.rootpath,
        policy=config.invocation_params.dir / policy if policy else None,
        select=_codes(config, "--doctor-select"),
        ignore=_codes(config, "--doctor-ignore"),
        fail_on=Severity(fail_on) if fail_on else None,
    )
    try:
        return Diagnosis(options)
    except DoctorError as error:
        raise pytest.UsageError("\n".join(filter(None, (f"--doctor: {error.message}", error.remedy)))) from error


def _codes(config: pytest.Config, option: str) -> tuple[str, ...]:
    given = config.getoption(option) or ()
    return tuple(name.strip() for text in given for name in text.split(",") if name.strip())
