"""POL: the policy file is read, and says what it seems to say."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache

import doctor

PolicyFile = doctor.Loaded[doctor.Policy]


def _told(
    check: doctor.Check,
    policy_file: PolicyFile,
    *rules: str,
    fixable: Callable[[doctor.ConfigProblem], bool] = lambda _: False,
) -> Iterator[doctor.Finding]:
    """The reader's problems of these rules; any of them keeps the whole policy from being used."""
    for problem in policy_file.problems:
        if problem.rule in rules:
            yield check.finding(
                problem.subject,
                problem.message,
                remedy=problem.remedy,
                location=problem.location,
                affects=("*",),
                fixable=fixable(problem),
            )


class POL001(doctor.Check):
    """The policy file can be read and is well-formed.

    Nothing can be resolved from a file that is no JSON (or TOML), so no agent starts until it is repaired.
    """

    always = True

    def run(self, policy_file: PolicyFile) -> Iterator[doctor.Finding]:
        """Fails when the file is missing, too large, not text, or not well-formed; names the line and column."""
        yield from _told(self, policy_file, "unreadable", "syntax")


class POL002(doctor.Check):
    """Every key of the policy stands only once.

    Most readers silently keep the last of two equal keys, so what a person reads is not what takes effect.
    """

    always = True

    def run(self, policy_file: PolicyFile) -> Iterator[doctor.Finding]:
        """Fails when an object has the same key twice."""
        yield from _told(self, policy_file, "duplicate-key", fixable=_says_the_same(policy_file))

    def fix(self, finding: doctor.Finding, policy_file: PolicyFile) -> doctor.Fix | None:
        """Keeps the first of equal keys, where their values are equal too; else nobody can tell which one is meant."""
        place = finding.location
        if policy_file.document is None or place is None or place.pointer is None:
            return None
        edits = doctor.edit(policy_file.document)
        edits.keep_first(edits.path(place.pointer))
        return self.repair(finding, f"keep {finding.subject} once", edits.fix())


def _says_the_same(policy_file: PolicyFile) -> Callable[[doctor.ConfigProblem], bool]:
    """Tells of a key that stands there several times whether its values are equal."""
    edits_of = cache(doctor.edit)  # for the first such key: most policies have none

    def told(problem: doctor.ConfigProblem) -> bool:
        if policy_file.document is None or problem.location.pointer is None:
            return False
        edits = edits_of(policy_file.document)
        try:
            return edits.can_keep_first(edits.path(problem.location.pointer))
        except doctor.Unavailable:
            return False

    return told


class POL003(doctor.Check):
    """Every key of the policy is known.

    A misspelt key is a setting that is silently not used; the nearest known key is named.
    """

    always = True

    def run(self, policy_file: PolicyFile) -> Iterator[doctor.Finding]:
        """Fails when the policy has a key that its schema does not know."""
        twice = {each.location.pointer for each in policy_file.problems if each.rule == "duplicate-key"}
        yield from _told(
            self,
            policy_file,
            "unknown-key",
            fixable=lambda problem: problem.instead is not None and problem.location.pointer not in twice,
        )

    def fix(self, finding: doctor.Finding, policy_file: PolicyFile) -> doctor.Fix | None:
        """Gives a key its right name where only one can be meant."""
        from checks.spelling import problem_of, spelt  # noqa: PLC0415 - only a finding needs it

        problem = problem_of(finding, policy_file.problems)
        return spelt(self, finding, policy_file.document, problem) if problem else None


class POL004(doctor.Check):
    """Every value of the policy has the type and range its key asks for.

    The rules of each key stand in the policy's reference and in its JSON Schema.
    """

    always = True

    def run(self, policy_file: PolicyFile) -> Iterator[doctor.Finding]:
        """Fails when a value is missing, has another type, or lies outside what is accepted."""
        yield from _told(self, policy_file, "type", "value")


class POL005(doctor.Check):
    """The policy has a schema version that this tool reads.

    A policy of another version has other keys; guessing at their meaning would start the wrong thing.
    """

    always = True

    def run(self, policy_file: PolicyFile, registry: doctor.Registry) -> Iterator[doctor.Finding]:
        """Fails when ``version`` is another one; for version 1 the equivalent of version 2 is shown."""
        yield from _told(self, policy_file, "version", fixable=lambda _: _converted(policy_file, registry) is not None)

    def fix(self, finding: doctor.Finding, policy_file: PolicyFile, registry: doctor.Registry) -> doctor.Fix | None:
        """Writes a policy of version 1 as version 2, with everything else that it says."""
        file = _converted(policy_file, registry)
        return self.repair(finding, "write the policy in schema version 2", file) if file else None


def _converted(policy_file: PolicyFile, registry: doctor.Registry) -> doctor.FileFix | None:
    from checks.version1 import converted  # noqa: PLC0415 - only a finding needs it

    return converted(policy_file.document, registry)


class POL006(doctor.Check):
    """Every name that the policy refers to is defined.

    Agents refer to profiles, profiles to harnesses, and names are unique so that each reference means one thing.
    """

    always = True

    def run(self, policy_file: PolicyFile) -> Iterator[doctor.Finding]:
        """Fails when a reference leads nowhere, or a name is defined twice."""
        yield from _told(self, policy_file, "reference")


class POL007(doctor.Check):
    """There is only one policy file.

    With ``policy.json`` and ``policy.toml`` side by side nobody can tell which one counts.
    """

    always = True

    def run(self, policy_file: PolicyFile) -> Iterator[doctor.Finding]:
        """Fails when both files are there."""
        yield from _told(self, policy_file, "rival")


class POL010(doctor.Check):
    """No stronger setting hides another choice of harness.

    The strongest of ``--runtime``, the stage map, ``DOCTOR_RUNTIME`` and ``orchestrator.runtime_backend`` decides.
    That is by design, but it surprises: an exported variable changes nothing once the map has a default. A stage's
    own entry is meant to outrank the map's default, and what the agents' profiles say is counted by STG003.
    """

    severity = doctor.Severity.INFO

    def run(self, stages: tuple[doctor.StageBinding, ...]) -> Iterator[doctor.Finding]:
        """Reports each stage whose harness hides what weaker sources say."""
        for row in stages:
            expected = ("agent=", "default=") if row.runtime.source == "stage" else ("agent=",)
            hidden = [entry for entry in row.runtime.shadowed if not entry.startswith(expected)]
            if hidden:
                yield self.finding(
                    f"stage {row.stage}",
                    f"stage {row.stage} runs {row.runtime.value} (from {row.runtime.source}), "
                    f"which hides {', '.join(hidden)}",
                    remedy="nothing if that is meant; otherwise remove the stronger setting",
                    affects=(f"stage:{row.stage}",),
                )


class POL011(doctor.Check):
    """Every entry of `doctor.ignore` sets something aside.

    An entry that no finding needs any more would hide the problem if it came back. The engine, which alone sees all
    findings, makes this check's findings once every check has ended.
    """

    severity = doctor.Severity.WARNING

    def run(self) -> Iterable[doctor.Finding]:
        """Fails when an entry of ``doctor.ignore`` matched no finding of a check that ran."""
        return ()


class POL012(doctor.Check):
    """No entry of `doctor.ignore` is past its date.

    An entry holds up to the day in ``until``; from then on its findings count again. The engine, which alone sees
    all findings, makes this check's findings once every check has ended.
    """

    severity = doctor.Severity.WARNING

    def run(self) -> Iterable[doctor.Finding]:
        """Fails when the ``until`` of an entry of ``doctor.ignore`` has passed."""
        return ()


class POL013(doctor.Check):
    """Every entry of the baseline is still found.

    An entry for a problem that was repaired would hide it if it came back. The engine, which alone sees all
    findings, makes this check's findings once every check has ended.
    """

    severity = doctor.Severity.WARNING

    def run(self) -> Iterable[doctor.Finding]:
        """Fails when an entry of the file given with ``--baseline`` matched no finding of a check that ran.

        Nothing is said of a harness that is not here, nor when only one stage or another harness is looked at.
        """
        return ()


class POL014(doctor.Check):
    """Approvals and submodules that are compared can be understood.

    An approval that cannot be read lets nothing through, and what a submodule holds is in no commit of the repository
    around it. ``doctor compare`` alone makes this check's findings.
    """

    def run(self) -> Iterable[doctor.Finding]:
        """Fails when ``.metawsm/approvals.toml``, or the file given with ``--approvals``, is not right.

        Also when a submodule in ``.metawsm``, or where harnesses look, is at another commit than before.
        """
        return ()


class POL015(doctor.Check):
    """Every approval of a change lets something through.

    One that approves nothing would let the same change through later, when nobody looks at it any more; one that comes
    with its own change does not count, since whoever makes a change could add it. ``doctor compare`` alone makes this
    check's findings.
    """

    severity = doctor.Severity.WARNING

    def run(self) -> Iterable[doctor.Finding]:
        """Fails when an approval matches no change, or came with the change that it matches."""
        return ()


class POL016(doctor.Check):
    """No approval of a change is past its date.

    An approval holds up to the day in ``until``; from then on its change is denied again. ``doctor compare`` alone
    makes this check's findings.
    """

    severity = doctor.Severity.WARNING

    def run(self) -> Iterable[doctor.Finding]:
        """Fails when the ``until`` of an approval has passed."""
        return ()


@doctor.hookimpl
def doctor_register_checks() -> list[type[doctor.Check]]:
    """The checks of this family."""
    own = [POL001, POL002, POL003, POL004, POL005, POL006, POL007, POL010]
    return [*own, POL011, POL012, POL013, POL014, POL015, POL016]
