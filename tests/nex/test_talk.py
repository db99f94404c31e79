import io

import pytest

from doctor.nex.talk import Voice, visible


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("over\rwritten", "over\\x0dwritten"),
        ("end\r\n", "end\n"),
        ("turned \u202earound", "turned \\x202earound"),
        ("\x9b1m", "\\x9b1m"),
        ("grüße 日本", "grüße 日本"),
    ],
)
def test_a_terminal_is_not_given_what_it_would_obey(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_text_is_harmless_on_a_terminal_and_exact_in_a_file() -> None:
    terminal, file = Terminal(), io.StringIO()
    for out in (terminal, file):
        Voice(out=out, err=io.StringIO()).text("\x1b[0m\r\n")

    assert (terminal.getvalue(), file.getvalue()) == ("\\x1b[0m\n", "\x1b[0m\r\n")


def test_an_open_line_is_ended_once_before_anything_else_is_said() -> None:
    out, err = io.StringIO(), io.StringIO()
    voice = Voice(out=out, err=err)

    voice.text("half")
    voice.say("$ ls")
    voice.end_line()

    assert (out.getvalue(), err.getvalue()) == ("half\n", "$ ls\n")


def test_the_key_is_never_said() -> None:
    err = io.StringIO()

    Voice(out=io.StringIO(), err=err, secret="sk-planted").say("it is sk-planted")

    assert err.getvalue() == "it is [redacted]\n"
