"""`python -m loadtest.soak`: goes on where it stopped; prints one JSON object, and a whole soak writes its section of RESULTS.md."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from loadtest import results
from loadtest.gateways import CHECKOUT
from loadtest.soak.part import Part
from loadtest.soak.runs import PART_SECONDS, STEP_SECONDS, STEPS, Soak

TITLE = "Hours under load: `python -m loadtest.soak --hours 2 --detach`"
COLUMNS = ["fault", "parts", "answers", "failed around it", "tokens delivered", "charged", "longest hold, s", "broken promises"]


def main(
    hours: Annotated[float, typer.Option()] = 2.0,
    short: Annotated[bool, typer.Option("--short", help="two minutes of little load, about four in all: a check that it runs")] = False,
    folder: Annotated[Path, typer.Option()] = CHECKOUT / "build" / "soak",
    page: Annotated[Path, typer.Option(help="gets the table of a whole soak")] = results.PAGE,
    again: Annotated[bool, typer.Option("--again", help="begin anew instead of going on")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="return at once; it goes on by itself")] = False,
) -> None:
    soak = Soak(folder / "short", 2 / 60, 60.0, (4,), 10.0) if short else Soak(folder / "whole", hours, PART_SECONDS, STEPS, STEP_SECONDS)
    if again:
        for name in ("load.json", "parts.jsonl"):
            (soak.folder / name).unlink(missing_ok=True)
    if detach and len(soak.parts) < soak.count:
        leave(soak)
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what it started ends with it
    if len(soak.parts) < soak.count:
        soak.go_on()
    tell(soak, page)


def leave(soak: Soak) -> None:
    done = f"{len(soak.parts)} of {soak.count} parts are done"
    if soak.busy:
        typer.echo(f"{done}; it runs, and {soak.folder / 'log'} says how.")
        return
    words = [one for one in sys.argv[1:] if one not in ("--detach", "--again")]
    with (soak.folder / "log").open("ab") as log:
        command = [sys.executable, "-m", "loadtest.soak", *words]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=CHECKOUT, start_new_session=True)
    typer.echo(f"{done}; process {process.pid} goes on, and {soak.folder / 'log'} says how.")


def tell(soak: Soak, page: Path) -> None:
    summary = soak.summary()
    typer.echo(json.dumps(summary, indent=2))
    if not summary["shortened"] and summary["parts"] == summary["of"]:
        results.put(page, TITLE, section(summary, soak.parts))
    raise typer.Exit(1 if summary["faults"] else 0)


def section(summary: dict[str, Any], parts: list[Part]) -> str:
    rates = ", ".join(f"{users} users {rate} tok/s" for users, rate in summary["steps"].items())
    names = dict.fromkeys(part.fault for part in parts)
    rows = [row(name, [part for part in parts if part.fault == name]) for name in names]
    broken = "\n".join(f"- {fault}" for fault in summary["faults"]) or "No promise was broken: nothing lost, no leak, every audit true."
    size = f"{len(parts)} parts of {PART_SECONDS:.0f} s, {summary['users']} users"
    head = f"{summary['machine']}; {size}, for 70 % of the most that came ({rates})."
    return f"{head}\n\n{results.table(COLUMNS, rows)}\n\n{broken}"


def row(name: str, parts: list[Part]) -> list[str]:
    counts = [len(parts), *(sum(found) for found in zip(*(_counts(part) for part in parts), strict=True))]
    longest = max(float("inf") if part.freed is None else part.freed for part in parts)
    return [name, *(f"{count:,}" for count in counts), f"{longest:.1f}", str(sum(len(part.faults) for part in parts))]


def _counts(part: Part) -> tuple[int, int, int, int]:
    return part.answers, sum(part.failed.values()), part.delivered, part.charged


if __name__ == "__main__":
    typer.run(main)
