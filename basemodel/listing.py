"""A table for people. Its cells break between words only; where a terminal is too narrow for that, each row is a list of its cells.

What is no terminal, a pipe or a file, gets every row on one line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

#: Whatever is longer may be broken anywhere: an address, a path.
LONGEST_WORD = 32
GAP = 2


@dataclass(frozen=True)
class Listing:
    columns: list[str]
    rows: list[list[str]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        widths = self.widths(options.max_width if console.is_terminal else None)
        if widths is None:
            yield from self._lists()
        else:
            yield from console.render(self._table(widths), options.update(width=sum(widths) + GAP * len(widths)))

    def widths(self, limit: int | None) -> list[int] | None:
        """Of the columns, the widest ones narrowed until all fit into the limit. None where a word would have to be broken."""
        cells = [[name, *(row[place] for row in self.rows)] for place, name in enumerate(self.columns)]
        widths = [_longest(line for cell in column for line in cell.splitlines()) for column in cells]
        least = [min(_longest(word for cell in column for word in cell.split()), LONGEST_WORD) for column in cells]
        room = sum(widths) if limit is None else limit - GAP * (len(widths) - 1)
        if sum(least) > room:
            return None
        while sum(widths) > room:
            _, widest = max((width, place) for place, width in enumerate(widths) if width > least[place])
            widths[widest] -= 1
        return widths

    def _table(self, widths: list[int]) -> Table:
        made = Table(box=None, pad_edge=False, header_style="bold")
        for name, width in zip(self.columns, widths, strict=True):
            made.add_column(name, width=width, overflow="fold")
        for row in self.rows:
            made.add_row(*(Text(cell) for cell in row))
        return made

    def _lists(self) -> Iterator[RenderableType]:
        """What is empty is left out."""
        for number, row in enumerate(self.rows):
            made = Table.grid(padding=(0, GAP, 0, 0))
            made.add_column(style="bold", width=_longest(self.columns))
            made.add_column(overflow="fold")
            for name, cell in zip(self.columns, row, strict=True):
                if cell:
                    made.add_row(name, Text(cell))
            if number:
                yield Text()
            yield made


def _longest(texts: Iterator[str] | list[str]) -> int:
    return max((cell_len(text) for text in texts), default=1) or 1
