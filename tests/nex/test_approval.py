import io
from collections.abc import Sequence

import pytest

from doctor.nex.approval import Approval
from doctor.nex.confinement import Confinement, Unconfined, Workspace
from doctor.nex.talk import Voice

MISSING = "this kernel has no Landlock"


class Held:
    words = "held"

    def argv(self, command: Sequence[str], space: Workspace) -> tuple[str, ...]:
        return tuple(command)


HELD = Held()


class Person:
    """Gives these answers in turn."""

    def __init__(self, *answers: str | None) -> None:
        self.answers = list(answers)
        self.questions: list[str] = []

    def __call__(self, question: str) -> str | None:
        self.questions.append(question)
        return self.answers.pop(0)


def approval(mode: str, confinement: Confinement | None, person: Person) -> tuple[Approval, io.StringIO]:
    err = io.StringIO()
    voice = Voice(out=io.StringIO(), err=err)
    return Approval(mode=mode, confinement=confinement, problem=MISSING, ask=person, voice=voice), err


def test_a_confined_command_runs_by_itself() -> None:
    person = Person()

    assert approval("auto", HELD, person)[0].decide("ls") is HELD
    assert person.questions == []


def test_what_cannot_be_confined_does_not_run_by_itself() -> None:
    told, err = approval("auto", None, Person())

    reason = "commands cannot be confined here: this kernel has no Landlock; use --approval ask at a terminal, or "
    reason += "--unconfined"
    assert told.decide("ls") == reason
    assert err.getvalue() == f"nex: refused: {reason}\n"


def test_nothing_runs_where_commands_are_denied() -> None:
    assert approval("deny", HELD, Person())[0].decide("ls") == "commands are not allowed here (--approval deny)"


@pytest.mark.parametrize("answer", ["y\n", " YES \n"])
def test_a_person_may_agree(answer: str) -> None:
    person = Person(answer)

    assert approval("ask", HELD, person)[0].decide("rm\n\x1b[2Jx") is HELD
    assert person.questions == ["  rm\n  \\x1b[2Jx\nRun it, held? [y]es, [n]o, [a]ll from now on: "]


@pytest.mark.parametrize("answer", ["n\n", "\n", "", "what\n"])
def test_anything_else_is_a_no(answer: str) -> None:
    assert approval("ask", HELD, Person(answer))[0].decide("ls") == "the user refused this command"


def test_a_person_may_agree_to_all_that_follows() -> None:
    person = Person("a\n")
    told, _ = approval("ask", HELD, person)

    assert [told.decide("ls"), told.decide("pwd")] == [HELD, HELD]
    assert len(person.questions) == 1


def test_each_command_that_cannot_be_confined_is_asked_for() -> None:
    person = Person("a\n", "y\n")
    told, _ = approval("ask", None, person)

    assert told.decide("ls") == "the user refused this command"
    assert isinstance(told.decide("ls"), Unconfined)
    assert person.questions[0] == f"  ls\nRun it, unconfined because {MISSING}? [y]es, [n]o: "


def test_where_nobody_is_the_answer_is_no() -> None:
    told, err = approval("ask", HELD, Person(None))

    assert told.decide("ls") == "nobody can be asked: there is no terminal (--approval ask)"
    assert err.getvalue() == "nex: refused: nobody can be asked: there is no terminal (--approval ask)\n"
