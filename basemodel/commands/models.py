"""`basemodel models`: what the running service can serve."""

from __future__ import annotations

import typer

from basemodel import api, console

app = typer.Typer(no_args_is_help=True, help="What the running service can serve.")


@app.callback()
def models() -> None:
    """What the running service can serve."""


@app.command("list")
def list_models(as_json: console.Json = False) -> None:
    """List the models and their states."""
    found = api.models()
    rows = [[str(model.get(column, "")) for column in ("id", "state", "source")] for model in found]
    console.answer(as_json, found, console.table(["id", "state", "source"], rows))
