"""`basemodel status`: what runs, since when, and how the models are."""

from __future__ import annotations

from typing import Annotated

import typer

from basemodel import console, watch
from basemodel.screen import tables
from basemodel.seen import Seen


def status(
    watched: Annotated[bool, typer.Option("--watch", help="Load, queue and budgets too, each second; q ends it.")] = False,
    as_json: console.Json = False,
) -> None:
    """Show what runs."""
    if watched:
        return watch.as_documents() if as_json else watch.on_screen()
    seen = Seen.now()
    console.answer(as_json, seen.document(), seen.sentence())
    if not as_json:
        console.people.print(tables(seen))
    return None
