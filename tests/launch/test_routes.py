"""Which way a prompt takes."""

from typing import Any

import pytest

from doctor.launch.errors import LaunchRefused
from doctor.launch.routes import LONGEST_ARGUMENT, Route, choose, pointer
from doctor.model.harness import PROMPT, PROMPT_FILE, CompiledArgv
from doctor.model.spec import Delivery

PATH = "/p/prompt.md"
INLINE = ("it", "run", PROMPT)
STDIN = ("it", "run", "-")
FILE = ("it", "run", "--file", PROMPT_FILE)


def chosen(text: str = "do it", *, interactive: bool = False, needs_prompt: bool = True, **compiled: Any) -> Route:
    return choose(
        CompiledArgv(**{"argv": INLINE, **compiled}),
        text=text,
        path=PATH,
        interactive=interactive,
        needs_prompt=needs_prompt,
    )


def test_a_plain_prompt_stands_in_argv() -> None:
    expected = Route(delivery=Delivery.ARGV, argv=("it", "run", "do it"))

    assert chosen(stdin_argv=STDIN, file_argv=FILE) == expected
    assert chosen(interactive=True) == expected


@pytest.mark.parametrize("text", ["word", "-x y", "@file x", "", "é " * (LONGEST_ARGUMENT // 3 + 1)])
def test_what_argv_cannot_hold_goes_by_stdin_then_by_file_then_by_a_sentence(text: str) -> None:
    sentence = Route(delivery=Delivery.POINTER, argv=("it", "run", pointer(PATH)))

    assert chosen(text, stdin_argv=STDIN, file_argv=FILE) == Route(delivery=Delivery.STDIN, argv=STDIN)
    assert chosen(text, file_argv=FILE) == Route(delivery=Delivery.FILE, argv=("it", "run", "--file", PATH))
    assert chosen(text) == sentence
    assert chosen(text, stdin_argv=STDIN, interactive=True) == sentence


@pytest.mark.parametrize(
    ("size", "delivery"), [(LONGEST_ARGUMENT, Delivery.ARGV), (LONGEST_ARGUMENT + 1, Delivery.STDIN)]
)
def test_the_limit_counts_bytes(size: int, delivery: Delivery) -> None:
    assert chosen("a " + "é" * ((size - 2) // 2) + "x" * (size % 2), stdin_argv=STDIN).delivery is delivery


def test_a_harness_that_alters_what_stands_in_argv_gets_it_on_stdin() -> None:
    assert chosen(stdin_argv=STDIN, stdin_first=True).delivery is Delivery.STDIN
    assert chosen(stdin_argv=STDIN, stdin_first=True, interactive=True).delivery is Delivery.ARGV


def test_an_interactive_start_without_a_place_for_it_gets_it_typed() -> None:
    assert chosen(argv=("it",), interactive=True) == Route(delivery=Delivery.TYPED, argv=("it",), typed=pointer(PATH))


def test_a_harness_that_needs_none_gets_none() -> None:
    argv = ("sh", "-c", PROMPT)

    assert chosen("a\0b", argv=argv, needs_prompt=False) == Route(delivery=Delivery.NONE, argv=argv)


@pytest.mark.parametrize(
    ("text", "problem"), [("ab\0c d", "NUL character, at character 2"), ("a \ud800", "character 2")]
)
def test_what_no_program_can_be_given_is_refused(text: str, problem: str) -> None:
    with pytest.raises(LaunchRefused, match=problem):
        chosen(text, stdin_argv=STDIN)


def test_a_headless_start_without_any_place_for_a_prompt_is_refused() -> None:
    with pytest.raises(LaunchRefused, match="no place for a prompt"):
        chosen(argv=("it",))


def test_a_path_that_cannot_be_typed_is_refused() -> None:
    with pytest.raises(LaunchRefused, match="cannot be typed"):
        choose(CompiledArgv(argv=("it",)), text="do it", path="/a\nb/prompt.md", interactive=True)
