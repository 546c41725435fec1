"""`basemodel keys`: what opens the API."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from basemodel import console, store
from budgets.accounts import Accounts
from budgets.keys import ApiKey, Keys

DATES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]

app = typer.Typer(no_args_is_help=True, help="What opens the API.")


@app.command()
def create(
    account: Annotated[str, typer.Option(help="The account that owns the key.")],
    name: Annotated[str, typer.Option(help="What to call it.")] = "key",
    expires: Annotated[datetime | None, typer.Option(formats=DATES, help="When it stops opening anything (UTC).")] = None,
    models: Annotated[str | None, typer.Option(help="The models it may use, separated by commas; by default all.")] = None,
    as_json: console.Json = False,
) -> None:
    """Make a key; it is shown this once."""
    until, allowed = moment(expires), names(models)

    async def made(store: store.Store) -> tuple[str, ApiKey]:
        keys = Keys(store.redis, store.secret)
        await keys.check_secret()
        owner = await Accounts(store.redis).named(account)
        return await keys.create(owner.id, name, until, allowed)

    text, key = store.run(made)
    console.answer(as_json, {"key": text, "id": key.id}, f"{text}\nIt is not shown again.")


@app.command("list")
def list_keys(as_json: console.Json = False) -> None:
    """List the keys of all accounts, without what they are."""

    async def found(store: store.Store) -> list[tuple[str, ApiKey]]:
        keys = Keys(store.redis, store.secret)
        accounts = await Accounts(store.redis).list()
        return [(account.name, key) for account in accounts for key in await keys.list(account.id)]

    listed = store.run(found)
    rows = [[owner, key.name, f"{key.prefix}…{key.last4}", state(key), ",".join(key.models or ["all"]), key.id] for owner, key in listed]
    columns = ["account", "name", "key", "state", "models", "id"]
    console.answer(as_json, [described(owner, key) for owner, key in listed], console.table(columns, rows))


def described(owner: str, key: ApiKey) -> dict[str, Any]:
    return {"account": owner, **asdict(key), "state": state(key)}


def state(key: ApiKey) -> str:
    return "expired" if key.expired(time.time()) else key.state


def moment(expires: datetime | None) -> int | None:
    """Unix seconds. Raises typer.BadParameter for the past."""
    if expires is None:
        return None
    until = int(expires.replace(tzinfo=UTC).timestamp())
    if until <= time.time():
        raise typer.BadParameter("it must lie in the future", param_hint="--expires")
    return until


def names(models: str | None) -> tuple[str, ...] | None:
    """Raises typer.BadParameter for a list without a name."""
    if models is None:
        return None
    listed = tuple(name.strip() for name in models.split(",") if name.strip())
    if not listed:
        raise typer.BadParameter("it names no model", param_hint="--models")
    return listed
