"""What sweeps look like: a plot of each, and a section with a table of each."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from loadtest import results
from loadtest.growth.plot import svg
from loadtest.growth.sweeps import AT_ONCE, LENGTH, SWEEPS, TOKENS

#: At each point of a sweep that is not shortened.
REQUESTS = 512
SERIES = {
    "tokens_per_second": "tokens a second",
    "cpu_us_per_token": "microseconds of the gateways' processors for a token",
    "first_ms": "milliseconds to the first token, median",
}
COLUMNS = [*list(SERIES.values())[:2], "first token, ms", "whole, ms"]

Document = dict[str, Any]
#: By the names of their sweeps.
Documents = dict[str, Document]


def drawn(document: Document) -> str:
    points = document["points"]
    series = {title: [float(one[name]) for one in points] for name, title in SERIES.items()}
    return svg(f"{document['sweep']}: {document['machine']}", [float(one["at"]) for one in points], series)


def whole(found: Documents) -> bool:
    """Whether it is every sweep, with all its places and no fewer requests than there are by default."""
    return {*found} == {*SWEEPS} and all(
        one["requests"] >= REQUESTS and [point["at"] for point in one["points"]] == [*SWEEPS[name].places] for name, one in found.items()
    )


def busiest(found: Documents) -> float:
    """Percent of the machine that others took before a sweep began."""
    return max((float(one["busy_percent"]) for one in found.values()), default=0.0)


def section(found: Documents, folder: Path, page: Path) -> str:
    """Plots are linked as the page's reader finds them."""
    plots = os.path.relpath(folder, page.parent)
    return "\n\n".join([_head(found), *(_sweep(one, f"{plots}/{name}.svg") for name, one in found.items())])


def _head(found: Documents) -> str:
    machines = "; ".join(dict.fromkeys(str(one["machine"]) for one in found.values()))
    counts = " or ".join(f"{count:,}" for count in sorted({one["requests"] for one in found.values()}))
    size = f"{LENGTH} tokens of a prompt, {TOKENS} that are made, {AT_ONCE} streams at once"
    more = f"{counts} streams at each point, more where keys or streams at once are more"
    beside = f"others took up to {busiest(found):.0f} % of the machine before a sweep"
    return f"{machines}.\n\nGateways on scripted engines; where a table says nothing else, {size}; {more}. Times are medians; {beside}."


def _sweep(one: Document, plot: str) -> str:
    rows = [_row(point) for point in one["points"]]
    return f"### By {one['sweep']}\n\n{results.table([one['sweep'], *COLUMNS], rows)}\n\n[Plot]({plot})"


def _row(point: dict[str, float]) -> list[str]:
    times = [f"{point[name]:,.1f}" for name in ("cpu_us_per_token", "first_ms", "whole_ms")]
    return [f"{point['at']:,}", f"{point['tokens_per_second']:,.0f}", *times]
