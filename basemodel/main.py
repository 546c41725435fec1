"""The console script `basemodel`: its nouns and verbs, and how a failure is said."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from basemodel.commands import accounts, keys, models, usage, users
from basemodel.commands.apply import apply
from basemodel.commands.complete import complete
from basemodel.commands.doctor import doctor
from basemodel.commands.down import down
from basemodel.commands.status import status
from basemodel.commands.up import up
from basemodel.console import complaints
from basemodel.failure import Failure
from budgets.errors import BudgetError
from router.settings import BadSetting


class Sentences(TyperGroup):
    """Says a known failure in one sentence on standard error and exits 1."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (Failure, BadSetting, BudgetError) as error:
            sentence = str(error) or type(error).__name__
            complaints.print(sentence, style="red", markup=False)
            raise typer.Exit(1) from None


app = typer.Typer(
    cls=Sentences,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A self-hosted base-model API: raw next-token prediction over an OpenAI-compatible /v1/completions.",
)
for command in (up, apply, down, status, doctor, complete):
    app.command()(command)
app.add_typer(accounts.app, name="accounts")
app.add_typer(keys.app, name="keys")
app.add_typer(models.app, name="models")
app.add_typer(usage.app, name="usage")
app.add_typer(users.app, name="users")

if __name__ == "__main__":
    app()
