"""`basemodel accounts`: who owns keys, and what they may use."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Annotated, Any

import typer

from basemodel import audit, console, options, store
from budgets.accounts import Account, Accounts
from budgets.audit import Auditor
from budgets.caps import DEFAULT_MONTHLY_TOKENS, Caps
from budgets.requests import MAX_TOKENS

app = typer.Typer(no_args_is_help=True, help="Who owns keys, and what they may use.")

Name = Annotated[str, typer.Argument(help="The account's name.")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(callback=options.name, help="A name that no other account has.")],
    monthly_tokens: Annotated[
        int, typer.Option(min=0, max=MAX_TOKENS, help="Tokens a month, UTC, that all its keys together may use.")
    ] = DEFAULT_MONTHLY_TOKENS,
    as_json: console.Json = False,
) -> None:
    """Make an account."""

    async def made(store: store.Store) -> Account:
        return await Accounts(store.redis).create(name, monthly_tokens)

    account = store.run(made)
    audit.tell("account.made", account.name, after={"monthly_tokens": monthly_tokens})
    text = f"Made the account {account.name}; `basemodel keys create --account {account.name}` gives it a key."
    console.answer(as_json, {**asdict(account), "monthly_tokens": monthly_tokens}, text)


@app.command("list")
def list_accounts(as_json: console.Json = False) -> None:
    """List the accounts."""

    async def found(store: store.Store) -> list[tuple[Account, int]]:
        caps = Caps(store.redis)
        return [(account, (await caps.of(account.id)).monthly_tokens) for account in await Accounts(store.redis).list()]

    accounts = store.run(found)
    rows = [[account.name, account.state, f"{tokens:,}", account.id] for account, tokens in accounts]
    documents: list[dict[str, Any]] = [{**asdict(account), "monthly_tokens": tokens} for account, tokens in accounts]
    console.answer(as_json, documents, console.table(["name", "state", "tokens a month", "id"], rows))


@app.command("set-budget")
def set_budget(
    name: Name,
    monthly_tokens: Annotated[int, typer.Argument(min=0, max=MAX_TOKENS, help="Tokens a month, UTC.")],
    as_json: console.Json = False,
) -> None:
    """Set what an account may use; below what is used already, nothing new is admitted until the month ends."""

    async def done(store: store.Store) -> tuple[int, list[str]]:
        accounts = Accounts(store.redis)
        before = await Caps(store.redis).of((await accounts.named(name)).id)
        return before.monthly_tokens, await accounts.set_budget(name, monthly_tokens)

    before, above = store.run(done)
    audit.tell("account.budget_set", name, {"monthly_tokens": before}, {"monthly_tokens": monthly_tokens})
    text = f"{name} may use {monthly_tokens:,} tokens a month."
    if above:
        text += f" The keys {', '.join(above)} have higher caps of their own; the account's holds for them too."
    console.answer(as_json, {"name": name, "monthly_tokens": monthly_tokens, "keys_above": above}, text)


@app.command("audit")
def recount(
    name: Annotated[str | None, typer.Argument(help="The account's name; by default all are counted.")] = None,
    mend: Annotated[bool, typer.Option("--mend", help="Set what is wrong to what was counted.")] = False,
    as_json: console.Json = False,
) -> None:
    """Count again what is used and held, also while requests run; exit 1 where the ledger did not add up."""

    async def counted(store: store.Store) -> dict[str, list[str]]:
        accounts, auditor = Accounts(store.redis), Auditor(store.redis)
        chosen = [await accounts.named(name)] if name else await accounts.list()
        return {one.name: await (auditor.rebuild if mend else auditor.audit)(one.id) for one in chosen}

    found = store.run(counted)
    faults = [f"{account}: {fault}" for account, told in found.items() for fault in told]
    for account, told in found.items():
        if told and mend:
            audit.tell("account.mended", account, {"faults": told})
    heading = "The ledger did not add up, and was mended:" if mend else "The ledger does not add up:"
    text = "\n".join([heading, *faults]) if faults else adds_up(len(found))
    console.answer(as_json, {"accounts": len(found), "faults": faults, "mended": mend and bool(faults)}, text)
    if faults:
        raise typer.Exit(1)


def adds_up(accounts: int) -> str:
    return f"The ledger adds up for {accounts} account{'' if accounts == 1 else 's'}."


@app.command()
def disable(name: Name, as_json: console.Json = False) -> None:
    """Let none of its keys open anything; what runs ends within 5 seconds."""
    turn(name, Accounts.disable, as_json, f"Disabled {name}; what runs with its keys ends within 5 seconds.")


@app.command()
def enable(name: Name, as_json: console.Json = False) -> None:
    """Let its keys open the API again."""
    turn(name, Accounts.enable, as_json, f"Enabled {name}.")


def turn(name: str, change: Callable[[Accounts, str], Awaitable[None]], as_json: bool, text: str) -> None:
    async def done(store: store.Store) -> tuple[Account, Account]:
        accounts = Accounts(store.redis)
        before = await accounts.named(name)
        await change(accounts, name)
        return before, await accounts.named(name)

    before, after = store.run(done)
    if before.state != after.state:
        what = "account.disabled" if after.state == "disabled" else "account.enabled"
        audit.tell(what, name, {"state": before.state}, {"state": after.state})
    console.answer(as_json, asdict(after), text)
