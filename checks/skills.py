"""SKL: the skills that agents are told to read are there and can be read."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import doctor
from checks.uses import listed, shortened

Bindings = tuple[doctor.Binding, ...]
Skills = Mapping[tuple[str, str], doctor.SkillFact]


class _Entry(NamedTuple):
    """One entry of a profile's list of skills, as every harness gets it that runs the profile."""

    profile: str
    profile_index: int
    position: int
    facts: tuple[doctor.SkillFact, ...]

    @property
    def subject(self) -> str:
        return f"agent_profiles[{self.profile_index}].skills[{self.position}]"

    @property
    def pointer(self) -> str:
        return doctor.pointer("agent_profiles", self.profile_index, "skills", self.position)


def _entries(bindings: Iterable[doctor.Binding], skills: Skills) -> Iterator[_Entry]:
    """Every entry once, in the order of the agents."""
    profiles: dict[int, tuple[doctor.Binding, dict[str, None]]] = {}
    for binding in bindings:
        if binding.skills:
            _, runtimes = profiles.setdefault(binding.profile_index, (binding, {}))
            runtimes[binding.runtime.value or ""] = None
    for index, (binding, runtimes) in profiles.items():
        for position, name in enumerate(binding.skills):
            facts = tuple(skills[name, runtime] for runtime in runtimes if (name, runtime) in skills)
            yield _Entry(binding.profile, index, position, facts)


def _broken(
    bindings: Bindings, skills: Skills, *problems: doctor.SkillProblem
) -> Iterator[tuple[_Entry, list[doctor.SkillFact], tuple[str, ...]]]:
    """The entries with one of these problems: the facts that have it, and what an error about it affects."""
    if not any(fact.problem in problems for fact in skills.values()):
        return
    sound = {fact.name for fact in skills.values() if fact.problem is None}
    for entry in _entries(bindings, skills):
        hit = [fact for fact in entry.facts if fact.problem in problems]
        if hit:
            name = hit[0].name
            # A skill that another harness finds in a root of its own must stay usable there.
            everywhere = () if name in sound else (f"skill:{name}",)
            yield entry, hit, (*everywhere, f"profile:{entry.profile}")


class SKL001(doctor.Check):
    """Every skill that a profile names is found.

    The prompt tells the agent to read its skills first. An agent that is pointed at a file that is not there works
    without the rules it was meant to follow.
    """

    def run(self, bindings: Bindings, skills: Skills) -> Iterator[doctor.Finding]:
        """Fails when a skill is in no root; names every path that was tried, in order."""
        for entry, facts, affects in _broken(bindings, skills, doctor.SkillProblem.MISSING):
            tried = list(dict.fromkeys(path for fact in facts for path in fact.tried))
            remedy = f"create {tried[0]}, or remove the skill from the profile" if tried else "remove the skill"
            yield self.finding(
                entry.subject,
                f"skill {facts[0].name} of profile {entry.profile} was not found; tried: {', '.join(tried)}",
                remedy=remedy,
                pointer=entry.pointer,
                affects=affects,
                key=f"{entry.profile} {facts[0].name}",
            )


class SKL002(doctor.Check):
    """Every skill lies in a directory of its own name below its root.

    A name becomes a path. One with a separator or `..` in it, or a symbolic link that leads out of the root, would
    let a policy point an agent at any file of the machine.
    """

    def run(self, bindings: Bindings, skills: Skills) -> Iterator[doctor.Finding]:
        """Fails when the name is no plain directory name, or the skill's real path is outside of its root."""
        refused = (doctor.SkillProblem.NAME, doctor.SkillProblem.ESCAPES)
        for entry, facts, affects in _broken(bindings, skills, *refused):
            named = facts[0].problem is doctor.SkillProblem.NAME
            yield self.finding(
                entry.subject,
                _seen(entry, facts[0], "its name is no plain directory name" if named else "it leads out of its root"),
                remedy="rename the skill" if named else "copy the skill into the project instead of linking to it",
                pointer=entry.pointer,
                affects=affects,
                key=f"{entry.profile} {facts[0].name}",
            )


class SKL003(doctor.Check):
    """Every skill's file can be read, and its head parses.

    Harnesses list a skill by the name and the description in its head; without one they leave it out.
    """

    def run(self, bindings: Bindings, skills: Skills) -> Iterator[doctor.Finding]:
        """Fails when ``SKILL.md`` cannot be read, or its front matter is no YAML mapping.

        It is a warning when the file is empty or its head gives no description.
        """
        unusable = (doctor.SkillProblem.UNREADABLE, doctor.SkillProblem.FRONTMATTER)
        for entry, facts, affects in _broken(bindings, skills, *unusable):
            unreadable = facts[0].problem is doctor.SkillProblem.UNREADABLE
            head = "start it with a YAML block between --- lines that gives name and description"
            yield self.finding(
                entry.subject,
                _seen(entry, facts[0], "it cannot be read" if unreadable else "its front matter does not parse"),
                remedy=f"make {facts[0].path} a readable text file" if unreadable else head,
                pointer=entry.pointer,
                affects=affects,
                key=f"{entry.profile} {facts[0].name}",
            )
        told: set[str] = set()
        for entry, fact in _first_uses(bindings, skills):
            if not (fact.description or "").strip() and fact.path not in told:
                told.add(fact.path or "")
                yield self._undescribed(entry, fact)

    def _undescribed(self, entry: _Entry, fact: doctor.SkillFact) -> doctor.Finding:
        return self.finding(
            entry.subject,
            f"skill {shortened(fact.name)!r} has no description in {fact.path}; harnesses leave such a skill out",
            remedy=f"start {fact.path} with a YAML block between --- lines that gives name and description",
            pointer=entry.pointer,
            severity=doctor.Severity.WARNING,
            affects=(f"skill:{fact.name}",),
            key=f"{fact.name} description",
        )


def _seen(entry: _Entry, fact: doctor.SkillFact, wrong: str) -> str:
    name, detail = shortened(fact.name), fact.problem_detail or wrong
    if name != fact.name:
        detail = detail.replace(fact.name, name)
    return f"skill {name!r} of profile {entry.profile} cannot be used: {detail}"


def _first_uses(bindings: Bindings, skills: Skills) -> Iterator[tuple[_Entry, doctor.SkillFact]]:
    """Each usable skill of each harness, with the first entry that names it."""
    left = {key for key, fact in skills.items() if fact.problem is None and fact.path is not None}
    for entry in _entries(bindings, skills):
        for fact in entry.facts:
            if (fact.name, fact.runtime_id) in left:
                left.discard((fact.name, fact.runtime_id))
                yield entry, fact
        if not left:
            return


class SKL004(doctor.Check):
    """Every skill lies where the agent's harness looks for skills itself.

    The prompt names the skill's file, so the agent can read it all the same. But the harness does not list the
    skill, and does not bring it up again when a long conversation is cut.
    """

    severity = doctor.Severity.INFO

    def run(
        self, bindings: Bindings, skills: Skills, registry: doctor.Registry, context: doctor.HarnessContext
    ) -> Iterator[doctor.Finding]:
        """Reports a skill that is in none of the harness's own roots."""
        for entry, fact in _first_uses(bindings, skills):
            harness = registry.get(fact.runtime_id)
            if fact.seen_by_harness or harness is None:
                continue
            roots = harness.skill_roots(context)
            if any(_same_skill(root, fact) for root in roots):
                continue
            yield self.finding(
                entry.subject,
                f"{fact.runtime_id} does not look for skills where {fact.name} is ({fact.path}); "
                "the agent gets its path in the prompt only",
                remedy=_link(fact, roots, context) if roots else "nothing: this harness has no skills of its own",
                pointer=entry.pointer,
                affects=(f"skill:{fact.name}",),
                key=f"{fact.name} {fact.runtime_id}",
            )


def _same_skill(root: Path, fact: doctor.SkillFact) -> bool:
    """Whether the harness finds this very skill in ``root`` too, through a link."""
    return os.path.realpath(root / fact.name / "SKILL.md") == os.path.realpath(fact.path or "")


def _link(fact: doctor.SkillFact, roots: tuple[Path, ...], context: doctor.HarnessContext) -> str:
    """The command that makes a harness see a skill, in the project where it has a root there."""
    from shlex import quote  # noqa: PLC0415 - only a finding needs it

    root = next((each for each in roots if each.is_relative_to(context.project)), roots[0])
    directory = str(Path(fact.path or "").parent)
    return f"mkdir -p {quote(str(root))} && ln -s {quote(directory)} {quote(str(root / fact.name))}"


class SKL005(doctor.Check):
    """Every skill comes with the project.

    A skill from somebody's home directory is another one, or none, on the next machine. Copied into the project it
    is versioned with the policy.
    """

    severity = doctor.Severity.INFO

    def run(self, bindings: Bindings, skills: Skills, project: doctor.Project) -> Iterator[doctor.Finding]:
        """Reports each skill that was found outside of the project."""
        root = f"{str(project.root).rstrip('/')}/"
        outside: dict[str, tuple[_Entry, list[doctor.SkillFact]]] = {}
        for entry, fact in _first_uses(bindings, skills):
            if not (fact.path or "").startswith(root):
                outside.setdefault(fact.name, (entry, []))[1].append(fact)
        for name, (entry, facts) in outside.items():
            from checks.skill_copies import copies  # noqa: PLC0415 - only a finding needs it

            yield self.finding(
                entry.subject,
                f"skill {name} comes from {listed(dict.fromkeys(fact.path or '' for fact in facts))}, "
                "not from the project",
                remedy=_copy(facts[0], project),
                pointer=entry.pointer,
                affects=(f"skill:{name}",),
                key=name,
                fixable=copies(facts[0].name, Path(facts[0].path or ""), project.root) is not None,
            )

    def fix(
        self, finding: doctor.Finding, bindings: Bindings, skills: Skills, project: doctor.Project
    ) -> doctor.Fix | None:
        """Copies the skill's whole directory into the project.

        Not where a link in it leads out of it, nor where it has more than 500 files or 5 MiB. What begins with a dot
        stays behind.
        """
        from checks.skill_copies import as_fix, copies  # noqa: PLC0415 - only a finding needs it

        for _, fact in _first_uses(bindings, skills):
            if finding.affects == (f"skill:{fact.name}",) and fact.path and fact.path in finding.message:
                files = copies(fact.name, Path(fact.path), project.root)
                if files is None:
                    return None
                return self.repair(finding, f"copy the skill {fact.name} into the project", *map(as_fix, files))
        return None


def _copy(fact: doctor.SkillFact, project: doctor.Project) -> str:
    """The command that copies a skill into the project."""
    from shlex import quote  # noqa: PLC0415 - only a finding needs it

    target = project.root / ".metawsm" / "skills"
    directory = str(Path(fact.path or "").parent)
    return f"mkdir -p {quote(str(target))} && cp -r {quote(directory)} {quote(str(target / fact.name))}"


@doctor.hookimpl
def doctor_register_checks() -> list[type[doctor.Check]]:
    """The checks of this family."""
    return [SKL001, SKL002, SKL003, SKL004, SKL005]
