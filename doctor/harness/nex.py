"""nex, the harness that this tool brings along for OpenAI-compatible endpoints."""

import sys

from doctor.harness.base import Harness, HarnessContext, LaunchRequest, option
from doctor.model.harness import PROMPT, Candidate, CompiledArgv, ProgramFact

PROGRAM = "doctor.nex"
"""Module that is run. It is no part of this version yet, so nex is absent everywhere."""


class Nex(Harness):
    """Runs inside this tool's own Python against a configured endpoint."""

    id = "nex"
    title = "nex"
    aliases = ("local", "oai_compat", "openai", "native")
    builtin = True
    install = "a later version of harness-doctor brings nex along; name another harness until then"
    help_args = ()
    endpoint_kinds = ("openai",)
    needs_endpoint = True

    def builtin_program(self, context: HarnessContext) -> ProgramFact:
        """This Python, once it has the module that is run."""
        from importlib.util import find_spec  # noqa: PLC0415 - a registry alone does not need it

        if find_spec(PROGRAM) is not None:
            return ProgramFact(path=sys.executable, path_source="builtin")
        problem = f"has no module {PROGRAM}"
        return ProgramFact(candidates=(Candidate(source="builtin", path=sys.executable, problem=problem),))

    def compile(self, request: LaunchRequest) -> CompiledArgv:
        """``python -m doctor.nex ... PROMPT``; the endpoint's key is looked up where it runs, never passed."""
        own = (*option("--model", request.model), *option("--base-url", request.endpoint_url))
        return CompiledArgv(
            argv=(request.path, "-m", PROGRAM, *own, *request.options.extra_args, PROMPT),
            env=request.options.env,
        )
