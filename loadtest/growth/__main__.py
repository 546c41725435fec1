"""`python -m loadtest.growth`: every sweep to loadtest/plots as JSON and as a plot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop

from loadtest import results
from loadtest.growth.measure import measure
from loadtest.growth.plot import svg
from loadtest.growth.sweeps import SWEEPS, Sweep

SERIES = {
    "tokens_per_second": "tokens a second",
    "cpu_us_per_token": "microseconds of the gateways' processors for a token",
    "first_ms": "milliseconds to the first token, median",
}


def main(
    only: Annotated[list[str] | None, typer.Option(help=f"of {', '.join(SWEEPS)}")] = None,
    requests: Annotated[int, typer.Option(help="at each point")] = 512,
    most: Annotated[int, typer.Option(help="leave out what is larger")] = 10_000,
    folder: Annotated[Path, typer.Option()] = results.PAGE.parent / "plots",
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in only or SWEEPS:
        document = run(SWEEPS[name], requests, most)
        (folder / f"{name}.json").write_text(json.dumps(document, indent=2) + "\n")
        (folder / f"{name}.svg").write_text(drawn(SWEEPS[name], document))


def run(sweep: Sweep, requests: int, most: int) -> dict[str, Any]:
    points = []
    busy = results.busy()
    for place in (one for one in sweep.places if one <= most):
        points.append({"at": place, **uvloop.run(measure(sweep.point(place), requests))})
        typer.echo(f"{sweep.title}: {points[-1]}")
    return {"sweep": sweep.title, "machine": results.machine(), "busy_percent": busy, "requests": requests, "points": points}


def drawn(sweep: Sweep, document: dict[str, Any]) -> str:
    points = document["points"]
    series = {title: [float(one[name]) for one in points] for name, title in SERIES.items()}
    return svg(f"{sweep.title}: {document['machine']}", [float(one["at"]) for one in points], series)


if __name__ == "__main__":
    typer.run(main)
