"""AGP: each agent profile gives the harness that runs it something it can work with."""

import os
import re
from collections.abc import Iterable, Iterator

import doctor
from checks.uses import adapter, agent_tags, agents, launches, listed, merged, shortened

Bindings = tuple[doctor.Binding, ...]

LONGEST_ARGUMENT = 131_072
"""Bytes, the closing NUL included, that Linux allows one argument (MAX_ARG_STRLEN, 32 pages of 4 KiB)."""

LONGEST_SESSION = 200
"""Characters of a session name; more does not fit into what tmux shows and makes of it."""

SESSION_NAME = re.compile(r"\w[\w-]*")
"""What tmux neither changes nor gives a meaning: formats, targets such as `=name` or `@1`, and flags all fail it."""

SHELL_COMMAND = "command"
"""The option that a harness without a prompt needs instead."""


def _by_profile(bindings: Iterable[doctor.Binding]) -> dict[tuple[int, str | None], list[doctor.Binding]]:
    """The agents by (profile index, runtime id)."""
    groups: dict[tuple[int, str | None], list[doctor.Binding]] = {}
    for binding in bindings:
        groups.setdefault((binding.profile_index, binding.runtime.value), []).append(binding)
    return groups


class AGP001(doctor.Check):
    """Every profile has a base prompt where the harness needs one.

    A stage map can bring a profile that was written for a shell to a harness that has nothing to do without a
    prompt.
    """

    def run(self, policy: doctor.Policy, bindings: Bindings, registry: doctor.Registry) -> Iterator[doctor.Finding]:
        """Fails when the prompt is blank and the harness chosen for the agent needs one."""
        blank = {index for index, profile in enumerate(policy.agent_profiles) if not profile.base_prompt.strip()}
        for (index, runtime), group in _by_profile(each for each in bindings if each.profile_index in blank).items():
            harness = adapter(registry, runtime)
            if harness is not None and harness.needs_prompt:
                yield self.finding(
                    f"agent_profiles[{index}].base_prompt",
                    f"profile {group[0].profile} has a blank base_prompt; {runtime}, which runs {agents(group)} "
                    f"(from {group[0].runtime.source}), needs one",
                    remedy="write a base_prompt, or let another harness run it",
                    pointer=doctor.pointer("agent_profiles", index, "base_prompt"),
                    affects=agent_tags(group),
                    key=f"{group[0].profile} {runtime}",
                )


class AGP002(doctor.Check):
    """Every prompt fits into one argument of a command.

    Linux allows one argument 128 KiB. A longer prompt is handed over in a file or on standard input instead, which
    not every harness takes, and which is more than most models read with care.
    """

    severity = doctor.Severity.WARNING

    def run(self, policy: doctor.Policy) -> Iterator[doctor.Finding]:
        """Fails when a base prompt is 128 KiB or longer in UTF-8."""
        for index, profile in enumerate(policy.agent_profiles):
            # No character takes more than four bytes, so most prompts need not be encoded to know.
            if len(profile.base_prompt) * 4 < LONGEST_ARGUMENT:
                continue
            size = len(profile.base_prompt.encode("utf-8", "surrogatepass"))
            if size >= LONGEST_ARGUMENT:
                yield self.finding(
                    f"agent_profiles[{index}].base_prompt",
                    f"profile {profile.name} has a base_prompt of {size} bytes; one argument holds "
                    f"{LONGEST_ARGUMENT - 1}, so it is handed over in a file or on standard input",
                    remedy="move the details into a skill, which is read when it is needed",
                    pointer=doctor.pointer("agent_profiles", index, "base_prompt"),
                    affects=(f"profile:{profile.name}",),
                )


class AGP003(doctor.Check):
    """Every option of a profile reaches the harness that runs it.

    Options are written for the profile's own harness. Where a stage map brings another one, they mean nothing to
    it and are left out.
    """

    severity = doctor.Severity.WARNING

    def run(self, bindings: Bindings) -> Iterator[doctor.Finding]:
        """Fails when ``runner_options`` are left out because another harness than the profile's runs the agent."""
        for (index, runtime), group in _by_profile(each for each in bindings if each.dropped_options).items():
            first = group[0]
            yield self.finding(
                f"agent_profiles[{index}].runner_options",
                f"{listed(first.dropped_options, limit=8)} of profile {first.profile} "
                f"mean{'s' if len(first.dropped_options) == 1 else ''} nothing to {runtime}, "
                f"which runs {agents(group)} (from {first.runtime.source})",
                remedy=f"give {agents(group)} a profile of its own for {runtime}, or change the stage map",
                pointer=doctor.pointer("agent_profiles", index, "runner_options"),
                affects=agent_tags(group),
                key=f"{first.profile} {runtime}",
            )


class AGP004(doctor.Check):
    """Every agent has a harness.

    A profile with `runner: auto` runs on the harness that the active named profile's model belongs to. Without one
    there is nothing to choose by, and guessing would start something nobody asked for.
    """

    def run(self, bindings: Bindings) -> Iterator[doctor.Finding]:
        """Fails when ``runner`` is ``auto`` and no active named profile gives the agent's stage a model."""
        for (index, _), group in _by_profile(each for each in bindings if each.runtime.value is None).items():
            yield self.finding(
                f"agent_profiles[{index}].runner",
                f"profile {group[0].profile} leaves the harness of {agents(group)} to the active named profile, "
                "and none gives a model to choose by",
                remedy="activate one: --profile NAME, DOCTOR_PROFILE, or the file active-profile in the settings "
                "directory; or name a harness as runner",
                pointer=doctor.pointer("agent_profiles", index, "runner"),
                # What a stage row without a harness is known by.
                affects=(*agent_tags(group), "runtime:None"),
                key=group[0].profile,
            )


class AGP005(doctor.Check):
    """Every agent has a session name of its own that tmux keeps as it is.

    tmux refuses a second session of the same name. It replaces `.` and `:` in names, expands `#{...}` and `#(...)`,
    and reads a leading `=`, `$` or `@` as a way to find a session, so that the session cannot be found under the
    name that was asked for.
    """

    def run(self, policy: doctor.Policy, bindings: Bindings) -> Iterator[doctor.Finding]:
        """Fails when two agents get the same session name, or a name has a character that means something to tmux.

        Names start with a letter, a digit or `_`, go on with those and `-`, and have at most 200 characters.
        """
        pattern = policy.tmux.session_pattern
        sessions: dict[str, list[doctor.Binding]] = {}
        for binding in bindings:
            sessions.setdefault(binding.session, []).append(binding)
        altered = [binding for session, group in sessions.items() if _altered(session) for binding in group]
        if altered:
            yield self.finding(
                "tmux.session_pattern",
                f"tmux.session_pattern {shortened(pattern)!r} gives {agents(altered)} a session name such as "
                f"{shortened(altered[0].session)!r}; a name holds letters, digits, _ and - only, does not "
                f"start with -, and has at most {LONGEST_SESSION} characters",
                remedy="use letters, digits, - and _ around {agent} and {workspace}, the only placeholders",
                pointer=doctor.pointer("tmux", "session_pattern"),
                affects=agent_tags(altered),
            )
        for session, group in sessions.items():
            if len(group) > 1:
                yield self._shared(session, group, pattern)

    def _shared(self, session: str, group: list[doctor.Binding], pattern: str) -> doctor.Finding:
        told = "{agent}" in pattern
        return self.finding(
            f"agents[{group[1].agent_index}].name" if told else "tmux.session_pattern",
            f"{len(group)} agents share the session name {shortened(session)!r}: "
            f"{listed(f'{each.agent} (agents[{each.agent_index}])' for each in group)}",
            remedy="rename one of them" if told else "put {agent} into tmux.session_pattern",
            pointer=doctor.pointer("agents", group[1].agent_index, "name")
            if told
            else doctor.pointer("tmux", "session_pattern"),
            affects=agent_tags(group),
            key=session,
        )


def _altered(session: str) -> bool:
    return len(session) > LONGEST_SESSION or SESSION_NAME.fullmatch(session) is None


class AGP006(doctor.Check):
    """No agent may do things without asking.

    Options that skip permission questions are often what an unattended agent needs. They are listed with what they
    allow, so that whoever starts the agents knows.
    """

    severity = doctor.Severity.WARNING

    def run(self, bindings: Bindings, registry: doctor.Registry) -> Iterator[doctor.Finding]:
        """Fails when a compiled command lets the harness act without asking; names what it may do."""
        starts = launches(bindings, registry)
        for (runtime, grants), group in merged(starts, lambda launch: filter(None, [launch.compiled.grants])).items():
            index = group[0].profile_index
            yield self.finding(
                f"agent_profiles[{index}].runner_options",
                f"{runtime}, as {agents(group)} would start it: {'; '.join(grants)}",
                remedy="keep it only where the machine is meant for it: a container or a separate user",
                pointer=doctor.pointer("agent_profiles", index, "runner_options"),
                affects=agent_tags(group),
                key=f"{runtime} {'; '.join(grants)}",
            )


class AGP007(doctor.Check):
    """Every profile that a shell runs has a command that can start.

    A stage map can bring a profile that was written for an agent CLI to the shell, which then waits for a person to
    type, where nobody sits.
    """

    severity = doctor.Severity.WARNING

    def run(self, policy: doctor.Policy, bindings: Bindings, registry: doctor.Registry) -> Iterator[doctor.Finding]:
        """Fails when the harness chosen for the agent takes a command instead of a prompt, and there is none.

        It is an error when the command has a quote that is never closed, or begins with an absolute path at which
        there is no program.
        """
        idle = {
            index
            for index, profile in enumerate(policy.agent_profiles)
            if not (profile.runner_options.command or "").strip()
        }
        left_out = [each for each in bindings if each.profile_index in idle or SHELL_COMMAND in each.dropped_options]
        for (index, runtime), group in _by_profile(left_out).items():
            harness = adapter(registry, runtime)
            if harness is None or harness.needs_prompt or SHELL_COMMAND not in harness.options:
                continue
            yield self.finding(
                f"agent_profiles[{index}].runner_options.command",
                f"profile {group[0].profile} has no command; {runtime}, which runs {agents(group)} "
                f"(from {group[0].runtime.source}), needs one",
                remedy="set runner_options.command, or let another harness run it",
                pointer=doctor.pointer("agent_profiles", index, "runner_options", "command"),
                affects=agent_tags(group),
                key=f"{group[0].profile} {runtime}",
            )
        whole = (each for each in bindings if each.profile_index not in idle)
        yield from self._broken(policy, [each for each in whole if SHELL_COMMAND not in each.dropped_options], registry)

    def _broken(
        self, policy: doctor.Policy, bindings: list[doctor.Binding], registry: doctor.Registry
    ) -> Iterator[doctor.Finding]:
        for (index, runtime), group in _by_profile(bindings).items():
            harness = adapter(registry, runtime)
            if harness is None or harness.needs_prompt or SHELL_COMMAND not in harness.options:
                continue
            problem = _command_problem(policy.agent_profiles[index].runner_options.command or "")
            if problem is not None:
                yield self.finding(
                    f"agent_profiles[{index}].runner_options.command",
                    f"the command of profile {group[0].profile}, which {runtime} runs, cannot start: {problem}",
                    remedy="correct runner_options.command",
                    pointer=doctor.pointer("agent_profiles", index, "runner_options", "command"),
                    severity=doctor.Severity.ERROR,
                    affects=(f"profile:{group[0].profile}",),
                    key=f"{group[0].profile} {runtime} broken",
                )


def _command_problem(command: str) -> str | None:
    """Why a shell cannot run it, as far as that is certain: what the shell itself expands is not judged."""
    from shlex import shlex  # noqa: PLC0415 - only where a profile has a command

    words = shlex(command, posix=True, punctuation_chars=True)
    words.whitespace_split = True
    try:
        first = words.get_token() or ""
    except ValueError:
        first = ""
    if _unbalanced(command):
        return "a quote in it is never closed"
    if not first.startswith("/") or re.search(r"[$`*?\[{]", first):
        return None
    if not os.path.isfile(first):  # noqa: PTH113 - Path.is_file raises where a directory may not be searched
        return f"there is no file {shortened(first)}"
    return None if os.access(first, os.X_OK) else f"{shortened(first)} is not executable"


def _unbalanced(command: str) -> bool:
    """Whether quotes are open at the end, read with comments and without; other quoting is left to the shell."""
    from shlex import split  # noqa: PLC0415 - only where a profile has a command

    if "<<" in command or "$'" in command:
        return False
    for comments in (True, False):
        try:
            split(command, comments=comments)
        except ValueError:
            continue
        return False
    return True


class AGP008(doctor.Check):
    """Every profile is used by an agent.

    A profile that no agent names is often one whose agent has another profile by mistake.
    """

    severity = doctor.Severity.INFO

    def run(self, policy: doctor.Policy) -> Iterator[doctor.Finding]:
        """Reports the profiles that no agent names."""
        used = {agent.profile for agent in policy.agents}
        idle = [(index, each) for index, each in enumerate(policy.agent_profiles) if each.name not in used]
        if idle:
            yield self.finding(
                f"agent_profiles[{idle[0][0]}]",
                f"no agent uses profile{'s' if len(idle) > 1 else ''} {listed(each.name for _, each in idle)}",
                remedy="remove it, or name it in an agent's profile",
                pointer=doctor.pointer("agent_profiles", idle[0][0]),
                key="unused",
            )


@doctor.hookimpl
def doctor_register_checks() -> list[type[doctor.Check]]:
    """The checks of this family."""
    return [AGP001, AGP002, AGP003, AGP004, AGP005, AGP006, AGP007, AGP008]
