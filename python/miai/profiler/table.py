"""Text in columns."""

from __future__ import annotations

from collections.abc import Sequence


def format_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns under their heads, with a line between; numbers to the right.

    >>> print(format_table(["op", "count"], [["matmul", "12"], ["add", "3"]]))
    op      count
    ------  -----
    matmul     12
    add         3
    """
    widths = [max(len(cell) for cell in column) for column in zip(heads, *rows, strict=True)]
    is_number = [bool(rows) and all(_is_number(row[i]) for row in rows) for i in range(len(heads))]

    def line(cells: Sequence[str]) -> str:
        places = zip(cells, widths, is_number, strict=True)
        return "  ".join(c.rjust(w) if right else c.ljust(w) for c, w, right in places).rstrip()

    return "\n".join([line(heads), line(["-" * width for width in widths]), *map(line, rows)])


def _is_number(cell: str) -> bool:
    return cell.rstrip("%").replace(".", "", 1).isdigit() or cell in ("-", "")
