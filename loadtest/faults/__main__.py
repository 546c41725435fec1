"""`python -m loadtest.faults`: all scenarios on one cluster of this machine, in about ten minutes; prints a table and JSON."""

from __future__ import annotations

import asyncio
import json
import signal
from dataclasses import asdict
from typing import Annotated

import typer

from loadtest.faults.judge import Result
from loadtest.faults.runs import run
from loadtest.faults.scenarios import SCENARIOS
from loadtest.faults.scene import QUICK, Size
from loadtest.faults.table import table
from loadtest.faults.world import world


def main(
    only: Annotated[list[str] | None, typer.Option(help=f"of {', '.join(SCENARIOS)}")] = None,
    clients: Annotated[int, typer.Option(help="half of them want streams, half whole answers")] = Size().clients,
    quick: Annotated[bool, typer.Option("--quick", help="few clients and short streams")] = False,
) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what it started ends with it
    results: list[Result] = []
    with world() as cluster:
        for name in only or SCENARIOS:
            results.append(asyncio.run(run(cluster, SCENARIOS[name], QUICK if quick else Size(clients))))
            typer.echo(json.dumps(asdict(results[-1])), err=True)
    typer.echo(table(results))
    typer.echo(json.dumps([asdict(one) for one in results], indent=2))


if __name__ == "__main__":
    typer.run(main)
