"""The rule of every key of the policy that is not about one agent; ``reference/compare.md`` lists them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any

from doctor.gate.comparing.commands import judge_command, judge_commands
from doctor.gate.comparing.order import (
    NOTHING,
    Judged,
    Rule,
    chain,
    different,
    freedom_set,
    number,
    restriction_set,
    switch,
    worst,
)
from doctor.gate.comparing.variables import judge_urls
from doctor.gate.comparing.versions import judge_versions
from doctor.model.comparison import Verdict
from doctor.model.policy import DocEndpoint, Ignore, RuntimeProfile

_NAMES = different("it is called otherwise")
_LIMIT = different("another limit; nothing more is allowed")
_PLACE = different("it happens elsewhere")
_BY_ITSELF = {"looser": "it does more by itself", "stricter": "it does less by itself"}
_OFTEN = {"looser": "it may happen more often by itself", "stricter": "it may happen less often by itself"}
_MODES = chain(("off", "assist", "auto"), **_BY_ITSELF)


def _doc_endpoints(before: Sequence[DocEndpoint], after: Sequence[DocEndpoint]) -> Judged:
    """Document servers by name; their order is that in which they are asked."""
    was, now = ({each.name: each for each in every} for every in (before, after))
    parts = []
    for name in [*was, *(name for name in now if name not in was)]:
        old, new = was.get(name), now.get(name)
        for key in ("base_url", "web_url"):
            urls = [getattr(each, key) if each else None for each in (old, new)]
            parts.append(judge_urls(urls[0], urls[1], what=f"{name} {key}"))
        if old != new:
            parts.append(Judged(Verdict.DIFFERENT, f"{name} is another server"))
    if before != after:
        parts.append(Judged(Verdict.DIFFERENT, "other servers, or asked in another order"))
    return worst(parts)


def _allowed_repos(before: Sequence[str], after: Sequence[str]) -> Judged:
    """An empty list allows every repository."""
    if set(before) == set(after):
        return NOTHING
    if not after:
        return Judged(Verdict.LOOSER, "every repository is allowed now")
    if not before:
        return Judged(Verdict.STRICTER, "only some repositories are allowed now")
    return freedom_set(more="more repositories are allowed", fewer="no longer allowed")(before, after)


def _reviewers(before: Sequence[str], after: Sequence[str]) -> Judged:
    if set(before) == set(after):
        return NOTHING
    if not after:
        return Judged(Verdict.LOOSER, "nobody is asked to review any more")
    if not before:
        return Judged(Verdict.STRICTER, "somebody is asked to review now")
    return Judged(Verdict.DIFFERENT, "others are asked to review")


def _test_commands(before: Sequence[str], after: Sequence[str]) -> Judged:
    """Each has to pass, and each is run."""
    if list(before) == list(after):
        return NOTHING
    gates = restriction_set(more="more has to pass", fewer="no longer has to pass")(before, after)
    return worst([gates, judge_commands(before, after), Judged(Verdict.DIFFERENT, "other commands run the tests")])


def _ignores(before: Mapping[str, Ignore], after: Mapping[str, Ignore]) -> Judged:
    """Findings that are set aside: a family covers its codes, and an entry without a date holds for ever."""
    parts = []
    for code in [*before, *(code for code in after if code not in before)]:
        was, now = (_holds_until(code, every) for every in (before, after))
        if now > was:
            words = "is set aside" if was == _NEVER else "is set aside for longer"
            parts.append(Judged(Verdict.LOOSER, f"{code} {words}"))
        elif now < was:
            words = "counts again" if now == _NEVER else "is set aside for less long"
            parts.append(Judged(Verdict.STRICTER, f"{code} {words}"))
        elif code in before and code in after and before[code] != after[code]:
            parts.append(Judged(Verdict.DIFFERENT, f"{code} is set aside in other words"))
    return worst(parts)


_NEVER, _ALWAYS = "", "~"
"""Before and behind every day."""


def _holds_until(code: str, ignores: Mapping[str, Ignore]) -> str:
    """The last day on which a code is set aside, by its own entry or by its family's."""
    entries = (ignores[each] for each in dict.fromkeys((code, code[:3])) if each in ignores)
    return max((_last_day(each.until) for each in entries), default=_NEVER)


def _last_day(until: str | None) -> str:
    if until is None:
        return _ALWAYS
    try:
        return date.fromisoformat(until).isoformat()
    except ValueError:
        return _NEVER


def _required_versions(before: Mapping[str, str], after: Mapping[str, str]) -> Judged:
    harnesses = [*before, *(name for name in after if name not in before)]
    return worst(judge_versions(name, before.get(name), after.get(name)) for name in harnesses)


def _backend_profile(before: str | None, after: str | None) -> Judged:
    """A profile of the harness's own, on whatever machine it starts."""
    if before == after:
        return NOTHING
    if after is None:
        return Judged(Verdict.DIFFERENT, "it starts without a profile of its own")
    return Judged(Verdict.LOOSER, "the harness may start with another profile of its own, which may hold anything")


def _socket(before: str, after: str) -> Judged:
    """The server that tmux uses where none is named is everybody's."""
    if before == after:
        return NOTHING
    if after == _SHARED_SOCKET:
        return Judged(Verdict.LOOSER, "sessions run on the tmux server that everything else uses too")
    return Judged(Verdict.DIFFERENT, "sessions run on another tmux server")


_SHARED_SOCKET = "default"


def _session_pattern(before: str, after: str) -> Judged:
    """Each placeholder keeps sessions apart."""
    if before == after:
        return NOTHING
    was, now = ([word for word in ("{agent}", "{workspace}") if word in each] for each in (before, after))
    apart = restriction_set(more="keeps sessions apart now", fewer="no longer keeps sessions apart")(was, now)
    return worst([apart, Judged(Verdict.DIFFERENT, "it is called otherwise")])


def _patterns(before: Sequence[str], after: Sequence[str]) -> Judged:
    """Every pattern forbids something, but for one that takes back what others forbid."""
    plain, negated = (
        [[each for each in every if _negates(each) is kind] for every in (before, after)] for kind in (False, True)
    )
    parts = [
        restriction_set(more="forbidden now", fewer="no longer forbidden")(*plain),
        freedom_set(more="may take back what is forbidden", fewer="takes nothing back any more")(*negated),
    ]
    if any(negated) and list(before) != list(after) and set(before) == set(after):
        parts.append(Judged(Verdict.LOOSER, "what is taken back depends on the order, which is another one"))
    return worst(parts)


def _negates(pattern: str) -> bool:
    return pattern.lstrip().startswith("!")


def _redis(before: str, after: str) -> Judged:
    return judge_urls(before, after, what="the forum's server")


RULES: Mapping[str, Rule] = {
    "$schema": different("another schema for editors"),
    "version": different("another schema version"),
    "workspace.default_strategy": different("workspaces are made otherwise"),
    "workspace.branch_prefix": _NAMES,
    "workspace.base_branch": different("workspaces start from another branch"),
    "tmux.session_pattern": _session_pattern,
    "tmux.socket": _socket,
    "docs.authority_mode": different("another copy of the documents counts"),
    "docs.seed_mode": different("workspaces get their documents otherwise"),
    "docs.stale_warning_seconds": _LIMIT,
    "docs.api.workspace_endpoints": _doc_endpoints,
    "docs.api.repo_endpoints": _doc_endpoints,
    "docs.api.request_timeout_seconds": _LIMIT,
    "health.idle_seconds": _LIMIT,
    "health.activity_stalled_seconds": _LIMIT,
    "health.progress_stalled_seconds": _LIMIT,
    "operator.unhealthy_confirmations": number(
        more_is_looser=False, looser="it acts on less evidence", stricter="it acts on more evidence"
    ),
    "operator.restart_budget": number(more_is_looser=True, **_OFTEN),
    "operator.restart_cooldown_seconds": _LIMIT,
    "operator.stale_run_age_seconds": _LIMIT,
    "operator.llm.mode": _MODES,
    "operator.llm.command": judge_command,
    "operator.llm.model": different("another model is asked"),
    "operator.llm.timeout_seconds": _LIMIT,
    "operator.llm.max_tokens": _LIMIT,
    "forum.enabled": different("agents can, or can no longer, ask people"),
    "forum.topics.command_prefix": _PLACE,
    "forum.topics.event_prefix": _PLACE,
    "forum.topics.integration_prefix": _PLACE,
    "forum.redis.url": _redis,
    "forum.redis.stream": _PLACE,
    "forum.redis.group": _PLACE,
    "forum.redis.consumer": _NAMES,
    "forum.sla.escalation_minutes": _LIMIT,
    "forum.docs_sync.enabled": different("threads are copied into documents, or no longer"),
    "git_pr.mode": _MODES,
    "git_pr.credential_mode": different("other credentials are used"),
    "git_pr.branch_template": _NAMES,
    "git_pr.require_all": switch(
        on_is_looser=False, looser="one passing check is enough", stricter="every required check must pass"
    ),
    "git_pr.required_checks": restriction_set(more="required now", fewer="no longer required"),
    "git_pr.test_commands": _test_commands,
    "git_pr.forbidden_file_patterns": _patterns,
    "git_pr.allowed_repos": _allowed_repos,
    "git_pr.default_labels": different("other labels"),
    "git_pr.default_reviewers": _reviewers,
    "git_pr.review_feedback.enabled": switch(
        on_is_looser=True, looser="comments reach agents by themselves", stricter="comments reach agents no longer"
    ),
    "git_pr.review_feedback.mode": chain(("assist", "auto"), **_BY_ITSELF),
    "git_pr.review_feedback.include_review_comments": different("other comments are read"),
    "git_pr.review_feedback.ignore_authors": restriction_set(more="no longer heard", fewer="heard again"),
    "git_pr.review_feedback.max_items_per_sync": number(more_is_looser=True, **_OFTEN),
    "git_pr.review_feedback.auto_dispatch_cap_per_interval": number(more_is_looser=True, **_OFTEN),
    "execution.step_retries": number(more_is_looser=True, **_OFTEN),
    "close.require_clean_git": switch(
        on_is_looser=False,
        looser="a run may be closed with work that is not committed",
        stricter="a run is closed with a clean workspace only",
    ),
    "orchestrator.runtime_backend": different("another harness unless a stage says otherwise"),
    "orchestrator.runtime_profile.backend_profile": _backend_profile,
    "orchestrator.runtime_profile.default": different("another harness for the stages that none is named for"),
    "orchestrator.runtime_profile.stages": different("another harness for a stage"),
    "doctor.ignore": _ignores,
    "doctor.fail_on": chain(
        ("info", "warning", "error"), looser="findings that failed pass now", stricter="findings that passed fail now"
    ),
    "doctor.harness": _required_versions,
}
"""By path. A path that is missing here counts as ``different``, so a key that is new is never taken for harmless."""

UNKNOWN = different("nothing is known of what this key does")

OF_AGENTS = frozenset({"agent_profiles", "agents"})
"""Keys that are compared agent by agent."""

GROUPS: Mapping[str, str] = {
    "doctor.ignore": "ignore",
    "doctor.fail_on": "fail_on",
    "doctor.harness": "versions",
    "docs.api.workspace_endpoints": "docs",
    "orchestrator.runtime_profile.stages": "harness",
    "orchestrator.runtime_profile.default": "harness",
    "orchestrator.runtime_backend": "harness",
}
"""What ``--deny`` calls a key, where that is not the path's first part."""


def group_of(path: str) -> str:
    """What ``--deny`` calls a key of the policy."""
    return GROUPS.get(path, path.partition(".")[0])


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a policy that is no object itself, with its path as it is written in the file."""
    for member in fields(value):
        name = member.metadata.get("name", member.name)
        inner, where = getattr(value, member.name), f"{path}.{name}" if path else name
        if where in OF_AGENTS:
            continue
        if inner is None and where == "orchestrator.runtime_profile":
            inner = RuntimeProfile()
        if is_dataclass(inner):
            yield from leaves(inner, where)
        else:
            yield where, inner
