"""The user's shell."""

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

    def builtin_program(self, context: HarnessContext) -> ProgramFact:
        """``$SHELL`` where it can be run, else bash, else sh. Its version does not matter and is not asked."""
        own = context.environment.get("SHELL", "").strip()
        tries = [("env:SHELL", own)] if own.startswith("/") else []
        candidates: list[Candidate] = []
        for source, path in (*tries, *(("default", path) for path in FALLBACKS)):
            candidates.append(Candidate(source=source, path=path, problem=executable_problem(path)))
            if candidates[-1].problem is None:
                return ProgramFact(path=path, path_source=source, candidates=tuple(candidates))
        return ProgramFact(candidates=tuple(candidates))

    def compile(self, request: LaunchRequest) -> CompiledArgv:
        """``SHELL -c COMMAND``, or the shell alone; the base prompt has no place in it."""
        command = request.options.command
        own = ("-c", command) if command and command.strip() else ()
        return CompiledArgv(argv=(request.path, *own), env=request.options.env)
