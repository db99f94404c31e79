"""TKT: the tools for tickets, workspaces and pull requests are there when the policy needs them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import doctor

Tools = Callable[[str], doctor.ProgramFact]

TICKET_SKILL = "docmgr"
"""Name of the skill that tells an agent to work with docmgr."""


def _written(policy_file: doctor.Loaded[doctor.Policy]) -> Mapping[str, Any]:
    """The policy as it is written, without defaults; empty for the embedded default."""
    data = policy_file.document.data if policy_file.document else {}
    return data if isinstance(data, dict) else {}


def _missing(check: doctor.Check, name: str, need: tuple[str, str] | None, tools: Tools) -> Iterator[doctor.Finding]:
    """A finding when ``need`` (a pointer and a reason) is there and the tool is not."""
    if need is not None and not tools(name).found:
        pointer, reason = need
        yield check.finding(
            name,
            f"{name} was not found on PATH; {reason}",
            remedy=f"install {name} and put it on PATH",
            pointer=pointer,
        )


class TKT001(doctor.Check):
    """docmgr is there when the policy works with its tickets.

    A policy does so when an agent's profile has the skill `docmgr`, when it names document servers, or when it asks
    for `docs.seed_mode` copy_from_repo_on_start itself (the default alone asks for nothing).
    """

    severity = doctor.Severity.WARNING
    reads = ("process",)

    def run(
        self, policy: doctor.Policy, policy_file: doctor.Loaded[doctor.Policy], tools: Tools
    ) -> Iterator[doctor.Finding]:
        """Fails when docmgr is needed and not on PATH."""
        yield from _missing(self, "docmgr", _docmgr_need(policy, _written(policy_file)), tools)


def _docmgr_need(policy: doctor.Policy, written: Mapping[str, Any]) -> tuple[str, str] | None:
    for index, profile in enumerate(policy.agent_profiles):
        if TICKET_SKILL in profile.skills:
            place = doctor.pointer("agent_profiles", index, "skills", profile.skills.index(TICKET_SKILL))
            return place, f"profile {profile.name} has the skill {TICKET_SKILL}"
    for name in ("workspace_endpoints", "repo_endpoints"):
        if getattr(policy.docs.api, name):
            return doctor.pointer("docs", "api", name), f"the policy names document servers in docs.api.{name}"
    docs = written.get("docs")
    if isinstance(docs, dict) and docs.get("seed_mode") == "copy_from_repo_on_start":
        return doctor.pointer("docs", "seed_mode"), "docs.seed_mode copies tickets into workspaces"
    return None


class TKT002(doctor.Check):
    """wsm is there when the policy makes workspaces.

    A policy does so when it has a `workspace` section of its own.
    """

    severity = doctor.Severity.WARNING
    reads = ("process",)

    def run(self, policy_file: doctor.Loaded[doctor.Policy], tools: Tools) -> Iterator[doctor.Finding]:
        """Fails when wsm is needed and not on PATH."""
        need = (doctor.pointer("workspace"), "the policy says how workspaces are made")
        yield from _missing(self, "wsm", need if "workspace" in _written(policy_file) else None, tools)


class TKT003(doctor.Check):
    """gh is there when the policy opens pull requests.

    A policy does so when it has a `git_pr` section of its own whose mode is not `off`.
    """

    severity = doctor.Severity.WARNING
    reads = ("process",)

    def run(
        self, policy: doctor.Policy, policy_file: doctor.Loaded[doctor.Policy], tools: Tools
    ) -> Iterator[doctor.Finding]:
        """Fails when gh is needed and not on PATH."""
        wanted = "git_pr" in _written(policy_file) and policy.git_pr.mode != "off"
        need = (doctor.pointer("git_pr"), f"git_pr.mode is {policy.git_pr.mode}")
        yield from _missing(self, "gh", need if wanted else None, tools)


@doctor.hookimpl
def doctor_register_checks() -> list[type[doctor.Check]]:
    """The checks of this family."""
    return [TKT001, TKT002, TKT003]
