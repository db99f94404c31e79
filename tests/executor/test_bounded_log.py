"""A log that is given up from its old end."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.executor.bounded_log import BoundedLog


def _parts(path: Path) -> tuple[bytes, bytes]:
    older = Path(f"{path}.1")
    return older.read_bytes() if older.exists() else b"", path.read_bytes()


@given(pieces=st.lists(st.binary(max_size=40), max_size=20))
def test_it_keeps_the_newest_without_a_gap(pieces: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("log") / "log"
    log = BoundedLog(str(path), 16)
    for each in pieces:
        log.write(each)
    log.close()

    older, newer = _parts(path)
    written = b"".join(pieces)
    assert written.endswith(older + newer)
    assert len(older + newer) >= min(len(written), 16)
    assert (len(older) <= 16, len(newer) <= 16, log.lost) == (True, True, 0)


def test_what_cannot_be_written_is_counted(tmp_path: Path) -> None:
    log = BoundedLog(str(tmp_path / "missing" / "log"), 16)

    log.write(b"x" * 40)

    assert log.lost == 40


def test_it_follows_no_link(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_bytes(b"precious")
    (tmp_path / "log").symlink_to(target)

    log = BoundedLog(str(tmp_path / "log"), 1000)
    log.write(b"output")

    assert (target.read_bytes(), log.lost) == (b"precious", 6)
