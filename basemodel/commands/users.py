"""`basemodel users`: who may sign in to the site."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from basemodel import console, first_key, people
from basemodel.cluster.start import running
from basemodel.cluster.state import State
from router.settings import Settings
from workbench import standing
from workbench.services import Site
from workbench.users import ADMIN, USER, User

app = typer.Typer(no_args_is_help=True, help="Who may sign in to the site.")

#: Where the site is when nothing runs here and no public address is set.
DEFAULT_ADDRESS = State("running", 0, "", "127.0.0.1", 8000).base_url

Name = Annotated[str, typer.Argument(help="The user's name.")]


@app.command("list")
def list_users(as_json: console.Json = False) -> None:
    """List the users."""

    async def found(site: Site) -> list[User]:
        return await site.users.list()

    users = people.run(found)
    rows = [[user.name, user.account, user.role, user.state, moment(user.created), user.id] for user in users]
    columns = ["name", "account", "role", "state", "since", "id"]
    console.answer(as_json, [described(user) for user in users], console.table(columns, rows))


@app.command()
def invite(
    account: Annotated[str, typer.Option(help="The account that the newcomer belongs to.")] = first_key.ACCOUNT,
    admin: Annotated[bool, typer.Option("--admin", help="The newcomer becomes an admin.")] = False,
    as_json: console.Json = False,
) -> None:
    """Make a link that lets one person in, once, within seven days."""
    role = ADMIN if admin else USER

    async def made(site: Site) -> tuple[str, int]:
        token, invite = await site.invites.make(await site.accounts.named(account), role)
        return token, invite.expires

    token, expires = people.run(made)
    link = f"{address()}/invite#{token}"
    document = {"link": link, "account": account, "role": role, "expires": moment(expires)}
    console.answer(as_json, document, f"{link}\nIt lets one person in, once, until {moment(expires)}. It is not shown again.")


@app.command("reset-password")
def reset_password(name: Name, as_json: console.Json = False) -> None:
    """Make a link by which a user sets a new password, once, within a day."""

    async def made(site: Site) -> tuple[str, int]:
        token, reset = await site.resets.make((await site.users.named(name)).id)
        return token, reset.expires

    token, expires = people.run(made)
    link = f"{address()}/reset#{token}"
    text = f"{link}\nIt sets a new password for {name}, once, until {moment(expires)}. It is not shown again."
    console.answer(as_json, {"link": link, "expires": moment(expires)}, text)


@app.command()
def disable(name: Name, as_json: console.Json = False) -> None:
    """End a user's sessions at once, and let nobody sign in by that name."""
    turn(name, standing.disable, as_json, "Disabled {}; what runs in the browser ends within 5 seconds.")


@app.command()
def enable(name: Name, as_json: console.Json = False) -> None:
    """Let a user sign in again."""
    turn(name, standing.enable, as_json, "Enabled {}.")


def turn(name: str, change: Callable[[Site, User], Awaitable[User]], as_json: bool, text: str) -> None:
    async def done(site: Site) -> User:
        return await change(site, await site.users.named(name))

    user = people.run(done)
    console.answer(as_json, described(user), text.format(user.name))


def described(user: User) -> dict[str, Any]:
    shown = {"id": user.id, "name": user.name, "account": user.account, "role": user.role, "state": user.state}
    return {**shown, "created": user.created}


def address() -> str:
    """Of the site as its users reach it."""
    settings = Settings.read()
    state = running(settings.home)
    return (settings.public_url or (state.base_url if state else DEFAULT_ADDRESS)).rstrip("/")


def moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
