from hypothesis import given
from hypothesis import strategies as st

from doctor.report.word_diff import Piece, word_diff

TEXTS = st.lists(st.sampled_from(("a", "b c", "d", "", "e f g")), max_size=6).map("\n".join)


def test_words_are_told_apart() -> None:
    assert word_diff("run the tests", "run no tests") == [
        Piece("same", "run "),
        Piece("removed", "the"),
        Piece("added", "no"),
        Piece("same", " tests"),
    ]


def test_what_is_the_same_far_away_is_left_out() -> None:
    before = "".join(f"line {number}\n" for number in range(20))
    pieces = word_diff(before, before.replace("line 10\n", "line ten\n"))
    assert [piece.kind for piece in pieces] == [
        "left out",
        "same",
        "same",
        "removed",
        "added",
        "same",
        "same",
        "left out",
    ]


@given(before=TEXTS, after=TEXTS)
def test_the_pieces_hold_everything_that_is_new_and_that_is_gone(before: str, after: str) -> None:
    pieces = word_diff(before, after)
    if any(piece.kind == "left out" for piece in pieces):
        return
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == after


def test_texts_too_long_to_compare_are_told_whole() -> None:
    before, after = "a\n" * 5000, "b\n" * 5000
    assert word_diff(before, after) == [Piece("removed", before), Piece("added", after)]
