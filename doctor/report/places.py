"""Paths as those know them who read a report elsewhere."""

from doctor.model.location import Location


def below(path: str, directory: str | None) -> str | None:
    """``path`` relative to a directory that it lies in; ``None`` where it does not. Nothing is looked up."""
    if not directory:
        return None
    start = f"{directory.rstrip('/')}/"
    return (path[len(start) :].lstrip("/") or None) if path.startswith(start) else None


def nearby(location: Location, directory: str | None) -> str:
    """``path:line:column`` as far as known, relative to a directory that the file lies in."""
    short = below(location.path, directory)
    return str(location) if short is None else str(location)[len(location.path) - len(short) :]
