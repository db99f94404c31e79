"""The way a prompt takes to its harness."""

from doctor.launch.errors import LaunchRefused
from doctor.model.harness import PROMPT, PROMPT_FILE, CompiledArgv
from doctor.model.spec import Delivery
from doctor.records import dataclass

LONGEST_ARGUMENT = 65_536
"""Bytes of a prompt that goes into ``argv``. Linux takes 131,072 in one argument, and no more in any way."""

OPTION_SIGNS = ("-", "@")
"""What a prompt in ``argv`` must not begin with: harnesses take it for an option, or for a file to add."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How one prompt is handed over."""

    delivery: Delivery
    argv: tuple[str, ...]
    typed: str | None = None
    """The line to type, for ``Delivery.TYPED``."""


def pointer(path: str) -> str:
    """The sentence that stands for a prompt which cannot be handed over itself."""
    return f"Your instructions are in the file {path}. Read all of it first, then carry it out."


def choose(compiled: CompiledArgv, *, text: str, path: str, interactive: bool, needs_prompt: bool = True) -> Route:
    """The best route for one prompt: in ``argv``, on standard input, by an option that names its file, or pointed at.

    Args:
        compiled: What the adapter can start.
        text: The prompt.
        path: Where its file will be.
        interactive: Whether a terminal is the harness's standard input.
        needs_prompt: Whether the harness takes a prompt at all.

    Raises:
        LaunchRefused: No program can be given this prompt, or this harness has no place for any.
    """
    if not needs_prompt:
        return Route(delivery=Delivery.NONE, argv=compiled.argv)
    _require_text(text)
    taken_inline = PROMPT in compiled.argv
    stdin = None if interactive else compiled.stdin_argv
    if taken_inline and _fits(text) and not (stdin and compiled.stdin_first):
        return Route(delivery=Delivery.ARGV, argv=_with(compiled.argv, PROMPT, text))
    if stdin:
        return Route(delivery=Delivery.STDIN, argv=stdin)
    if compiled.file_argv:
        return Route(delivery=Delivery.FILE, argv=_with(compiled.file_argv, PROMPT_FILE, path))
    if taken_inline:
        return Route(delivery=Delivery.POINTER, argv=_with(compiled.argv, PROMPT, pointer(path)))
    if not interactive:
        raise LaunchRefused(
            "this harness has no place for a prompt in a headless start",
            remedy="start it with --interactive, or choose another harness",
        )
    return Route(delivery=Delivery.TYPED, argv=compiled.argv, typed=_one_line(path))


def _require_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise LaunchRefused(
            f"the prompt has half a surrogate pair, at character {error.start}, which is no text",
            remedy="remove it, or write the whole character",
        ) from error
    if "\0" in text:
        place = text.index("\0")
        raise LaunchRefused(
            f"the prompt has a NUL character, at character {place}, and no program can be given one", remedy="remove it"
        )


def _fits(text: str) -> bool:
    """Whether a harness will take it for a prompt: a single word might be a subcommand."""
    return (
        len(text.encode()) <= LONGEST_ARGUMENT
        and not text.startswith(OPTION_SIGNS)
        and any(character.isspace() for character in text)
    )


def _with(argv: tuple[str, ...], placeholder: str, value: str) -> tuple[str, ...]:
    return tuple(value if argument == placeholder else argument for argument in argv)


def _one_line(path: str) -> str:
    if not path.isprintable():
        raise LaunchRefused(
            f"{path!r} cannot be typed: it has a control character or an invisible one",
            remedy="give the project's directory a name that prints",
        )
    return pointer(path)
