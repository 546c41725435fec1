"""`python -m loadtest.growth`: every sweep to loadtest/plots as JSON and as a plot, and all of them to RESULTS.md as tables.

A sweep whose JSON is there is not measured again.
"""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from loadtest import kept, results
from loadtest.growth import table
from loadtest.growth.measure import measure
from loadtest.growth.sweeps import SWEEPS, Sweep
from loadtest.growth.table import REQUESTS, Document, Documents

TITLE = "How cost grows: `python -m loadtest.growth`"


def main(
    only: Annotated[list[str] | None, typer.Option(help=f"of {', '.join(SWEEPS)}")] = None,
    requests: Annotated[int, typer.Option(help="at each point")] = REQUESTS,
    most: Annotated[int, typer.Option(help="leave out what is larger")] = 10_000,
    folder: Annotated[Path, typer.Option(help="gets JSON and plots")] = results.PAGE.parent / "plots",
    page: Annotated[Path, typer.Option(help="gets the tables")] = results.PAGE,
    again: Annotated[bool, typer.Option("--again", help="begin anew instead of going on")] = False,
    write: Annotated[bool, typer.Option("--write", help="into the page, whatever was left out and whatever else the machine did")] = False,
) -> None:
    names = chosen(only)
    if again:
        forget(folder, names)
    found = {name: swept(folder, name, requests, most) for name in names}
    text = table.section(found, folder, page)
    typer.echo(text)
    if write or (table.whole(found) and quiet(found)):
        results.put(page, TITLE, text)
    else:
        typer.echo(
            f"Not written into {page}: not all sweeps at full size (--again measures them anew), or something else used the machine."
        )


def chosen(only: list[str] | None) -> list[str]:
    unknown = {*(only or ())} - {*SWEEPS}
    if unknown:
        raise typer.BadParameter(f"there is no {', '.join(sorted(unknown))}")
    return [name for name in SWEEPS if name in (only or SWEEPS)]


def forget(folder: Path, names: list[str]) -> None:
    for name in names:
        (folder / f"{name}.json").unlink(missing_ok=True)


def swept(folder: Path, name: str, requests: int, most: int) -> Document:
    """As the folder has it, or measured now."""
    path = folder / f"{name}.json"
    found = kept.read(path)
    if found is None:
        found = run(SWEEPS[name], requests, most)
        kept.write(path, found)
    path.with_suffix(".svg").write_text(table.drawn(found))
    return found


def run(sweep: Sweep, requests: int, most: int) -> Document:
    points = []
    busy = results.busy()
    for place in (one for one in sweep.places if one <= most):
        points.append({"at": place, **uvloop.run(measure(sweep.point(place), requests))})
        typer.echo(f"{sweep.title}: {points[-1]}")
    return {"sweep": sweep.title, "machine": results.machine(), "busy_percent": busy, "requests": requests, "points": points}


def quiet(found: Documents) -> bool:
    return table.busiest(found) <= results.QUIET_PERCENT


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what it started ends with it
    typer.run(main)
