"""The console script `basemodel`: its nouns and verbs, and how a failure is said."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from basemodel.console import complaints
from basemodel.failure import Failure
from budgets.errors import BudgetError
from router.settings import BadSetting

#: Where each command is, a function or a Typer of its own verbs. Imported when it is called: together they take a second.
COMMANDS = {
    "up": "basemodel.commands.up:up",
    "apply": "basemodel.commands.apply:apply",
    "down": "basemodel.commands.down:down",
    "status": "basemodel.commands.status:status",
    "doctor": "basemodel.commands.doctor:doctor",
    "backup": "basemodel.commands.backup:backup",
    "restore": "basemodel.commands.backup:restore",
    "complete": "basemodel.commands.complete:complete",
    "accounts": "basemodel.commands.accounts:app",
    "keys": "basemodel.commands.keys:app",
    "models": "basemodel.commands.models:app",
    "usage": "basemodel.commands.usage:app",
    "users": "basemodel.commands.users:app",
}


class Sentences(TyperGroup):
    """Says a known failure in one sentence on standard error and exits 1."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (Failure, BadSetting, BudgetError) as error:
            sentence = str(error) or type(error).__name__
            complaints.print(sentence, style="red", markup=False)
            raise typer.Exit(1) from None


class Commands(Sentences):
    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        return command(cmd_name, getattr(import_module(module), name))


def command(name: str, found: Any) -> Any:
    """A function's command, or the group of a Typer, under this name."""
    if isinstance(found, typer.Typer):
        made: Any = typer.main.get_group(found)
    else:
        alone = typer.Typer(add_completion=False)
        alone.command()(found)
        made = typer.main.get_command(alone)
    made.name = name
    return made


app = typer.Typer(cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def basemodel() -> None:
    """A self-hosted base-model API: raw next-token prediction over an OpenAI-compatible /v1/completions."""


if __name__ == "__main__":
    app()
