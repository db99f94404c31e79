"""Goose."""

from pathlib import Path

from doctor.harness.base import Harness, HarnessContext, LaunchRequest
from doctor.harness.own_files import OwnFiles
from doctor.model.harness import PROMPT, PROMPT_FILE, CompiledArgv


class Goose(Harness):
    """Goose. It comes neither from a package index nor from Debian (whose goose packages are other things).

    Its start is taken from its documentation and was not run.
    """

    id = "goose"
    title = "Goose"
    aliases = ("goose_cli",)
    binaries = ("goose",)
    install = "follow Goose's own installation guide (block/goose); the package managers' goose is another program"
    acts_freely = True
    own_files = OwnFiles(
        instructions=(".goosehints", "AGENTS.md"),
    )
    login = "goose configure"
    help_args = (("--help",), ("run", "--help"), ("session", "--help"))

    def compile(self, request: LaunchRequest) -> CompiledArgv:
        """``goose run ... -t PROMPT``; an interactive ``goose session`` takes no prompt on its command line."""
        model = {"GOOSE_MODEL": request.model} if request.model else {}
        extra = request.options.extra_args
        start = ("session", *extra) if request.interactive else ("run", *extra, "-t", PROMPT)
        return CompiledArgv(
            argv=(request.path, *start),
            env={**request.options.env, **model},
            file_argv=None if request.interactive else (request.path, "run", *extra, "-i", PROMPT_FILE),
            notes=("the prompt has to be typed: an interactive start takes none",) if request.interactive else (),
        )

    def skill_roots(self, context: HarnessContext) -> tuple[Path, ...]:
        """None that are known for certain."""
        return ()
