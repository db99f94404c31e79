from hypothesis import given
from hypothesis import strategies as st

from doctor.nex.output import BoundedOutput


def kept(*pieces: bytes, head: int = 4, tail: int = 3) -> str:
    output = BoundedOutput(head=head, tail=tail)
    for piece in pieces:
        output.add(piece)
    return output.text()


def test_what_fits_is_kept_whole() -> None:
    assert kept(b"ab", b"cde", b"fg") == "abcdefg"


def test_the_middle_is_left_out_and_counted() -> None:
    assert kept(b"abcdef", b"ghij") == "abcd\n[... 3 bytes left out ...]\nhij"


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert kept(b"a\xff") == "a\ufffd"


@given(st.lists(st.binary(max_size=9), max_size=9))
def test_pieces_do_not_matter(pieces: list[bytes]) -> None:
    assert kept(*pieces) == kept(b"".join(pieces))
