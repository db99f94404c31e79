"""What an agent may do without asking: permissions, sandbox, network, and what its arguments say besides."""

from collections.abc import Iterator

from doctor.gate.comparing.meaning import AgentMeaning
from doctor.gate.comparing.order import NOTHING, Judged, chain, freedoms, restrictions, worst
from doctor.gate.comparing.pairs import Pair, Words
from doctor.gate.comparing.values import Draft
from doctor.harness.base import Dial
from doctor.model.comparison import Verdict
from doctor.model.location import pointer

_TURNED = {
    "permissions": ("more is done without asking", "less is done without asking"),
    "sandbox": ("the sandbox is wider", "the sandbox is narrower"),
    "network": ("the network may be used", "the network may no longer be used"),
}
"""What moving a dial up does, and moving it down."""


def freedom_changes(pair: Pair) -> Iterator[Draft]:
    """Permissions, sandbox and network, each as one place in its order; and what is granted outright."""
    before, after = pair.before, pair.after
    same = before.harness is not None and after.harness is not None and before.harness.id == after.harness.id
    dials = {dial.name: dial for dial in after.harness.dials} if after.harness and same else {}
    for name in _TURNED:
        steps = (before.read.steps.get(name), after.read.steps.get(name))
        judged = _turned(dials[name], steps) if name in dials else NOTHING
        if name == "sandbox" and not same:
            judged = _confined(pair)
        if name == "permissions":
            judged = worst([judged, _granted(pair, same=same)])
            steps = pair.both(_permissions)
        yield pair.draft(name, steps, judged, at=_place(name, pair))


def _turned(dial: Dial, steps: Words) -> Judged:
    more, less = _TURNED[dial.name]
    names = f"{steps[0]} before, {steps[1]} after"
    return chain(dial.steps, looser=f"{more}: {names}", stricter=f"{less}: {names}")(*steps)


def _confined(pair: Pair) -> Judged:
    """Another harness, with another sandbox or none. Of two that can be written in, neither is narrower."""
    was, now = pair.both(_is_confined)
    if was and not now:
        title = pair.after.harness.title if pair.after.harness else "it"
        return Judged(Verdict.LOOSER, f"it ran in a sandbox, and {title} runs in none")
    if now and not _reads_only(pair.after) and _reads_only(pair.before):
        return Judged(Verdict.LOOSER, "its sandbox was read-only, and the other harness's is not")
    return Judged(Verdict.STRICTER, "it runs in a sandbox now") if now and not was else NOTHING


def _is_confined(agent: AgentMeaning) -> bool:
    dial = next((dial for dial in agent.harness.dials if dial.name == "sandbox"), None) if agent.harness else None
    return dial is not None and agent.read.steps.get("sandbox") in dial.steps[:-1]


def _reads_only(agent: AgentMeaning) -> bool:
    return agent.read.steps.get("sandbox") == "read-only"


def _granted(pair: Pair, *, same: bool) -> Judged:
    """What may be done without asking, in the adapter's words. Those of two harnesses are not the same words."""
    was, now = pair.both(_grants)
    if same:
        granted = freedoms(was, now, more="approvals bypassed", fewer="no longer without asking")
        flags = pair.both(lambda agent: agent.read.bypasses)
        by_flag = freedoms(*flags, more="approvals bypassed by", fewer="no longer given")
        return granted if granted is not NOTHING else by_flag
    if now and not was:
        return Judged(Verdict.LOOSER, f"approvals bypassed: {'; '.join(now)}")
    if was and not now:
        return Judged(Verdict.STRICTER, "it asks again")
    bold = pair.both(_boldness)
    if bold[1] > bold[0]:
        return Judged(Verdict.LOOSER, "more is done without asking, or less is asked for, than before")
    return Judged(Verdict.DIFFERENT, "another harness, which asks in its own way") if now != was else NOTHING


def _grants(agent: AgentMeaning) -> tuple[str, ...]:
    return agent.launch.grants if agent.launch else ()


def _boldness(agent: AgentMeaning) -> int:
    """Whether an agent asks less (1), as much (0) or more (-1) than a harness that asks before it does something."""
    if agent.harness is not None and agent.harness.acts_freely:
        return 1
    dial = next((dial for dial in agent.harness.dials if dial.name == "permissions"), None) if agent.harness else None
    step = agent.read.steps.get("permissions")
    if dial is None or step is None or step == dial.unset:
        return 0
    return 1 if step not in dial.steps or dial.steps.index(step) > dial.steps.index(dial.unset) else -1


def is_bold(agent: AgentMeaning) -> bool:
    """Whether an agent does without asking what its harness would ask for, or asks for nothing at all."""
    return bool(_grants(agent) or agent.read.bypasses) or _boldness(agent) > 0


def _permissions(agent: AgentMeaning) -> str | None:
    """The permission mode with what is granted outright."""
    words = [each for each in (agent.read.steps.get("permissions"), *agent.read.bypasses, *_grants(agent)) if each]
    return "; ".join(dict.fromkeys(words)) or None


def _place(name: str, pair: Pair) -> str:
    """The option that a reader has to look at."""
    options = pair.after.options
    if name == "permissions" and options.permission_mode:
        return "/runner_options/permission_mode"
    if name == "sandbox" and options.full_auto is not None:
        return "/runner_options/full_auto"
    return _first_argument(pair)


def argument_changes(pair: Pair) -> Iterator[Draft]:
    """Arguments whose meaning nobody here knows."""
    was, now = pair.both(lambda agent: agent.read)
    judged = worst(
        [
            freedoms(was.free, now.free, more="extra arguments added", fewer="extra arguments removed"),
            restrictions(
                was.strict, now.strict, more="may forbid more", fewer="removed, and may have forbidden something"
            ),
        ]
    )
    if was.free != now.free and judged is NOTHING:
        judged = Judged(Verdict.DIFFERENT, "the same arguments in another order, or one of them twice")
    values = (" ".join(was.free) or None, " ".join(now.free) or None)
    yield pair.draft("arguments", values, judged, at=_first_argument(pair))


def _first_argument(pair: Pair) -> str:
    """The first argument that was not there, or all of them."""
    was, now = pair.both(lambda agent: agent.options.extra_args)
    new = [index for index, argument in enumerate(now) if argument not in was]
    return pointer("runner_options", "extra_args", *new[:1])
