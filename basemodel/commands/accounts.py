"""`basemodel accounts`: who owns keys."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from basemodel import console, store
from budgets.accounts import Account, Accounts

app = typer.Typer(no_args_is_help=True, help="Who owns keys.")


@app.command()
def create(name: Annotated[str, typer.Argument(help="A name that no other account has.")], as_json: console.Json = False) -> None:
    """Make an account."""

    async def made(store: store.Store) -> Account:
        return await Accounts(store.redis).create(name)

    account = store.run(made)
    text = f"Made the account {account.name}; `basemodel keys create --account {account.name}` gives it a key."
    console.answer(as_json, asdict(account), text)


@app.command("list")
def list_accounts(as_json: console.Json = False) -> None:
    """List the accounts."""

    async def found(store: store.Store) -> list[Account]:
        return await Accounts(store.redis).list()

    accounts = store.run(found)
    rows = [[account.name, account.state, account.id] for account in accounts]
    console.answer(as_json, [asdict(account) for account in accounts], console.table(["name", "state", "id"], rows))
