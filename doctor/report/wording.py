"""What the formats for people say, in words: each piece once, redacted and safe to print."""

from collections.abc import Iterator

from doctor.model.binding import Binding, Choice, StageBinding
from doctor.model.finding import UNFINISHED, CheckResult, Finding, IgnoredFinding, Severity, Status
from doctor.model.harness import Candidate, HarnessFact, SkillFact
from doctor.model.location import Location
from doctor.model.report import Report
from doctor.report.places import nearby
from doctor.report.redact import redactor_for
from doctor.report.style import Style
from doctor.report.visible import home_relative, single_line, visible, visible_lines

ABSENT = "absent"


class Wording:
    """The texts of one report.

    Args:
        report: The report.
        style: ``home``, ``verbose`` and ``separator`` are used.
    """

    def __init__(self, report: Report, style: Style) -> None:
        self.report = report
        self.style = style
        self.redact = redactor_for(report)
        self.facts = {fact.runtime_id: fact for fact in report.harnesses}
        self.statuses = {fact.runtime_id: report.harness_status(fact) for fact in report.harnesses}

    def text(self, text: str | None) -> str:
        """A text on one line without secrets and control characters; nothing for ``None``."""
        return visible(self.redact(text)) if text else ""

    def line(self, text: str | None) -> str:
        """A text that may have several lines on one, without secrets and control characters."""
        return single_line(self.redact(text)) if text else ""

    def lines(self, text: str | None) -> list[str]:
        """The lines of a text, without secrets and control characters; none for ``None``."""
        return visible_lines(self.redact(text)) if text else []

    def near(self, location: Location | None) -> str:
        """``path:line:column``, relative to the repository where the file lies in it."""
        return visible(self.redact(nearby(location, self.report.base))) if location else ""

    def path(self, path: str | None) -> str:
        """A path, short where it lies in the home directory."""
        return visible(home_relative(self.redact(path), self.style.home)) if path else ""

    def policy(self) -> str:
        """Which policy was read."""
        if self.report.policy.embedded_default:
            return "embedded default (no policy file found)"
        return self.path(self.report.policy.path) or "none"

    def profile(self) -> str | None:
        """Which named profile is active, and what made it so."""
        profile = self.report.profile
        return f"{self.text(profile.active)} ({profile.source})" if profile.active else None

    def agent_status(self, binding: Binding) -> str:
        """``ok``, ``absent`` or ``error``."""
        return self._status(ok=self.report.agent_ok(binding), runtime=binding.runtime)

    def stage_status(self, row: StageBinding) -> str:
        """``ok``, ``absent`` or ``error``."""
        return self._status(ok=self.report.stage_ok(row), runtime=row.runtime)

    def _status(self, *, ok: bool, runtime: Choice) -> str:
        if ok:
            return "ok"
        fact = self.facts.get(runtime.value or "")
        return ABSENT if fact and not fact.found else "error"

    def runtime(self, runtime: Choice) -> str:
        """The harness of a row."""
        return self.text(runtime.value) or "none"

    def version(self, runtime: Choice) -> str:
        """The version of a row's harness, as far as known."""
        fact = self.facts.get(runtime.value or "")
        return self.text(fact.program.version) if fact else ""

    def hides(self, choice: Choice) -> str:
        """What a choice shadows, comma separated."""
        return ", ".join(self.text(weaker) for weaker in choice.shadowed)

    def present(self) -> list[HarnessFact]:
        """Harnesses that are here, or all when every path tried is wanted."""
        return [fact for fact in self.report.harnesses if fact.found or self.style.verbose]

    def absent(self) -> str:
        """Ids of the harnesses that are not here, unless they are listed one by one."""
        if self.style.verbose:
            return ""
        return ", ".join(fact.runtime_id for fact in self.report.harnesses if not fact.found)

    def problem(self, fact: HarnessFact) -> str:
        """Why a harness that is here gave no version."""
        return self.text(fact.program.problem)

    def outcome(self, fact: HarnessFact, tried: Candidate) -> str:
        """What came of one place where a harness was looked for."""
        if tried.problem is not None:
            return self.text(tried.problem)
        said = self.text(fact.program.version_text)
        return f"used, says {said}" if said else "used"

    def notes(self) -> list[str]:
        """Choices made for the installed versions, each with the agents that it concerns."""
        concerned: dict[str, list[str]] = {}
        for binding in self.report.agents:
            for note in binding.launch.notes if binding.launch else ():
                concerned.setdefault(self.text(note), []).append(self.text(binding.agent))
        return [f"{_some(agents)}: {note}" for note, agents in concerned.items()]

    def skills(self) -> Iterator[tuple[SkillFact, str]]:
        """Every skill with what was found of it."""
        for fact in self.report.skills.values():
            found = f"{fact.source} {self.path(fact.path)}" if fact.path else f"{fact.problem or 'missing'}"
            yield fact, found

    def findings(self) -> list[tuple[str, list[Finding]]]:
        """The findings by subject, subjects in the order in which they first come."""
        groups: dict[str, list[Finding]] = {}
        for finding in self.report.findings:
            groups.setdefault(finding.subject, []).append(finding)
        return [(self.text(subject), findings) for subject, findings in groups.items()]

    def until(self, ignored: IgnoredFinding) -> str:
        """When a finding is not ignored any more, in parentheses behind a space; nothing for never."""
        return f" (until {ignored.until})" if ignored.until else ""

    def place(self, finding: Finding) -> str:
        """``path:line:column``."""
        if finding.location is None:
            return ""
        return self.path(str(finding.location))

    def title(self, code: str) -> str:
        """What a check asks for; nothing for a code that no check has."""
        rule = self.report.rules.get(code)
        return self.line(rule.title) if rule else ""

    def titled(self, code: str) -> str:
        """A code, and the title of its check."""
        return f"{code} {self.title(code)}".rstrip()

    def unfinished(self) -> Iterator[tuple[CheckResult, str]]:
        """The checks that came to no end, each with how it ended."""
        return ((result, ENDINGS[result.status]) for result in self.report.checks if result.status in UNFINISHED)

    def repairable(self) -> str:
        """How many of the findings can be repaired, and by what; empty where none can."""
        number = sum(finding.fixable for finding in self.report.findings)
        return f"{number} of these can be repaired: doctor fix" if number else ""

    def summary(self) -> str:
        """The one line that says it all."""
        report = self.report
        counts = [_count(report.count(severity), severity) for severity in reversed(Severity) if report.count(severity)]
        parts = [", ".join(counts) or "no problems", _endings(report)]
        if report.ignored:
            parts.append(f"{len(report.ignored)} ignored")
        if report.known:
            parts.append(f"{len(report.known)} known")
        if self.style.verbose:
            parts.append(f"{report.duration_ms:.0f} ms")
        return self.style.separator.join([*parts, f"exit {int(report.exit_code)}"])


def _some(names: list[str]) -> str:
    """The first of the names, and how many more there are."""
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _count(number: int, severity: Severity) -> str:
    if severity is Severity.INFO:
        return f"{number} info"
    return f"{number} {severity}" + ("" if number == 1 else "s")


ENDINGS = {
    Status.PASSED: "passed",
    Status.FAILED: "failed",
    Status.SKIPPED: "skipped",
    Status.TIMEOUT: "timed out",
    Status.CRASHED: "crashed",
}
"""How checks ended, in words."""


def _endings(report: Report) -> str:
    counted = {status: report.ended(status) for status in ENDINGS}
    shown = [f"{number} {ENDINGS[status]}" for status, number in counted.items() if number]
    if not shown:
        return "no checks ran"
    first, *rest = shown
    number, _, ending = first.partition(" ")
    return ", ".join([f"{number} {'check' if number == '1' else 'checks'} {ending}", *rest])
