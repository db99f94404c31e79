"""What the HTML page is put together from."""

from collections.abc import Iterable, Iterator, Sequence

from doctor.report.markup import escaped

STYLE = """
:root { color-scheme: light dark; --line: #8885; --bad: #b3261e; --warn: #8a5a00; --good: #1b6e2e; --note: #1f5f8b; }
@media (prefers-color-scheme: dark) { :root { --bad: #ff9a90; --warn: #f0c060; --good: #86d993; --note: #8cc8f0; } }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 80rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: 1.5rem 0; }
caption { text-align: left; font-weight: bold; font-size: 1.2rem; padding: .3rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
pre { white-space: pre-wrap; margin: 0; }
dl { display: grid; grid-template-columns: max-content auto; gap: 0 1rem; }
dd { margin: 0; overflow-wrap: anywhere; }
.error, .absent, .failed, .timeout, .crashed { color: var(--bad); }
.warning, .skipped { color: var(--warn); }
.ok, .passed { color: var(--good); }
.info { color: var(--note); }
@media print { body { max-width: none; margin: 0; } tr { break-inside: avoid; } }
"""

FOOT = "</main>\n</body>\n</html>\n"

_PLAIN_WORDS = frozenset(
    {"error", "warning", "info", "ok", "absent", "passed", "failed", "skipped", "timeout", "crashed"}
)


def head(title: str) -> str:
    """The beginning of a page that may load nothing and run nothing.

    Args:
        title: Escaped.
    """
    policy = f"default-src 'none'; style-src 'sha256-{_digest(STYLE)}'; base-uri 'none'; form-action 'none'"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
    )


def _digest(text: str) -> str:
    from base64 import b64encode  # noqa: PLC0415 - one use
    from hashlib import sha256  # noqa: PLC0415 - see above

    return b64encode(sha256(text.encode()).digest()).decode()


def table(caption: str, titles: Sequence[str], rows: Iterable[Sequence[str]], *, raw: bool = False) -> Iterator[str]:
    """A table; nothing where there are no rows.

    Args:
        caption: What it is called.
        titles: Of the columns. The first one is that of the row's status.
        rows: Cells, as many as there are titles.
        raw: The cells are HTML and not text.
    """
    begun = False
    for cells in rows:
        if not begun:
            heads = "".join(f'<th scope="col">{escaped(title) or "Status"}</th>' for title in titles)
            yield f"<table>\n<caption>{escaped(caption)}</caption>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n"
            begun = True
        yield _row(cells if raw else [escaped(cell) for cell in cells])
    if begun:
        yield "</tbody>\n</table>\n"


def _row(cells: Sequence[str]) -> str:
    first, *rest = cells
    kind = f' class="{first}"' if first in _PLAIN_WORDS else ""
    others = "".join(f"<td>{cell}</td>" for cell in rest)
    return f'<tr><th scope="row"{kind}>{first}</th>{others}</tr>\n'


def details(summary: str, content: Iterable[str]) -> Iterator[str]:
    """Content that is folded away; nothing where there is none."""
    begun = False
    for chunk in content:
        if not begun:
            yield f"<details>\n<summary>{escaped(summary)}</summary>\n"
            begun = True
        yield chunk
    if begun:
        yield "</details>\n"
