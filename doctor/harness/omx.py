"""oh-my-codex, which wraps Codex."""

from collections.abc import Iterator
from pathlib import Path

from doctor.harness.base import Flag, Harness, HarnessContext, LaunchRequest, given
from doctor.harness.codex import (
    CODEX_DIALS,
    Codex,
    codex_arguments,
    codex_dialogs,
    codex_grants,
    codex_redirected,
    codex_skill_roots,
    own_provider,
)
from doctor.harness.process import Completed
from doctor.model.harness import PROMPT, Auth, CompiledArgv, Dialog


class Omx(Harness):
    """oh-my-codex. Credentials, skills and dialogs are Codex's; which Codex it starts it does not say."""

    id = "omx"
    title = "oh-my-codex"
    aliases = ("oh_my_codex", "omx_cli")
    binaries = ("omx",)
    install = "npm install -g oh-my-codex"
    login = Codex.login
    options = ("model", "extra_args", "env", "trust_workspace")
    endpoint_kinds = Codex.endpoint_kinds
    model_patterns = Codex.model_patterns
    help_args = (("--help",), ("exec", "--help"))
    flags = (
        # Passed on to Codex, whose flags its own help leaves out.
        *(Flag(name=name, command="") for name in ("-m", "-c", "-s", "-a", "--sandbox", "--ask-for-approval")),
        Flag(name="--madmax"),
        Flag(name="--yolo"),
    )

    dials = CODEX_DIALS
    bypass = (*Codex.bypass, "--madmax")
    overrides = Codex.overrides
    own_files = Codex.own_files
    signs = Codex.signs
    ready = Codex.ready

    def compile(self, request: LaunchRequest) -> CompiledArgv:
        """``omx exec ... PROMPT``, or ``omx --direct ... PROMPT`` when interactive, which keeps it in its own pane."""
        own, notes = codex_arguments(request)
        extra = request.options.extra_args
        if request.interactive:
            arguments = ("--direct", *extra, *own)
        else:
            anywhere = () if given(extra, "--skip-git-repo-check") else ("--skip-git-repo-check",)
            arguments = ("exec", *extra, *anywhere, *own)
        bypass = ("runs every command without asking and without a sandbox",) if given(arguments, "--madmax") else ()
        return CompiledArgv(
            argv=(request.path, *arguments, PROMPT),
            env=request.options.env,
            secrets=request.key_as(request.key_variable),
            stdin_argv=None if request.interactive else (request.path, *arguments, "-"),
            notes=notes,
            grants=tuple(dict.fromkeys((*bypass, *codex_grants(arguments)))),
        )

    def auth_files(self, context: HarnessContext) -> tuple[Path, ...]:
        """Codex's."""
        return Codex().auth_files(context)

    def auth(self, context: HarnessContext, answer: Completed | None) -> tuple[Auth, str]:
        """As far as Codex's files tell."""
        told = own_provider(context)
        if told is not None:
            return told
        credentials, _ = self.auth_files(context)
        if credentials.is_file():
            return Auth.YES, f"Codex's {credentials} is there"
        if context.has("CODEX_API_KEY"):
            return Auth.YES, "CODEX_API_KEY is set, which counts for `exec` only"
        return Auth.NO, f"Codex's {credentials} is not there"

    def skill_roots(self, context: HarnessContext) -> tuple[Path, ...]:
        """Codex's, into which its set-up copies its own."""
        return codex_skill_roots(context)

    def redirected(self, context: HarnessContext, launch: CompiledArgv) -> bool:
        """As Codex."""
        return codex_redirected(context, launch)

    def dialogs(self, context: HarnessContext, launch: CompiledArgv, auth: Auth) -> Iterator[Dialog]:
        """Codex's."""
        return codex_dialogs(self.id, context, launch, auth)
