"""Charm's Crush."""

from doctor.harness.base import Harness, LaunchRequest, given
from doctor.harness.own_files import OwnFiles
from doctor.model.harness import PROMPT, CompiledArgv


class Crush(Harness):
    """Crush. Its start is taken from its documentation and was not run."""

    id = "crush"
    title = "Crush"
    aliases = ("crush_cli",)
    binaries = ("crush",)
    install = "npm install -g @charmland/crush"
    options = ("extra_args", "env")
    help_args = (("--help",), ("run", "--help"))
    bypass = ("-y", "--yolo")
    own_files = OwnFiles(
        settings=("crush.json", ".crush.json"),
        instructions=("CRUSH.md", "CRUSH.local.md", "AGENTS.md", "CLAUDE.md", "GEMINI.md"),
    )

    def compile(self, request: LaunchRequest) -> CompiledArgv:
        """``crush run ... PROMPT``; an interactive start takes no prompt on its command line."""
        extra = request.options.extra_args
        return CompiledArgv(
            argv=(request.path, *(extra if request.interactive else ("run", *extra, PROMPT))),
            env=request.options.env,
            stdin_argv=None if request.interactive else (request.path, "run", *extra),
            notes=("the prompt has to be typed: an interactive start takes none",) if request.interactive else (),
            grants=("runs every tool without asking",) if given(extra, "-y", "--yolo") else (),
        )
