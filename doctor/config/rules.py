"""The rules of a policy that are about more than one value.

They are applied to whatever part of the policy is well-typed, so that they and the problems of single values come
out in one pass. What a value that could not be read might have been is never guessed: a rule that would need it
stays silent.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from doctor.config.issues import Issues
from doctor.config.leaves import Vocabulary
from doctor.config.typed import BAD
from doctor.config.words import listed, quoted
from doctor.model.harness import RunnerSpec
from doctor.model.policy import Agent, AgentProfile, DocEndpoint, DoctorSettings, Health, Policy

T = TypeVar("T")


def policy_rules(policy: Policy, data: Any, words: Vocabulary, issues: Issues) -> None:
    """Apply every rule to a policy that was read from ``data``."""
    _unique(policy.agent_profiles, "agent_profiles", issues)
    _unique(policy.agents, "agents", issues)
    _profiles_exist(policy, data, words, issues)
    _runner_options(policy, data, words, issues)
    _health(policy.health, issues)
    _doc_endpoints(policy, issues)
    _review_feedback(policy, issues)
    _ignores(policy.doctor, issues)
    _required_versions(policy.doctor, data, issues)


def _good(items: tuple[T, ...]) -> Iterator[tuple[int, T]]:
    """The readable ones of a list, with their indices."""
    return ((index, item) for index, item in enumerate(items or ()) if item is not BAD)


def _unique(items: tuple[AgentProfile | Agent, ...], where: str, issues: Issues) -> None:
    first: dict[str, int] = {}
    for index, item in _good(items):
        if item.name is not BAD and first.setdefault(item.name, index) != index:
            message = f"the name {quoted(item.name)} is taken by {where}[{first[item.name]}]"
            issues.add("value", message, where, index, "name", remedy="give it a name of its own")


def _profiles_exist(policy: Policy, data: Any, words: Vocabulary, issues: Issues) -> None:
    if policy.agent_profiles is BAD or any(p is BAD or p.name is BAD for p in policy.agent_profiles):
        return
    known = {profile.name: profile for profile in policy.agent_profiles}
    if "agents" not in data and policy.agents[0].profile not in known:
        message = f"without agents there is one that uses {quoted(policy.agents[0].profile)}, which is no profile here"
        issues.add("reference", message, "agents", remedy=f"add agents; profiles: {listed(known)}")
        return
    for index, agent in _good(policy.agents):
        if agent.profile is not BAD and agent.profile not in known:
            message = f"no agent profile is called {quoted(agent.profile)}"
            remedy = words.remedy(agent.profile, known, kind="profile")
            issues.add("reference", message, "agents", index, "profile", remedy=remedy)


def _runner_options(policy: Policy, data: Any, words: Vocabulary, issues: Issues) -> None:
    written = data.get("agent_profiles")
    for index, profile in _good(policy.agent_profiles):
        if profile.runner is BAD or written is None:
            continue
        before = len(issues)
        options = written[index].get("runner_options")
        _options_taken(profile, options if isinstance(options, dict) else {}, words, issues)
        _needed(profile, words.runners.spec(profile.runner), issues)
        if len(issues) != before:
            issues.lift(before, index)
            issues.lift(before, "agent_profiles")


def _options_taken(profile: AgentProfile, written: Mapping[str, Any], words: Vocabulary, issues: Issues) -> None:
    spec = words.runners.spec(profile.runner)
    for option in written:
        takers = words.runners.takers(option) if spec is None or option not in spec.options else (spec.id,)
        if takers and spec is not None and spec.id not in takers:
            message = f"the runner {spec.id} does not take {quoted(option)}"
            remedy = f"{spec.id} takes: {listed(spec.options) or 'nothing'}; {option} is for: {listed(takers)}"
            issues.add("unknown-key", message, "runner_options", option, remedy=remedy, at_key=True)
    if profile.runner_options is not BAD:
        _options_chosen(profile, (spec,) if spec is not None else words.runners.specs, words, issues)


def _options_chosen(profile: AgentProfile, specs: tuple[RunnerSpec, ...], words: Vocabulary, issues: Issues) -> None:
    """Values of an option that its runner has a closed set of; for ``auto``, that no runner has."""
    for option in {option for spec in specs for option in spec.choices}:
        value = getattr(profile.runner_options, option, None)
        takers = [spec for spec in specs if option in spec.options]
        known = dict.fromkeys(choice for spec in takers for choice in spec.choices.get(option, ()))
        closed = bool(takers) and all(option in spec.choices for spec in takers)
        if isinstance(value, str) and closed and value not in known:
            message = f"expected one of {listed(known)}, found the string {quoted(value)}"
            issues.add("value", message, "runner_options", option, remedy=words.remedy(value, known))


def _needed(profile: AgentProfile, spec: RunnerSpec | None, issues: Issues) -> None:
    """What a runner cannot do without."""
    if spec is None:
        return
    if spec.needs_prompt and profile.base_prompt is not BAD and not profile.base_prompt.strip():
        message = f"the runner {spec.id} needs a prompt, and base_prompt is blank"
        issues.add("value", message, "base_prompt", remedy="say in base_prompt what the agent is to do")
    options = profile.runner_options
    if "command" not in spec.options or options is BAD or options.command is BAD:
        return
    if not (options.command or "").strip():
        message = f"the runner {spec.id} needs runner_options.command"
        issues.add("value", message, "runner_options", "command", remedy='set it, for example to "bash"')


def _health(health: Health, issues: Issues) -> None:
    if health is BAD or health.idle_seconds is BAD or health.activity_stalled_seconds is BAD:
        return
    if health.activity_stalled_seconds < health.idle_seconds:
        message = (
            f"an agent would be stalled after {health.activity_stalled_seconds} s, "
            f"before it counts as idle after {health.idle_seconds} s"
        )
        remedy = "make activity_stalled_seconds at least idle_seconds"
        issues.add("value", message, "health", "activity_stalled_seconds", remedy=remedy)


def _doc_endpoints(policy: Policy, issues: Issues) -> None:
    if policy.docs is BAD or policy.docs.api is BAD:
        return
    api = policy.docs.api
    first: dict[str, str] = {}
    lists = (("workspace_endpoints", api.workspace_endpoints), ("repo_endpoints", api.repo_endpoints))
    for where, endpoints in lists:
        for index, endpoint in _good(endpoints):
            path = ("docs", "api", where, index)
            _endpoint_name(endpoint, path, first, issues)
            if where == "workspace_endpoints" and _is_blank(endpoint.workspace):
                remedy = "name its workspace, or move it to repo_endpoints"
                issues.add("value", "a workspace endpoint needs a workspace", *path, "workspace", remedy=remedy)


def _endpoint_name(endpoint: DocEndpoint, path: tuple[str | int, ...], first: dict[str, str], issues: Issues) -> None:
    here = f"{path[2]}[{path[3]}]"
    if endpoint.name is not BAD and first.setdefault(endpoint.name, here) != here:
        message = f"the name {quoted(endpoint.name)} is taken by docs.api.{first[endpoint.name]}"
        issues.add("value", message, *path, "name", remedy="names are unique over both lists; choose another")


def _is_blank(text: str | None) -> bool:
    return text is not BAD and not (text or "").strip()


def _review_feedback(policy: Policy, issues: Issues) -> None:
    if policy.git_pr is BAD or policy.git_pr.review_feedback is BAD:
        return
    if policy.git_pr.review_feedback.include_review_comments is False:
        path = ("git_pr", "review_feedback", "include_review_comments")
        issues.add("value", "expected true, found false", *path, remedy="to leave them out, set `enabled` to false")


def _ignores(settings: DoctorSettings, issues: Issues) -> None:
    if settings is BAD or settings.ignore is BAD:
        return
    for code, ignore in settings.ignore.items():
        until = ignore.until if ignore is not BAD else None
        if until is not BAD and until is not None and not _is_day(until):
            message = f"the calendar has no day {until}"
            issues.add("value", message, "doctor", "ignore", code, "until", remedy="write it like 2027-01-31")


def _is_day(text: str) -> bool:
    from datetime import date  # noqa: PLC0415 - few policies have dates

    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _required_versions(settings: DoctorSettings, data: Any, issues: Issues) -> None:
    if settings is BAD or not settings.harness:
        return
    for spelling, text in data["doctor"]["harness"].items():
        if isinstance(text, str) and text.strip() and not _is_specifier(text):
            message = f"{quoted(text)} is no version requirement"
            issues.add("value", message, "doctor", "harness", spelling, remedy="write it like >=0.160,<1")


def _is_specifier(text: str) -> bool:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415 - few policies require versions

    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return False
    return True
