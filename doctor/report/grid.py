"""Tables of a report: which columns, how wide, drawn by rich."""

from collections.abc import Sequence
from io import StringIO
from typing import TYPE_CHECKING, NamedTuple

from doctor.report.paint import color_name
from doctor.report.style import Style
from doctor.report.visible import middle_cut

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

GAP = 2
"""Columns between two columns."""

NARROWEST_PATH = 20
NARROWEST_TEXT = 8


class Column(NamedTuple):
    """One column of a table."""

    title: str
    kind: str = "text"
    """``text`` is folded where it is too long, ``word`` never, ``path`` loses its middle. ``status`` is a word in the
    colour that it stands for, with its mark; ``presence`` is one too, but there it is no fault to be absent."""


def draw(columns: Sequence[Column], rows: Sequence[Sequence[str]], style: Style) -> str:
    """A table as text that fits ``style.width`` as far as its unbreakable words allow.

    Columns in which every row is empty are left out. Cells are printed as they are: they must be safe to print.

    Args:
        columns: The columns.
        rows: Cells of each row, as many as there are columns.
        style: ``width``, ``color`` and ``unicode`` are used.
    """
    kept = [index for index, _ in enumerate(columns) if any(row[index] for row in rows)]
    columns = [columns[index] for index in kept]
    body = [[row[index] for index in kept] for row in rows]
    widths = [_least(column, cells) for column, cells in zip(columns, zip(*body, strict=True), strict=True)]
    needed = sum(widths) + GAP * (len(columns) - 1)
    room = NARROWEST_PATH + max(0, style.width - needed)
    for row in body:
        for index, column in enumerate(columns):
            if column.kind == "path":
                row[index] = middle_cut(row[index], room, style.ellipsis)
    return _printed(_table(columns, body, style), max(style.width, needed), style)


def _least(column: Column, cells: Sequence[str]) -> int:
    """The width below which a column would lose text. A long line is better than a cut word."""
    widest = max(len(cell) for cell in (column.title, *cells))
    if column.kind in {"status", "presence"}:
        return widest + len("x ")
    limits = {"text": NARROWEST_TEXT, "path": NARROWEST_PATH}
    return min(widest, limits.get(column.kind, widest))


def _table(columns: Sequence[Column], rows: Sequence[Sequence[str]], style: Style) -> "Table":
    from rich.table import Table  # noqa: PLC0415 - 30 ms, and only a terminal gets it
    from rich.text import Text  # noqa: PLC0415 - see above

    table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(Text(column.title), overflow="fold", no_wrap=column.kind != "text")
    for row in rows:
        table.add_row(*(_cell(column, cell, style) for column, cell in zip(columns, row, strict=True)))
    return table


def _cell(column: Column, cell: str, style: Style) -> "Text":
    from rich.text import Text  # noqa: PLC0415 - see above

    if column.kind not in {"status", "presence"}:
        return Text(cell)
    if not cell:
        return Text("")
    shown = "skipped" if column.kind == "presence" and cell == "absent" else cell
    return Text(f"{style.symbol(shown)} {cell}", style=color_name(shown))


def _printed(table: "Table", width: int, style: Style) -> str:
    from rich.console import Console  # noqa: PLC0415 - see above

    target = StringIO()
    console = Console(
        file=target,
        width=width,
        force_terminal=style.color,
        color_system="standard" if style.color else None,
        no_color=not style.color,
        force_jupyter=False,
        legacy_windows=False,
        _environ={},
    )
    console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in target.getvalue().split("\n")[:-1])
