"""The one way in which the database is changed."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing, with the write lock held from the start: what is read in it still holds when it commits."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:  # whatever ends it early, an interrupt too
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
