"""`python -m loadtest.memory`: each scene's result to a folder as soon as it is known, and all of them to RESULTS.md as a table.

A scene that the folder has at the same size is not played again. Prints one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import resource
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from loadtest import kept, results
from loadtest.gateways import CHECKOUT
from loadtest.memory import table
from loadtest.memory.readers import readers
from loadtest.memory.scene import Found
from loadtest.memory.scenes import idle, requests, waiting
from loadtest.memory.table import CONNECTIONS, LINE, READERS, REQUESTS, STALL_SECONDS, Size, sizes

TITLE = "What a gateway's memory does: `python -m loadtest.memory`"
SCENES: dict[str, Callable[..., Awaitable[Found]]] = {"idle": idle, "waiting": waiting, "readers": readers, "requests": requests}


def main(
    count: Annotated[int, typer.Option("--requests")] = REQUESTS,
    connections: Annotated[int, typer.Option()] = CONNECTIONS,
    line: Annotated[int, typer.Option(help="requests that wait")] = LINE,
    slow: Annotated[int, typer.Option(help="readers that take nothing")] = READERS,
    stall_seconds: Annotated[float, typer.Option()] = STALL_SECONDS,
    folder: Annotated[Path, typer.Option(help="where results are kept")] = CHECKOUT / "build" / "memory",
    page: Annotated[Path, typer.Option(help="gets the table")] = results.PAGE,
    again: Annotated[bool, typer.Option("--again", help="begin anew instead of going on")] = False,
    write: Annotated[bool, typer.Option("--write", help="into the page, whatever the sizes and whatever else the machine did")] = False,
) -> None:
    if again:
        forget(folder)
    found = {name: played(folder, name, size) for name, size in sizes(count, connections, line, slow, stall_seconds).items()}
    typer.echo(json.dumps({name: one["found"] for name, one in found.items()}, indent=2))
    if write or (table.whole(found) and table.busiest(found) <= results.QUIET_PERCENT):
        results.put(page, TITLE, table.section(found))
    else:
        typer.echo(f"Not written into {page}: it was a shortened run, or something else used the machine.", err=True)


def forget(folder: Path) -> None:
    for name in SCENES:
        (folder / f"{name}.json").unlink(missing_ok=True)


def played(folder: Path, name: str, size: Size) -> dict[str, Any]:
    """As the folder has it at this size, or played now."""
    path = folder / f"{name}.json"
    document = kept.read(path)
    if document is None or document["size"] != size:
        begun = {"machine": results.machine(), "busy_percent": results.busy(), "size": size}
        document = {**begun, "found": asyncio.run(_found(name, size))}
        kept.write(path, document)
    return document


async def _found(name: str, size: Size) -> Found:
    return await SCENES[name](**size)


if __name__ == "__main__":
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # the gateways inherit it
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what it started ends with it
    typer.run(main)
