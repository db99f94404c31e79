"""Versions as programs print them: found, compared and held against a requirement."""

import re

_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_MOST_DIGITS = 18
"""Digits of one part; Python refuses to read numbers of some thousands, and no version has them."""

_NUMBER = rf"\d{{1,{_MOST_DIGITS}}}(?!\d)"
_FULL = re.compile(rf"(?<![\w.])v?({_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:[-+][0-9A-Za-z.-]+)?)", re.ASCII)
_SHORT = re.compile(rf"(?<![\w.])v?({_NUMBER}\.{_NUMBER}[a-z]?)(?![\w.])", re.ASCII)
_RELEASE = re.compile(rf"{_NUMBER}(?:\.{_NUMBER})*", re.ASCII)

VersionKey = tuple[tuple[int, ...], int, tuple[tuple[int, int, str], ...]]


def find_version(stdout: str, stderr: str = "") -> tuple[str, str] | None:
    """The version in a program's answer and the line it stands in.

    The first version of the first line that has one counts: several programs go on to print the versions of their
    runtime or of their libraries. Standard output is searched before standard error, where some print warnings and one
    (Pi) its version. Two-part versions (``tmux 3.3a``) count only where there is no version of three parts.

    Returns:
        Such as ``("0.169.0", "codex-cli 0.169.0")``, or ``None``.
    """
    for pattern in (_FULL, _SHORT):
        for text in (stdout, stderr):
            for line in _ESCAPE.sub("", text).splitlines():
                if found := pattern.search(line):
                    return found[1].rstrip("."), " ".join(line.split())
    return None


def release(version: str) -> tuple[int, ...]:
    """The numbers a version starts with, trailing zeros dropped: ``(0, 169)`` for ``0.169.0-alpha.1``."""
    found = _RELEASE.match(version.strip().removeprefix("v"))
    numbers = [int(part) for part in found[0].split(".")] if found else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def version_key(version: str) -> VersionKey:
    """A key to sort versions by: numbers first, and ``1.2.0-alpha.3`` before ``1.2.0``. A ``+build`` says nothing."""
    _, dash, suffix = version.partition("+")[0].partition("-")
    parts = tuple(
        (0, int(part), "") if part.isdecimal() and len(part) <= _MOST_DIGITS else (1, 0, part)
        for part in suffix.split(".")
    )
    return release(version), 0 if dash else 1, parts if dash else ()


def version_at_least(version: str | None, least: str) -> bool:
    """Whether ``version`` is ``least`` or newer. An unknown version (``None``) is taken for the newest."""
    return version is None or version_key(version) >= version_key(least)


def satisfies(version: str, specifier: str) -> bool:
    """Whether ``version`` meets a requirement such as ``>=0.160,<1``; pre-releases count like any other version.

    A version that the packaging rules do not know, such as Amp's ``0.0.1790142911-g7618fb``, is judged by the
    numbers it starts with.

    Raises:
        ValueError: ``specifier`` is no requirement, or ``version`` does not start with a number.
    """
    from packaging.specifiers import SpecifierSet  # noqa: PLC0415 - few policies require a version
    from packaging.version import Version  # noqa: PLC0415

    try:
        parsed = Version(version)
    except ValueError:
        parsed = Version(".".join(map(str, release(version))))
    return SpecifierSet(specifier).contains(parsed, prereleases=True)
