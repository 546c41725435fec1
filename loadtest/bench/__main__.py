"""`make bench`: measures what is not measured yet, prints the table, and writes it into RESULTS.md where the machine was quiet."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import typer

from loadtest import results
from loadtest.bench import table
from loadtest.bench.rounds import OTHERS, Bench
from loadtest.bench.works import SERVERS, WORKS
from loadtest.fairness import specs
from loadtest.gateways import CHECKOUT

#: Of a table for the page.
ROUNDS = 3
TITLE = "Side by side with the peers: `make bench`"


def main(
    model: Annotated[list[str] | None, typer.Option(help="embedded ones; nano and pico by default")] = None,
    rounds: Annotated[int, typer.Option(min=1)] = ROUNDS,
    only: Annotated[list[str] | None, typer.Option(help=f"of {', '.join((*WORKS, *OTHERS))}")] = None,
    server: Annotated[list[str] | None, typer.Option(help=f"of {', '.join(SERVERS)}")] = None,
    scale: Annotated[float, typer.Option(help="of the number of requests")] = 1.0,
    folder: Annotated[Path, typer.Option(help="where values are kept")] = CHECKOUT / "build" / "bench",
    page: Annotated[Path, typer.Option(help="gets the table")] = results.PAGE,
    again: Annotated[bool, typer.Option("--again", help="begin anew instead of going on")] = False,
    write: Annotated[bool, typer.Option("--write", help="into the page, whatever was left out and whatever else the machine did")] = False,
) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what it started ends with it
    folder.mkdir(parents=True, exist_ok=True)
    benches = [bench(folder, one, rounds, only, server, scale) for one in model or ["nano", "pico"]]
    for one in benches:
        if again:
            one.path.unlink(missing_ok=True)
        one.go_on()
    text = "\n\n".join([f"{results.machine()}.", *(table.shown(one.model, one.rows) for one in benches)])
    typer.echo(text)
    if write or (all(map(whole, benches)) and quiet(benches)):
        results.put(page, TITLE, text)
    else:
        typer.echo(f"Not written into {page}: it was a shortened run, or something else used the machine.")


def bench(folder: Path, model: str, rounds: int, only: list[str] | None, server: list[str] | None, scale: float) -> Bench:
    works, servers = tuple(only or (*WORKS, *OTHERS)), tuple(server or SERVERS)
    models = {one.id for one in specs().models}
    unknown = {*works} - {*WORKS, *OTHERS} | {*servers} - {*SERVERS} | {model} - models
    if unknown:
        raise typer.BadParameter(f"there is no {', '.join(sorted(unknown))}")
    return Bench(folder / f"{model}.jsonl", model, rounds, works, servers, scale)


def whole(one: Bench) -> bool:
    """Every work of every server, in enough rounds, with no fewer requests than there are by default."""
    return {*one.works} == {*WORKS, *OTHERS} and {*one.servers} == {*SERVERS} and one.rounds >= ROUNDS and one.scale >= 1


def quiet(benches: list[Bench]) -> bool:
    return all(row.busy <= results.QUIET_PERCENT for one in benches for row in one.rows)


if __name__ == "__main__":
    typer.run(main)
