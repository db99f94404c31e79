"""Telling every running process of this tool that settings have changed."""

import threading
from collections.abc import Sequence

from doctor.config.paths import Paths
from doctor.control.protocol import (
    ANSWER_LIMIT,
    LIMIT,
    ProtocolError,
    Reply,
    Request,
    read_reply,
    receive_line,
    request_line,
    send_line,
)
from doctor.control.registry import Record, listening
from doctor.control.sockets import connect, is_ours
from doctor.os_processes import is_alive
from doctor.settings.results import Daemon


def notify_all(paths: Paths, profile: str | None) -> tuple[Daemon, ...]:
    """Have every process that follows these settings read them again, all at once.

    One that cannot be reached, or keeps what it had, is an answer too; one that ends meanwhile is none. Nothing is
    raised, and it takes no longer than the slowest answer may.

    Args:
        paths: Whose settings changed.
        profile: The profile that is active now; ``None``: none is.

    Returns:
        One for each process, by number.
    """
    records = listening(paths)
    answers: list[Daemon | None] = [None] * len(records)

    def ask(index: int, record: Record) -> None:
        answers[index] = _ask(record, Request(profile=profile))

    _side_by_side([threading.Thread(target=ask, args=each, daemon=True) for each in enumerate(records)])
    return tuple(answer for answer in answers if answer is not None)


def _side_by_side(threads: Sequence[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _ask(record: Record, request: Request) -> Daemon | None:
    """What a process answers; ``None`` when it has ended instead."""
    try:
        reply = _converse(record, request)
    except ProtocolError as error:
        problem = f"its answer {error}"
    except TimeoutError:
        problem = f"it did not answer within {ANSWER_LIMIT:.0f} s"
    except OSError as error:
        problem = f"it cannot be reached: {error.strerror or error}"
    else:
        return Daemon(pid=record.pid, ok=reply.ok, error=reply.error, values=reply.values)
    gone = not is_alive(record.pid, record.began)
    return None if gone else Daemon(pid=record.pid, ok=False, error=problem, values={})


def _converse(record: Record, request: Request) -> Reply:
    with connect(record.socket_path, limit=LIMIT) as connection:
        if not is_ours(connection):
            raise PermissionError("another user listens there")
        send_line(connection, request_line(request))
        return read_reply(receive_line(connection, limit=ANSWER_LIMIT))
