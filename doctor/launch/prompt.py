"""What an agent is told: its base prompt, its task, its ticket and its skills, as one text."""

from collections.abc import Iterable, Sequence

from doctor.model.harness import SkillFact

SKILLS = "Read each of these skills before you need it, by its path:"


def compose(
    *, base: str = "", task: str | None = None, ticket: str | None = None, skills: Sequence[SkillFact] = ()
) -> str:
    """The whole prompt.

    One part alone stands exactly as it was given, byte for byte. Several follow each other, a blank line between them,
    in this order.

    Args:
        base: The agent profile's base prompt.
        task: What to do this time.
        ticket: Name of the ticket that the work belongs to.
        skills: Skills to read; those without a path are left out.
    """
    parts = (base, task, ticket_context(ticket) if ticket else None, skills_guidance(skills))
    return _joined([part for part in parts if part])


def ticket_context(ticket: str) -> str:
    """The sentence that tells an agent its ticket."""
    return f"This work belongs to ticket {ticket}."


def skills_guidance(skills: Iterable[SkillFact]) -> str | None:
    """Which skills to read, where they are, and why; ``None`` where there are none."""
    lines = [_skill(skill) for skill in skills if skill.path is not None]
    return "\n".join((SKILLS, *lines)) if lines else None


def _skill(skill: SkillFact) -> str:
    why = " ".join((skill.description or "").split())
    return f"- {skill.name} ({skill.path})" + (f": {why}" if why else "")


def _joined(parts: Sequence[str]) -> str:
    """The parts with exactly one blank line between them; where the whole begins and ends, nothing is taken away."""
    text = ""
    for part in parts:
        text = f"{text.rstrip(_ENDS)}\n\n{part.lstrip(_ENDS)}" if text else part
    return text


_ENDS = "\r\n"
