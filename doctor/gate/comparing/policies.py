"""What a change means for a policy, key by key."""

from collections.abc import Iterator
from typing import Any

from doctor.gate.comparing.order import Judged
from doctor.gate.comparing.policy_rules import RULES, UNKNOWN, group_of, leaves
from doctor.gate.comparing.values import Draft, canonical, shown
from doctor.model.comparison import Verdict
from doctor.model.policy import Policy


def policy_changes(before: Policy, after: Policy) -> Iterator[Draft]:
    """What changes in each key of the policy that is not about one agent."""
    was, now = (dict(leaves(policy)) for policy in (before, after))
    for path in [*was, *(path for path in now if path not in was)]:
        values = (was.get(path), now.get(path))
        judged = RULES.get(path, UNKNOWN)(*values)
        if judged.verdict is Verdict.EQUAL and values[0] != values[1] and not _is_set(values):
            judged = Judged(Verdict.DIFFERENT, "written otherwise")
        yield Draft(
            subject="policy",
            field=path,
            group=group_of(path),
            before=shown(values[0]),
            after=shown(values[1]),
            judged=judged,
            pointer="/" + path.replace(".", "/"),
            identity=(canonical(values[0]), canonical(values[1])),
        )


def _is_set(values: tuple[Any, Any]) -> bool:
    """Whether two lists hold the same, in another order or with something twice."""
    return all(isinstance(value, tuple) for value in values) and set(values[0]) == set(values[1])
