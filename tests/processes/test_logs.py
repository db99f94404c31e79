from collections.abc import Callable
from pathlib import Path

import pytest

from doctor.errors import UsageError
from doctor.model.options import Options
from doctor.processes.log_files import Follower
from doctor.processes.logs import follow, log_lines
from doctor.processes.start import Launched

Launch = Callable[..., Launched]
WritePolicy = Callable[..., Path]


def test_what_was_printed_is_shown_without_control_sequences(
    options: Options, write_policy: WritePolicy, start: Launch
) -> None:
    write_policy(a=r"printf '\033[31mred\033[0m\nplain\n'")
    start(wait=True)

    assert log_lines(options, "a") == ("red", "plain")


def test_only_the_last_lines_are_shown_where_so_many_are_asked_for(
    options: Options, write_policy: WritePolicy, start: Launch
) -> None:
    write_policy(a="for i in 1 2 3 4 5; do echo $i; done")
    start(wait=True)

    assert log_lines(options, "a", lines=2) == ("4", "5")
    assert log_lines(options, "a", lines=0) == ()


def test_a_log_is_followed_to_the_end_of_its_process(
    options: Options, write_policy: WritePolicy, start: Launch
) -> None:
    write_policy(a="echo first; while [ ! -e go ]; do sleep 0.05; done; echo second; echo -n last")
    start()
    lines = follow(options, "a")

    assert next(lines) == "first"
    (options.cwd / "go").touch()
    assert list(lines) == ["second", "last"]


def test_the_log_of_an_unknown_process_is_refused(options: Options) -> None:
    with pytest.raises(UsageError, match="no process is called 'x'"):
        log_lines(options, "x")


def test_nothing_is_lost_while_a_log_is_rotated(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"one\n")
    follower = Follower(log)
    seen = [follower.more(last=False)]

    with log.open("ab") as file:
        file.write(b"two\n")
    log.rename(tmp_path / "log.1")
    log.write_bytes(b"three\n")
    seen.append(follower.more(last=False))

    assert seen == ["one\n", "two\nthree\n"]


def test_a_gap_is_told_where_a_log_was_rotated_twice_between_two_looks(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"one\n")
    follower = Follower(log)
    follower.more(last=False)

    log.rename(tmp_path / "read")
    (tmp_path / "log.1").write_bytes(b"unseen\n")
    log.write_bytes(b"three\n")

    assert follower.more(last=False) == "\n[doctor: some of the output in between is not kept]\nthree\n"


def test_a_line_is_shown_once_it_is_whole(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"one\ntw")
    follower = Follower(log)
    seen = [follower.more(last=False)]

    with log.open("ab") as file:
        file.write(b"o\nthr")
    seen += [follower.more(last=False), follower.more(last=True)]

    assert seen == ["one\n", "two\n", "thr"]
