"""`basemodel usage`: what was used in a month."""

from __future__ import annotations

from typing import Annotated

import typer

from basemodel import chosen_key, console, first_key, options, store
from basemodel.listing import Listing
from budgets.accounts import Accounts
from budgets.usage import Report, Standing, Usage

app = typer.Typer(no_args_is_help=True, help="What was used in a month.")


@app.callback()
def usage() -> None:
    """What was used in a month."""


@app.command()
def show(
    account: Annotated[str, typer.Option(help="Whose.")] = first_key.ACCOUNT,
    key: Annotated[str | None, typer.Option(help="Only this key's, by id or name: what GET /v1/usage tells its owner.")] = None,
    month: Annotated[str | None, typer.Option(callback=options.month, help="YYYY-MM, UTC; by default the running one.")] = None,
    as_json: console.Json = False,
) -> None:
    """Show what an account and its keys used and hold, by model; --json also by day."""

    async def read(store: store.Store) -> Report:
        if key is None:
            return await Usage(store.redis).of_account((await Accounts(store.redis).named(account)).id, month)
        owner, chosen = await chosen_key.choose(store, key, account)
        return await Usage(store.redis).of_key(owner.id, chosen.id, month)

    report = store.run(read)
    console.answer(as_json, report.document(), f"{report.month}, until {report.resets_at:%Y-%m-%d} UTC.")
    if not as_json:
        console.people.print(standings(report))
        console.people.print(models(report))


def standings(report: Report) -> Listing:
    keys = [["key", *amounts(key)] for key in ([report.key] if report.key else report.keys)]
    return console.table(["", "name", "cap", "used", "held", "remaining"], [["account", *amounts(report.account)], *keys])


def amounts(standing: Standing) -> list[str]:
    balance = standing.balance
    shown = [balance.cap, balance.used, balance.held, balance.remaining]
    return [standing.name, *("unbounded" if tokens is None else f"{tokens:,}" for tokens in shown)]


def models(report: Report) -> Listing:
    counts = ["requests", "prompt_tokens", "completion_tokens", "errors"]
    rows = [[row.model, *(f"{row.counts[what]:,}" for what in counts)] for row in report.by_model]
    return console.table(["model", *(what.replace("_", " ") for what in counts)], rows)
