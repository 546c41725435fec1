"""Answers for people (rich, standard output) or for programs (one JSON document), and progress while things start."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from basemodel.cluster.start import Tell
from basemodel.listing import Listing

people = Console(highlight=False, soft_wrap=True)
complaints = Console(stderr=True, highlight=False, soft_wrap=True)

#: The option that every command takes.
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]


def answer(as_json: bool, document: Any, text: str | Listing) -> None:
    """The document for programs, or the text for people."""
    if as_json:
        print(json.dumps(document, ensure_ascii=False))
    else:
        people.print(Text(text) if isinstance(text, str) else text)


def table(columns: list[str], rows: list[list[str]]) -> Listing:
    return Listing(columns, rows)


@contextmanager
def progress(quiet: bool) -> Iterator[Tell]:
    """Shows what `tell` was last told, as a live list on a terminal and as lines elsewhere."""
    steps: dict[str, str] = {}
    if quiet:
        yield steps.update
    elif not people.is_terminal:
        yield lambda news: _print_changes(steps, news)
    else:
        with Live(console=people, refresh_per_second=8) as live:
            yield lambda news: live.update(_list(steps, news))


def _print_changes(steps: dict[str, str], news: dict[str, str]) -> None:
    for name, state in news.items():
        if steps.get(name) != state:
            people.print(f"{name}: {_words(state)}")
    steps.update(news)


def _list(steps: dict[str, str], news: dict[str, str]) -> Table:
    steps.update(news)
    shown = Table.grid(padding=(0, 1))
    for name, state in steps.items():
        done = state == "RUNNING"
        shown.add_row(Text("✓", style="green") if done else Spinner("dots"), name, Text(_words(state), style="dim"))
    return shown


def _words(state: str) -> str:
    return {"RUNNING": "ready", "DEPLOYING": "starting", "NOT_STARTED": "waiting"}.get(state, state.lower().replace("_", " "))
