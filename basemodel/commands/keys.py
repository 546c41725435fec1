"""`basemodel keys`: what opens the API."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from basemodel import audit, chosen_key, console, options, store
from budgets.accounts import Account, Accounts
from budgets.caps import DEFAULT_CONCURRENCY, MOST_AT_ONCE, Caps, KeyCaps
from budgets.keys import KEEP, ApiKey, Keys
from workbench.moments import instant

app = typer.Typer(no_args_is_help=True, help="What opens the API.")

#: A key, its account and what it may use.
Listed = tuple[Account, ApiKey, KeyCaps]

Which = Annotated[str, typer.Argument(metavar="KEY", help="Its id, the beginning of it, with --account its name, or the key itself.")]
Owner = Annotated[str | None, typer.Option(help="The account that owns the key.")]
Expires = Annotated[str | None, typer.Option(help=options.EXPIRES_HELP)]
Models = Annotated[str | None, typer.Option(help=options.MODELS_HELP)]
Tokens = Annotated[str | None, typer.Option(help=options.TOKENS_HELP)]
Concurrency = Annotated[int | None, typer.Option(min=1, max=MOST_AT_ONCE, help=options.CONCURRENCY_HELP)]


@app.command()
def create(
    account: Annotated[str, typer.Option(help="The account that owns the key.")],
    name: Annotated[str, typer.Option(callback=options.name, help="What to call it.")] = "key",
    monthly_tokens: Annotated[str, typer.Option(help=options.TOKENS_HELP)] = "unbounded",
    expires: Annotated[str, typer.Option(help=options.EXPIRES_HELP)] = "never",
    models: Annotated[str, typer.Option(help=options.MODELS_HELP)] = "all",
    concurrency: Concurrency = DEFAULT_CONCURRENCY,
    as_json: console.Json = False,
) -> None:
    """Make a key; it is shown this once."""
    until, allowed, cap = options.expires(expires), options.models(models), options.tokens(monthly_tokens)

    async def made(store: store.Store) -> tuple[str, ApiKey]:
        keys = Keys(store.redis, store.secret)
        await keys.check_secret()
        owner = await Accounts(store.redis).named(account)
        return await keys.create(owner.id, name, until, allowed, cap, concurrency)

    text, key = store.run(made)
    audit.tell("key.made", title(key), after={"account": account, **limits(key, KeyCaps(cap, concurrency or DEFAULT_CONCURRENCY))})
    console.answer(as_json, {"key": text, "id": key.id}, f"{text}\nIt is not shown again. Its id, to revoke it by: {key.id}")


@app.command("list")
def list_keys(account: Annotated[str | None, typer.Option(help="Only this account's.")] = None, as_json: console.Json = False) -> None:
    """List the keys, without what they are."""

    async def found(store: store.Store) -> list[Listed]:
        return [await with_caps(store, owner, key) for owner, key in await chosen_key.listed(store, account)]

    keys = store.run(found)
    columns = ["account", "name", "key", "state", "until", "models", "tokens a month", "at once", "id"]
    console.answer(as_json, [described(*listed) for listed in keys], console.table(columns, [row(*listed) for listed in keys]))


@app.command()
def update(
    key: Which,
    account: Owner = None,
    name: Annotated[str | None, typer.Option(callback=options.name, help="What to call it from now on.")] = None,
    monthly_tokens: Tokens = None,
    expires: Expires = None,
    models: Models = None,
    concurrency: Concurrency = None,
    as_json: console.Json = False,
) -> None:
    """Change a key: all that is given, or nothing. Gateways know it within 5 seconds."""
    changes: dict[str, Any] = {
        "name": KEEP if name is None else name,
        "monthly_tokens": KEEP if monthly_tokens is None else options.tokens(monthly_tokens),
        "expires": KEEP if expires is None else options.expires(expires),
        "models": KEEP if models is None else options.models(models),
        "concurrency": KEEP if concurrency is None else concurrency,
    }
    if all(value is KEEP for value in changes.values()):
        raise typer.BadParameter("give at least one thing to change")
    turn(key, account, lambda keys, owner, key_id: keys.update(owner, key_id, **changes), as_json, "changed")


@app.command()
def pause(key: Which, account: Owner = None, as_json: console.Json = False) -> None:
    """Let a key open nothing until it is resumed; what runs with it ends within 5 seconds."""
    turn(key, account, Keys.pause, as_json, "paused")


@app.command()
def resume(key: Which, account: Owner = None, as_json: console.Json = False) -> None:
    """Let a paused key open the API again."""
    turn(key, account, Keys.resume, as_json, "resumed")


@app.command()
def revoke(key: Which, account: Owner = None, as_json: console.Json = False) -> None:
    """End a key for ever; what runs with it ends within 5 seconds."""
    turn(key, account, Keys.revoke, as_json, "revoked")


def turn(said: str, account: str | None, change: Callable[[Keys, str, str], Awaitable[None]], as_json: bool, done: str) -> None:
    """Changes the key that is meant and shows what it is now."""

    async def changed(store: store.Store) -> tuple[Listed, Listed]:
        owner, key = await chosen_key.choose(store, said, account)
        before = await with_caps(store, owner, key)
        await change(Keys(store.redis, store.secret), owner.id, key.id)
        return before, await with_caps(store, *await chosen_key.choose(store, key.id, owner.name))

    before, after = store.run(changed)
    tell(f"key.{done}", before, after)
    console.answer(as_json, described(*after), f"{done.capitalize()} the key {title(after[1])} of {after[0].name}.")


def tell(what: str, before: Listed, after: Listed) -> None:
    """What differs of the key, if anything."""
    old, new = ({"name": key.name, "state": key.state, **limits(key, caps)} for _, key, caps in (before, after))
    changed = [name for name in old if old[name] != new[name]]
    if changed:
        audit.tell(what, title(after[1]), {name: old[name] for name in changed}, {name: new[name] for name in changed})


def title(key: ApiKey) -> str:
    return f"{key.name} ({key.id})"


def limits(key: ApiKey, caps: KeyCaps) -> dict[str, Any]:
    """As the Dashboard has them: `expires` is the last second at which it opens anything."""
    return {**asdict(caps), "expires": None if key.expires is None else instant(key.expires - 1), "models": key.models}


async def with_caps(store: store.Store, owner: Account, key: ApiKey) -> Listed:
    return owner, key, (await Caps(store.redis).of(owner.id)).of_key(key.id)


def described(owner: Account, key: ApiKey, caps: KeyCaps) -> dict[str, Any]:
    return {"account": owner.name, **asdict(key), "state": state(key), **asdict(caps)}


def row(owner: Account, key: ApiKey, caps: KeyCaps) -> list[str]:
    expires = "never" if key.expires is None else datetime.fromtimestamp(key.expires, UTC).strftime("%Y-%m-%d %H:%M")
    tokens = "unbounded" if caps.monthly_tokens is None else f"{caps.monthly_tokens:,}"
    shown = [owner.name, key.name, f"…{key.last4}", state(key), expires, ",".join(key.models or ["all"])]
    return [*shown, tokens, str(caps.concurrency), key.id]


def state(key: ApiKey) -> str:
    """An active key whose time is over is expired; a revoked one stays revoked."""
    return "expired" if key.expired(time.time()) and key.state != "revoked" else key.state
