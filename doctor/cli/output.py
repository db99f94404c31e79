"""Where reports go, and in which format."""

import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from doctor.cli.options import BUILT_IN
from doctor.cli.streams import STDOUT_NAMES, is_terminal, put_pieces, style_for, talking
from doctor.cli.writing import refuse_unwritable, write_text
from doctor.errors import RegistrationError, UsageError
from doctor.model.options import Options
from doctor.model.report import Report
from doctor.report.style import Style

Render = Callable[[Report], str | Iterable[str]]


class Target(NamedTuple):
    """One report to write."""

    format: str
    file: Path | None
    """``None`` is stdout."""


def plan(format_name: str | None, outputs: Iterable[tuple[str, str]], cwd: Path) -> list[Target]:
    """What is to be written: files first, then exactly one report to stdout.

    Args:
        format_name: ``--format``.
        outputs: Formats and files of every ``--output``.
        cwd: Directory that files are relative to.

    Raises:
        UsageError: Two reports would go to one place, or a file cannot be written.
    """
    files: dict[Path, str] = {}
    taken: set[str] = set()
    to_stdout = [format_name] if format_name else []
    for name, file in outputs:
        if file in STDOUT_NAMES:
            to_stdout.append(name)
            continue
        files[cwd / file] = name
        if (real := _real(cwd / file)) in taken:
            raise UsageError(f"--output names {file!r} twice", remedy=_ONE_EACH)
        if _is_stdout_s(real):
            raise UsageError(f"stdout goes to {file!r}, which --output names too", remedy=_ONE_EACH)
        taken.add(real)
    if len(set(to_stdout)) > 1:
        raise UsageError(
            f"stdout takes one report, and {' and '.join(to_stdout)} were asked for",
            remedy="write the others to files: --output FORMAT=FILE",
        )
    for path in files:
        refuse_unwritable(path)
    targets = [Target(name, path) for path, name in files.items()]
    return [*targets, Target(to_stdout[0] if to_stdout else "table", None)]


_ONE_EACH = "give each report a file of its own"


def _real(path: Path) -> str:
    """The file behind every link and ``..``; whether it can be written is found out elsewhere."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return str(path)


def _is_stdout_s(path: str) -> bool:
    """Whether stdout is redirected to that regular file: of two reports in it neither would be whole."""
    try:
        out, there = os.fstat(1), os.stat(path)  # noqa: PTH116 - one of the two is a descriptor
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(out.st_mode) and os.path.samestat(out, there)


def renderers(targets: Iterable[Target], options: Options, style: Style) -> list[tuple[Target, Render]]:
    """Each target with the function that makes its text.

    Raises:
        UsageError: There is no such format.
        RegistrationError: A plugin is malformed.
    """
    return [(target, _renderer(target, options, style)) for target in targets]


def _renderer(target: Target, options: Options, style: Style) -> Render:
    if target.format not in BUILT_IN:
        return _of_plugin(target.format, options)
    from doctor.report.formats import FORMATS, STYLED  # noqa: PLC0415 - behind the start-up of usage errors

    if target.format not in STYLED:
        return FORMATS[target.format]
    if target.file is not None:
        style = Style(verbose=style.verbose, quiet=style.quiet)
    elif target.format == "plain":
        style = Style(unicode=style.unicode, verbose=style.verbose, quiet=style.quiet)
    name = "table" if target.format == "table" and _is_for_reading(target, style) else "plain"
    return lambda report: STYLED[name](report, style)


def _is_for_reading(target: Target, style: Style) -> bool:
    """Whether a table would be seen as one: in a terminal, or where colour is insisted on."""
    return target.file is None and (style.color or is_terminal(sys.stdout))


def _of_plugin(name: str, options: Options) -> Render:
    from doctor.config.names import nearest  # noqa: PLC0415 - few runs use a plugin's format
    from doctor.diagnosis.run import prepare  # noqa: PLC0415 - see above

    with talking():
        formats = prepare(options).plugins.formats
    if name not in formats:
        known = sorted({*BUILT_IN, *formats})
        hint = nearest(name, known)
        raise UsageError(
            f"no report format is called {name!r}",
            remedy=f"did you mean {hint!r}?" if hint else f"formats: {', '.join(known)}",
        )
    return lambda report: _guarded(name, formats[name], report)


def _guarded(name: str, render: Callable[..., object], report: Report) -> str | Iterator[str]:
    text = _called(name, lambda: render(report))
    if isinstance(text, str):
        return text
    if not isinstance(text, Iterable) or isinstance(text, bytes | bytearray | Mapping):
        raise RegistrationError(f"the report format {name!r} returned {type(text).__name__}, expected text")
    return _guarded_pieces(name, text)


def _guarded_pieces(name: str, text: Iterable[object]) -> Iterator[str]:
    pieces: Any = _called(name, lambda: iter(text))
    while (piece := _called(name, lambda: next(pieces, _END))) is not _END:
        if not isinstance(piece, str):
            raise RegistrationError(f"the report format {name!r} gave {type(piece).__name__}, expected text")
        yield piece


_END = object()
"""Behind the last piece; a plugin that gives nothing instead of a piece has a defect, and is not at its end."""


def _called(name: str, part: Callable[[], object]) -> object:
    """What a part of a plugin's format gives, while whatever it prints is talk."""
    try:
        with talking():
            return part()
    except (Exception, SystemExit, GeneratorExit) as error:
        raise RegistrationError(f"the report format {name!r} failed: {type(error).__name__}: {error}") from error


def deliver(report: Report, renders: Iterable[tuple[Target, Render]]) -> None:
    """Write every report as it comes, stdout last, so that a failure leaves stdout to the message about it.

    A report that comes in pieces and fails among them has left some of them on stdout; of a file, nothing is changed.

    Raises:
        UsageError: A file cannot be written, or stdout is closed and there is no file.
        RegistrationError: A plugin's format failed.
    """
    texts = [(target, render(report)) for target, render in renders]
    to_file_alone = sys.stdout is None and len(texts) > 1
    for target, text in texts:
        if target.file is not None:
            write_text(target.file, text)
        elif not to_file_alone:
            put_pieces((text,) if isinstance(text, str) else text)


def style_of(*, color: str | None, verbose: bool, quiet: bool, home: Path) -> Style:
    """How reports for people look on stdout."""
    return style_for(sys.stdout, os.environ, color=color, verbose=verbose, quiet=quiet, home=str(home))
