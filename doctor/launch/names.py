"""Names that a spec may hold."""

import re

LONGEST_SESSION = 200
"""Characters; more does not fit into what tmux shows and makes of it."""

_SESSION = re.compile(r"\w[\w-]*")


def session_problem(session: str) -> str | None:
    """Why tmux would not keep this session name as it is, as the rest of "the name ..."; ``None`` where it would."""
    if len(session) > LONGEST_SESSION:
        return f"is longer than {LONGEST_SESSION} characters"
    if _SESSION.fullmatch(session) is None:
        return "does not consist of letters, digits, _ and - alone, or begins with -"
    return None


def variable_problem(name: str) -> str | None:
    """Why no variable can have this name, as the rest of "the name ..."; ``None`` where one can."""
    if not name:
        return "is empty"
    return "contains =" if "=" in name else text_problem(name)


def text_problem(text: str) -> str | None:
    """Why no program can be given this text, as the rest of "it ..."; ``None`` where one can.

    A byte of a path that is no UTF-8 can be given, in the form in which Python keeps it.
    """
    if "\0" in text:
        return "has a NUL character"
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return "has half a surrogate pair, which is no text"
    return None
