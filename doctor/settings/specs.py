"""Model specs as this tool writes them."""

from doctor.harness.base import Harness


def spec_for(harness: Harness, model: str) -> str:
    """The spec of a model of a harness, led by the harness's shortest name, such as ``claude:opus``."""
    return f"{min((harness.id, *harness.aliases), key=len)}:{model}"
