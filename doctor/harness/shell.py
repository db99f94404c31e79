"""The user's shell."""

import os
import pwd

from doctor.harness.base import Harness, HarnessContext, LaunchRequest
from doctor.harness.discovery import executable_problem
from doctor.model.harness import Candidate, CompiledArgv, ProgramFact

FALLBACKS = ("/bin/bash", "/bin/sh")


class Shell(Harness):
    """A shell that runs the command the policy gives, or waits for a person."""

    id = "shell"
    title = "Shell"
    aliases = ("sh",)
    builtin = True
    help_args = ()
    options = ("command", "env")
    needs_prompt = False
    acts_freely = True

    def builtin_program(self, context: HarnessContext) -> ProgramFact:
        """``$SHELL`` where it can be run, else the login shell, else bash, else sh. Its version is not asked."""
        tries = (("env:SHELL", context.environment.get("SHELL", "").strip()), ("login", login_shell()))
        named = ((source, path) for source, path in tries if path.startswith("/"))
        candidates: list[Candidate] = []
        for source, path in (*named, *(("default", path) for path in FALLBACKS)):
            candidates.append(Candidate(source=source, path=path, problem=executable_problem(path)))
            if candidates[-1].problem is None:
                return ProgramFact(path=path, path_source=source, candidates=tuple(candidates))
        return ProgramFact(candidates=tuple(candidates))

    def compile(self, request: LaunchRequest) -> CompiledArgv:
        """``SHELL -c COMMAND``, or the shell alone; the base prompt has no place in it."""
        command = request.options.command
        own = ("-c", command) if command and command.strip() else ()
        return CompiledArgv(argv=(request.path, *own), env=request.options.env)


def login_shell() -> str:
    """The shell that the password database gives this user; empty where it gives none that runs commands."""
    try:
        shell = pwd.getpwuid(os.getuid()).pw_shell
    except KeyError:
        return ""
    return "" if shell.endswith(("/nologin", "/false")) else shell
