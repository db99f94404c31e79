"""What the first processes of agents, and the terminals around them, get of the doctor's environment."""

from collections.abc import Mapping

HANDED_ON = frozenset(
    ("PATH", "HOME", "LANG", "TERM", "SHELL", "USER", "LOGNAME", "TMPDIR", "TMUX_TMPDIR", "TZ", "XDG_RUNTIME_DIR")
)
"""And everything that begins with ``LC_``."""


def scrubbed(environment: Mapping[str, str]) -> dict[str, str]:
    """The part of an environment that a tmux client, and so the server it may start, or a supervisor is given.

    Whoever can reach a tmux socket can read it all with ``tmux show-environment``, so it is an allow-list. An agent
    gets exactly what it is handed.
    """
    return {name: value for name, value in environment.items() if name in HANDED_ON or name.startswith("LC_")}
