"""`python -m loadtest.chaos`, or `make chaos`, which leaves it to run by itself."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from loadtest.chaos import table
from loadtest.chaos.faults import SCENARIOS
from loadtest.chaos.runs import Run
from loadtest.chaos.world import version_of
from loadtest.gateways import CHECKOUT


def main(
    rounds: Annotated[int | None, typer.Option(help="of each scenario; by default the full number")] = None,
    redis: Annotated[str | None, typer.Option(help="another redis-server")] = None,
    only: Annotated[list[str] | None, typer.Option(help=f"of {', '.join(SCENARIOS)}")] = None,
    seed: Annotated[int | None, typer.Option(help="of a new run; by default drawn")] = None,
    folder: Annotated[Path, typer.Option(help="where what was done is kept")] = CHECKOUT / "build" / "chaos",
    page: Annotated[Path, typer.Option(help="gets the results")] = CHECKOUT / "docs" / "chaos.md",
    again: Annotated[bool, typer.Option("--again", help="begin anew instead of going on")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="return at once; it goes on by itself")] = False,
) -> None:
    version = version_of(redis)
    if again:
        for scenario in only or SCENARIOS:
            Run.path_of(folder, scenario, version).unlink(missing_ok=True)
    runs = [Run.opened(folder, scenario, version, rounds, seed) for scenario in only or SCENARIOS]
    if detach and any(len(run.done) < run.rounds for run in runs):
        leave(folder / f"{version}.log", runs)
    else:
        go_on(runs, redis)
        table.write(page, runs)
        typer.echo(f"All is done and in {page}; --again begins anew.")


def go_on(runs: list[Run], redis: str | None) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what it started ends with it
    for run in runs:
        asyncio.run(run.go_on(redis))


def leave(log: Path, runs: list[Run]) -> None:
    """Also says how far it is, where it runs already."""
    for run in runs:
        typer.echo(f"{run.scenario}: {len(run.done)} of {run.rounds}")
    if any(run.busy for run in runs):
        typer.echo(f"It runs; {log} says how.")
    else:
        arguments = [one for one in sys.argv[1:] if one not in ("--detach", "--again")]
        with log.open("ab") as file:
            command = [sys.executable, "-m", "loadtest.chaos", *arguments]
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True)
        typer.echo(f"Process {process.pid} goes on; {log} says how.")


if __name__ == "__main__":
    typer.run(main)
