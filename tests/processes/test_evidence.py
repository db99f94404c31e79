"""From lines to what they prove, with signs made up here; the real ones are in tests/harness."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.harness.signs import Sign, failure, question
from doctor.model.failure import FailureKind
from doctor.model.process import Observation, OutcomeKind, Receipt
from doctor.model.spec import Mode
from doctor.processes.evidence import (
    EVIDENCE_LINES,
    EVIDENCE_WIDTH,
    LAST_LINES,
    SCREEN_LINES,
    Judged,
    dialog_on,
    failure_of,
    is_ready,
    plain_lines,
    squeeze,
    trouble_in,
)

TRUST = question("trust", r"^Doyoutrustthisfolder\?", "trust it")
REFUSED = failure(FailureKind.AUTH_EXPIRED, r"^ERROR:401", remedy="renew it")
LIMITED = failure(FailureKind.QUOTA, r"^ERROR:429", remedy="wait", dialog=True)
HIDDEN = failure(FailureKind.AUTH_EXPIRED, r"^HTTP401:", remedy="renew it", despite_success=True)
BROKEN = failure(FailureKind.UNKNOWN, r"^ERROR:500", remedy="again")
SIGNS = (TRUST, REFUSED, LIMITED, HIDDEN, BROKEN)
READY = (r">Askanything",)

RUNNING = Observation(
    process_id="a-1", spec_id="s", attempt=1, executor="process", session="a", run_id="r", submitted_at=0.0
)
EXITED = replace(RUNNING, ended=True, kind=OutcomeKind.EXITED, code=1)


def judge(
    observation: Observation, *printed: str, signs: tuple[Sign, ...] = SIGNS, mode: Mode = Mode.HEADLESS
) -> Judged | None:
    return failure_of(observation, printed, signs, mode=mode)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", ()),
        ("one\ntwo\n", ("one", "two")),
        ("one\r\n\r\ntwo", ("one", "", "two")),
        ("\x1b[1;31mred\x1b[0m and \x1b[38;2;1;2;3mtrue\x1b[m", ("red and true",)),
        ("\x1b]0;a title\x07text \x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", ("text link",)),
        ("\x1bP1$r0m\x1b\\seen\x1b_hidden\x1b\\", ("seen",)),
        ("\x1b(B\x1b7\x1b[?25lseen\x1b8\x1b=\x1b[>4m", ("seen",)),
        ("\x1b[2;1Hfirst\x1b[3;1Hsecond\x1b[K", ("first", "second")),
        ("\x1b[2;1Hone\x1b[2;9Hrow\x1b[3;1Hnext", ("one row", "next")),
        ("\x1b[2;1Hone\nother\x1b[2;1Hagain", ("one", "other", "again")),
        ("Do\x1b[1Cyou\x1b[12Gtrust", ("Do you trust",)),
        ("10 %\r50 %\r100 %\ndone", ("100 %", "done")),
        ("\rwaiting\b\b\b\b\b\b\b\r       \r\n", ("waiting",)),
        ("bell\x07 null\x00 end", ("bell null end",)),
        ("cut off\x1b[3", ("cut off",)),
        ("cut off\x1b]0;a tit", ("cut off",)),
        ("a stray \x1b]0;start\nhides no other line", ("a stray", "hides no other line")),
        ("cut off\x1b", ("cut off",)),
    ],
)
def test_control_sequences_are_taken_out(written: str, expected: tuple[str, ...]) -> None:
    assert plain_lines(written) == expected


@given(st.text(st.sampled_from("ab \n\r\x1b[]();?0123HmJK\x07\\\u2502"), max_size=200))
def test_no_control_character_is_ever_left(written: str) -> None:
    assert all(character.isprintable() or character == "\t" for line in plain_lines(written) for character in line)


def test_white_space_and_boxes_do_not_count() -> None:
    assert squeeze("\u2502 Do you\u00a0trust \u2503 it?\t\u2588\u2591 \u2502") == "Doyoutrustit?"
    assert squeeze("\u256d\u2500\u2500\u256e") == ""


def test_a_sign_says_what_waits_with_the_line_that_proves_it() -> None:
    assert dialog_on(("Welcome", " Do you trust this folder? ", " 1. Yes"), SIGNS) == Judged(
        kind="trust", evidence=("Do you trust this folder?",), remedy="trust it", retry=False
    )


def test_a_sentence_may_be_broken_at_the_edge_of_the_screen() -> None:
    judged = dialog_on(("\u2502 Do you trust this   \u2502", "\u2502 folder? \u2502", "\u2502 Yes \u2502"), SIGNS)
    assert judged is not None
    assert judged.evidence == ("Do you trust this", "folder?")


def test_a_sentence_that_goes_on_from_another_line_is_not_its_beginning() -> None:
    assert dialog_on(("They ask:", "well, Do you trust this folder?"), SIGNS) is None


def test_only_what_waits_counts_on_a_screen() -> None:
    assert dialog_on(("ERROR: 401",), SIGNS) is None
    assert dialog_on(("ERROR: 429",), SIGNS) is not None


def test_a_dialog_above_the_prompt_waits_for_nobody() -> None:
    screen = ("Do you trust this folder?", "> Ask anything")
    assert dialog_on(screen, SIGNS, ready=READY) is None
    assert dialog_on(tuple(reversed(screen)), SIGNS, ready=READY) is not None


def test_a_failure_above_the_prompt_still_counts() -> None:
    judged = dialog_on(("ERROR: 429", "> Ask anything"), SIGNS, ready=READY)
    assert judged is not None
    assert judged.kind == "quota"


def test_a_dialog_that_was_scrolled_up_does_not_count() -> None:
    below = tuple(f"line {number}" for number in range(SCREEN_LINES - 1))
    assert dialog_on(("Do you trust this folder?", "", *below), SIGNS) is not None
    assert dialog_on(("Do you trust this folder?", "", *below, "one more"), SIGNS) is None


def test_a_prompt_is_found_whatever_is_drawn_around_it() -> None:
    assert is_ready(("\u2500\u2500\u2500", "  > Ask any", "thing"), READY)
    assert not is_ready(("loading",), READY)
    assert not is_ready(("> Ask anything",), ())


def test_a_run_is_stuck_in_what_it_said_last() -> None:
    said = ("start", "ERROR: 429, next try in 8 s", "    at retry (x.js:1)", "    at run (x.js:2)", "}")
    judged = trouble_in(said, SIGNS)
    assert judged == Judged(kind="quota", evidence=("ERROR: 429, next try in 8 s",), remedy="wait", retry=True)


def test_a_run_that_goes_on_is_not_stuck() -> None:
    assert trouble_in(("ERROR: 429", "one", "two", "three"), SIGNS) is not None
    assert trouble_in(("ERROR: 429", "one", "two", "three", "four"), SIGNS) is None
    assert trouble_in((), SIGNS) is None


def test_a_process_that_runs_or_was_stopped_has_not_failed() -> None:
    assert judge(RUNNING, "ERROR: 401") is None
    assert judge(replace(EXITED, cancelled=True), "ERROR: 401") is None
    assert judge(replace(EXITED, kind=OutcomeKind.KILLED, code=None, signal="SIGTERM", cancelled=True)) is None


def test_what_the_executor_knows_comes_before_what_was_printed() -> None:
    missing = replace(EXITED, kind=OutcomeKind.FAILED_TO_START, problem=FailureKind.CLI_MISSING, detail=("no codex",))
    judged = judge(missing, "ERROR: 401")
    assert judged is not None
    assert (judged.kind, judged.evidence, judged.retry) == ("cli-missing", ("no codex",), False)
    assert judged.remedy


def test_an_executors_problem_is_remedied_in_the_words_of_the_harness() -> None:
    judged = judge(replace(EXITED, problem=FailureKind.QUOTA), "nothing else")
    assert judged == Judged(kind="quota", evidence=("nothing else",), remedy="wait", retry=True)


def test_a_failure_is_named_by_the_last_sign() -> None:
    assert judge(EXITED, "ERROR: 429", "retrying", "ERROR: 401 no", "bye") == Judged(
        kind="auth-expired", evidence=("ERROR: 401 no",), remedy="renew it", retry=False
    )


def test_of_two_signs_on_one_line_the_first_one_counts() -> None:
    other = failure(FailureKind.NOT_LOGGED_IN, r".*401")
    judged = judge(EXITED, "ERROR: 401", signs=(other, REFUSED))
    assert judged is not None
    assert judged.kind == "not-logged-in"


def test_a_failure_without_a_sign_is_its_exit_code_with_the_last_lines() -> None:
    printed = [f"line {number}" for number in range(9)]
    assert judge(replace(EXITED, code=7), *printed, "", "  ") == Judged(
        kind="exited(7)", evidence=tuple(printed[-EVIDENCE_LINES:])
    )


def test_a_failure_that_printed_nothing_is_its_exit_code() -> None:
    assert judge(replace(EXITED, code=7)) == Judged(kind="exited(7)", evidence=())


def test_a_sign_may_explain_an_exit_code_without_naming_it() -> None:
    assert judge(EXITED, "ERROR: 500 oops", "bye") == Judged(
        kind="exited(1)", evidence=("ERROR: 500 oops",), remedy="again", retry=True
    )


def test_a_dialog_is_no_reason_of_an_end() -> None:
    judged = judge(EXITED, "Do you trust this folder?")
    assert judged is not None
    assert judged.kind == "exited(1)"


def test_what_was_printed_long_before_the_end_does_not_count() -> None:
    after = [f"line {number}" for number in range(LAST_LINES)]
    judged = judge(EXITED, "ERROR: 401", *after)
    assert judged is not None
    assert judged.kind == "exited(1)"


def test_success_is_believed_unless_a_sign_says_otherwise() -> None:
    success = replace(EXITED, code=0)
    assert judge(success, "ERROR: 401") is None
    assert judge(success, "HTTP 401: no") == Judged(
        kind="auth-expired", evidence=("HTTP 401: no",), remedy="renew it", retry=False
    )


def test_success_is_doubted_by_the_last_lines_only() -> None:
    success = replace(EXITED, code=0)
    assert judge(success, "HTTP 401: no", *(f"line {number}" for number in range(20))) is None


def test_what_a_person_saw_before_leaving_is_no_failure() -> None:
    assert judge(replace(EXITED, code=0), "HTTP 401: no", mode=Mode.INTERACTIVE) is None


def test_a_success_that_never_got_its_prompt_is_none() -> None:
    judged = judge(replace(EXITED, code=0, receipt=Receipt.NOT_DELIVERED), "hello")
    assert judged is not None
    assert (judged.kind, judged.evidence, judged.retry) == ("prompt-not-delivered", ("hello",), True)


def test_a_killed_process_names_its_signal() -> None:
    judged = judge(replace(EXITED, kind=OutcomeKind.KILLED, code=None, signal="SIGKILL"), "ERROR: 401")
    assert judged is not None
    assert (judged.kind, judged.evidence, judged.retry) == ("killed(SIGKILL)", ("ERROR: 401",), None)
    assert "memory" in (judged.remedy or "")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (OutcomeKind.TERMINAL_LOST, "terminal-lost"),
        (OutcomeKind.UNKNOWN, "unknown"),
        (OutcomeKind.FAILED_TO_START, "unknown"),
        (None, "unknown"),
    ],
)
def test_an_end_that_nobody_saw_is_not_guessed(kind: OutcomeKind | None, expected: str) -> None:
    judged = judge(replace(EXITED, kind=kind, code=None, detail=("the supervisor is gone",)), "ERROR: 401")
    assert judged is not None
    assert (judged.kind, judged.evidence) == (expected, ("the supervisor is gone",))


def test_evidence_is_bounded_and_free_of_boxes() -> None:
    judged = judge(EXITED, "\u2502 ERROR: 401   " + "x" * 1000 + " \u2502")
    assert judged is not None
    (line,) = judged.evidence
    assert len(line) == EVIDENCE_WIDTH
    assert line.startswith("ERROR: 401  xxx")
    assert line.endswith("\u2026")
