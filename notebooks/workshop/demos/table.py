"""A table of words, filled row by row by trying things out; chapters 07 and 10 show what their ways do in one."""

from collections.abc import Iterable
from html import escape


class Table:
    """Rows under headings. As the last line of a cell it shows itself.

    Args:
        columns: the headings.

    Attributes:
        rows: what stands below them.
    """

    def __init__(self, columns: Iterable[str]) -> None:
        self.columns = tuple(columns)
        self.rows: list[tuple[str, ...]] = []

    def __repr__(self) -> str:
        rows = [self.columns, *self.rows]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)

    def _repr_html_(self) -> str:
        rows = "".join(_row(row, "td") for row in self.rows)
        return f"<table><thead>{_row(self.columns, 'th')}</thead><tbody>{rows}</tbody></table>"


def _row(cells: Iterable[str], kind: str) -> str:
    left = f'<{kind} style="text-align: left">'  # Jupyter's own tables are for numbers
    return f"<tr>{''.join(f'{left}{escape(cell)}</{kind}>' for cell in cells)}</tr>"
