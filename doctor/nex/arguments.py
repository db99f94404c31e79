"""What nex is told on its command line."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from doctor.__about__ import __version__
from doctor.errors import UsageError

OPENAI_URL = "https://api.openai.com/v1"
KEY_VARIABLE = "OPENAI_API_KEY"
APPROVALS = ("ask", "auto", "deny")
COMMAND_SECONDS = 120.0
TURNS = 50

EXAMPLES = """\
examples:
  nex --model qwen3-coder --base-url http://127.0.0.1:8080/v1 "run the tests and fix what fails"
  nex --model gpt-5 --interactive
  git diff | nex --model gpt-5 --approval deny --system review.md
  nex --base-url https://models.example/v1 --key-env MODELS_KEY --prompt-file task.md

nex stands for: python -m doctor.nex. Text goes to standard output; commands and questions go to standard error.
exit status: 0 the model finished, 1 it could not, 2 the command line is wrong, 130 interrupted
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One start of nex, as the command line and the environment ask for it."""

    model: str | None
    """``None``: the only model that the endpoint serves."""

    base_url: str
    key_env: str | None
    """Variable that holds the key; ``None``: no key is sent."""

    key_required: bool
    """Whether the variable was named, so that it has to hold a key."""

    approval: str
    interactive: bool
    unconfined: bool
    timeout: float
    max_turns: int
    prompt: str | None
    prompt_file: Path | None
    system: Path | None


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """A wrong command line is an error like any other."""
        raise UsageError(message, remedy="see nex --help")


def parse(arguments: Sequence[str]) -> Settings:
    """The settings of one start.

    Args:
        arguments: Without the program's name.

    Raises:
        UsageError: An option is unknown, incomplete or contradicts another.
        SystemExit: ``--help`` or ``--version`` was asked for and has been printed.
    """
    told = _parser().parse_args(arguments)
    if told.prompt is not None and told.prompt_file is not None:
        raise UsageError("a prompt and --prompt-file are both given", remedy="keep one of them")
    named = told.key_env is not None
    return Settings(
        model=told.model or None,
        base_url=told.base_url or os.environ.get("OPENAI_BASE_URL", "").strip() or OPENAI_URL,
        key_env=None if told.no_key else told.key_env or KEY_VARIABLE,
        key_required=named,
        approval=told.approval or ("ask" if told.interactive else "auto"),
        interactive=told.interactive,
        unconfined=told.unconfined,
        timeout=told.timeout,
        max_turns=told.max_turns,
        prompt=told.prompt,
        prompt_file=told.prompt_file,
        system=told.system,
    )


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="nex",
        description="A streaming chat with an OpenAI-compatible endpoint, with a bash tool that is confined to the "
        "working directory.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("prompt", nargs="?", metavar="PROMPT", help="the task; without one, standard input is read")
    parser.add_argument("--version", action="version", version=f"nex {__version__}")
    _add_endpoint(parser.add_argument_group("endpoint"))
    _add_tool(parser.add_argument_group("bash tool"))
    _add_conversation(parser.add_argument_group("conversation"))
    return parser


def _add_endpoint(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--model", metavar="NAME", help="default: the only one the endpoint serves")
    group.add_argument("--base-url", metavar="URL", type=_url, help=f"default: $OPENAI_BASE_URL, else {OPENAI_URL}")
    key = group.add_mutually_exclusive_group()
    key.add_argument("--key-env", metavar="NAME", help=f"variable that holds the key (default: {KEY_VARIABLE})")
    key.add_argument("--no-key", action="store_true", help="send no key, whatever the environment holds")


def _add_tool(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--approval", choices=APPROVALS, help="before each command (default: ask with --interactive, else auto)"
    )
    group.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=_seconds,
        default=COMMAND_SECONDS,
        help="for each command (default: %(default)g)",
    )
    group.add_argument("--unconfined", action="store_true", help="let commands write anywhere")


def _add_conversation(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--interactive", action="store_true", help="ask for further prompts; /exit ends")
    group.add_argument("--prompt-file", metavar="FILE", type=Path, help="read the prompt from a file")
    group.add_argument("--system", metavar="FILE", type=Path, help="read the system prompt from a file")
    group.add_argument(
        "--max-turns",
        metavar="N",
        type=_count,
        default=TURNS,
        help="requests that one prompt may take (default: %(default)s)",
    )


def _url(text: str) -> str:
    from urllib.parse import urlsplit  # noqa: PLC0415 - only where one is given

    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise argparse.ArgumentTypeError(f"{text!r} is no http or https URL")
    return text


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return value


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)
