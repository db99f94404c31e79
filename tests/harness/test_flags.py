from collections.abc import Callable

import pytest

from doctor.harness.base import Flag, Harness, HarnessContext
from doctor.harness.codex import Codex
from doctor.harness.flags import help_call, listed_flags, unknown_flags
from doctor.harness.probe import Prober
from doctor.harness.registry import Registry
from doctor.model.harness import PROMPT, HarnessFact, ProgramFact
from doctor.model.machine import Machine

MakeProgram = Callable[..., str]
MakeContext = Callable[..., HarnessContext]

HELP = """Usage: acme [OPTIONS] [PROMPT]
  -m, --model <MODEL>   Which one; see --effort
      --[no-]color      Colour
  -nt, --no-tools       None
  --allowed-tools=LIST  Some"""


class Acme(Harness):
    id = "acme"
    title = "Acme"
    binaries = ("acme",)
    help_args = (("--help",), ("exec", "--help"), ("exec", "again", "--help"))
    flags = (
        Flag(name="--gone", until="2.0.0", instead="--here"),
        Flag(name="--went", until="2.0.0"),
        Flag(name="--later", since="3.0.0"),
        Flag(name="--hidden"),
        Flag(name="--scoped", until="1.0.0", command="exec"),
    )


def asked(
    machine: MakeContext, argv: tuple[str, ...], *, version: str | None = "2.5.0", harness: Harness | None = None
) -> tuple[tuple[str, str], ...]:
    adapter = harness or Acme()
    prober = Prober(registry=Registry([adapter]), context=machine(), machine=Machine())
    fact = HarnessFact(runtime_id=adapter.id, title="", program=ProgramFact(path=argv[0], version=version))
    return unknown_flags(adapter, fact, argv, prober)


def test_flags_of_a_help_text_are_listed_in_every_form() -> None:
    assert listed_flags(HELP) == {
        "-m",
        "--model",
        "--effort",
        "--color",
        "--no-color",
        "-nt",
        "--no-tools",
        "--allowed-tools",
    }


def test_dashes_inside_words_and_paths_are_no_flags() -> None:
    assert listed_flags("real-time x--y /a/-b https://x/--c 1--2 a=-d --- --") == frozenset()


@pytest.mark.parametrize(
    ("argv", "call"),
    [
        (("acme", PROMPT), ("--help",)),
        (("acme", "exec", PROMPT), ("exec", "--help")),
        (("acme", "exec", "again", "-x"), ("exec", "again", "--help")),
        (("acme", "--model", "exec"), ("--help",)),
    ],
)
def test_the_help_of_the_subcommand_is_the_one_asked(argv: tuple[str, ...], call: tuple[str, ...]) -> None:
    assert help_call(Acme(), argv) == call


def test_the_table_of_flags_decides_before_any_help(machine: MakeContext) -> None:
    argv = ("/nowhere/acme", "--gone", "--went", "--later", "--hidden", "--gone=1")

    assert asked(machine, argv) == (
        ("--gone", "gone since 2.0.0; use --here"),
        ("--went", "gone since 2.0.0"),
        ("--later", "it came with 3.0.0"),
    )
    assert asked(machine, argv, version="1.9.9") == (("--later", "it came with 3.0.0"),)
    assert asked(machine, argv, version="3.0.0") == asked(machine, argv)[:2]


def test_a_table_row_of_another_subcommand_says_nothing(machine: MakeContext) -> None:
    assert asked(machine, ("/nowhere/acme", "--scoped")) == ()
    assert asked(machine, ("/nowhere/acme", "exec", "--scoped")) == (("--scoped", "gone since 1.0.0"),)


def test_what_the_help_does_not_list_is_unknown(program: MakeProgram, machine: MakeContext) -> None:
    path = program("acme", f"cat >&2 <<'END'\n{HELP}\nEND")

    argv = (path, "--model=x", "-mx", "--nope=1", PROMPT, "-z", "--no-color", "--", "--after")

    assert asked(machine, argv) == (
        ("--nope", "`acme --help` does not list it"),
        ("-z", "`acme --help` does not list it"),
    )


def test_the_prompt_and_numbers_are_no_flags(program: MakeProgram, machine: MakeContext) -> None:
    path = program("acme", f"cat <<'END'\n{HELP}\nEND")

    assert asked(machine, (path, "-1", "-", "---", PROMPT)) == ()


def test_words_with_spaces_are_values(program: MakeProgram, machine: MakeContext) -> None:
    path = program("acme", f"cat <<'END'\n{HELP}\nEND")

    argv = (path, "--model", "-Always be nice", "--nope=be nice", PROMPT)

    assert [flag for flag, _ in asked(machine, argv)] == ["--nope"]


def test_a_complaint_that_mentions_a_flag_is_no_help(program: MakeProgram, machine: MakeContext) -> None:
    complaint = program("acme", "echo 'unknown option --help, try -h' >&2; exit 2")

    assert asked(machine, (complaint, "--nope")) == ()


def test_a_whole_help_that_ends_in_an_error_still_counts(program: MakeProgram, machine: MakeContext) -> None:
    path = program("acme", f"cat <<'END'\n{HELP}\nEND\nexit 1")

    assert [flag for flag, _ in asked(machine, (path, "--nope"))] == ["--nope"]


@pytest.mark.parametrize("script", ["exit 1", "echo nothing to see", "kill -9 $$"])
def test_a_help_that_lists_nothing_accuses_nobody(program: MakeProgram, machine: MakeContext, script: str) -> None:
    assert asked(machine, (program("acme", script), "--nope")) == ()


def test_a_harness_without_help_is_not_asked(machine: MakeContext) -> None:
    silent = type("Silent", (Acme,), {"help_args": ()})()

    assert asked(machine, ("/nowhere/acme", "--nope"), harness=silent) == ()


@pytest.mark.parametrize(
    ("version", "command", "known"),
    [
        ("0.125.0", (), True),
        ("0.128.0", (), False),
        ("0.125.0", ("exec",), True),
        ("0.146.1", ("exec",), True),
        ("0.147.0", ("exec",), False),
        ("0.169.0", ("exec",), False),
        (None, ("exec",), False),
    ],
)
def test_codex_lost_its_full_auto_in_two_steps(
    machine: MakeContext, version: str | None, command: tuple[str, ...], known: bool
) -> None:
    answer = asked(machine, ("/nowhere/codex", *command, "--full-auto"), version=version, harness=Codex())

    assert (answer == ()) is known
