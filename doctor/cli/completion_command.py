"""``doctor completion``."""

import os
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from doctor.cli.streams import put, say
from doctor.cli.writing import refuse_unwritable, write_text
from doctor.errors import UsageError
from doctor.exit_codes import ExitCode

SHELLS = ("bash", "zsh", "fish")
PROGRAMS = ("doctor", "harness-doctor", "agent-runner")
MARK = "# Written by `doctor completion install`; safe to remove."
"""Tells a file that may be replaced from one that somebody else wrote."""


def run(arguments: Namespace) -> int:
    """Print the completion code, or write it where the shell looks for it."""
    shell = arguments.shell or detected_shell(os.environ)
    if arguments.action == "show":
        put(script(shell, PROGRAMS))
        return ExitCode.OK
    home = Path(os.environ.get("HOME") or Path.home())
    _install(targets(shell, os.environ, home), dry_run=arguments.dry_run)
    if shell == "zsh":
        directory = _zsh_directory(home, os.environ)
        say(f"zsh has to know the directory: in ~/.zshrc, before compinit: fpath=({directory} $fpath)")
    say("open a new shell to use it")
    return ExitCode.OK


def detected_shell(environment: Mapping[str, str]) -> str:
    """The shell that this process was started from, else the user's login shell.

    Raises:
        UsageError: It is none that can be completed for.
    """
    import shellingham  # type: ignore[import-untyped]  # noqa: PLC0415 - only where no shell is named

    try:
        shell: str = shellingham.detect_shell()[0]
    except (shellingham.ShellDetectionFailure, OSError):
        shell = Path(environment.get("SHELL", "")).name
    if shell not in SHELLS:
        raise UsageError(
            f"the shell in use is {shell or 'unknown'}, expected one of {', '.join(SHELLS)}",
            remedy="name the shell: doctor completion install bash",
        )
    return shell


def script(shell: str, programs: tuple[str, ...]) -> str:
    """The shell's code that completes these programs."""
    from argcomplete.shell_integration import shellcode  # noqa: PLC0415 - only completion needs it

    code = str(shellcode(list(programs), shell=shell))
    first, _, rest = code.strip().partition("\n")
    if first.startswith("#compdef"):
        return f"{first}\n{MARK}\n{rest}\n"
    return f"{MARK}\n{code.strip()}\n"


def targets(shell: str, environment: Mapping[str, str], home: Path) -> dict[Path, str]:
    """The files that a shell looks for, and what each has to contain."""
    if shell == "zsh":
        return {_zsh_directory(home, environment) / "_doctor": script(shell, PROGRAMS)}
    if shell == "fish":
        directory = Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "fish" / "completions"
        return {directory / f"{program}.fish": script(shell, (program,)) for program in PROGRAMS}
    data = Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share")
    directory = Path(environment.get("BASH_COMPLETION_USER_DIR") or data / "bash-completion") / "completions"
    return {directory / program: script(shell, (program,)) for program in PROGRAMS}


def _zsh_directory(home: Path, environment: Mapping[str, str]) -> Path:
    return Path(environment.get("ZDOTDIR") or home) / ".zfunc"


def _install(files: Mapping[Path, str], *, dry_run: bool) -> None:
    plan = {path: _change(path, text) for path, text in files.items()}
    for path, change in plan.items():
        say(f"{change}: {path}")
    for path in () if dry_run else [path for path, change in plan.items() if change != "up to date"]:
        _make_directory(path.parent)
        refuse_unwritable(path)
        write_text(path, files[path])


def _change(path: Path, text: str) -> str:
    """What would happen to a file.

    Raises:
        UsageError: It is there and was written by somebody else.
    """
    try:
        present = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        if not path.is_symlink():
            return "create"
        present = ""
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    if MARK not in present.split("\n")[:2]:
        raise UsageError(
            f"{path} is there and was not written by this program",
            remedy="move it away, or use: doctor completion show",
        )
    return "up to date" if present == text else "update"


def _make_directory(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{directory} cannot be made: {error}") from error
