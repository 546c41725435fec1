"""The link by which the first admin comes in: made when the service runs and has no admin yet, also kept in the home (mode 0600)."""

from __future__ import annotations

import os
from pathlib import Path

from basemodel import first_key, people
from budgets.errors import BudgetError
from router.settings import Settings
from workbench.errors import InviteUnknown, SiteUnavailable
from workbench.services import Site
from workbench.users import ADMIN

FILE = "first-invite"


async def link(settings: Settings, address: str) -> str | None:
    """None where there is an admin, or where nobody can tell. The admin belongs to the account of the first key."""
    try:
        async with people.opened(settings) as site:
            token = None if await site.users.has_admin() else await _open_token(site, settings.home)
    except (SiteUnavailable, BudgetError):
        return None
    if token is None:
        (settings.home / FILE).unlink(missing_ok=True)
        return None
    return store(settings.home, f"{address}/invite#{token}")


async def _open_token(site: Site, home: Path) -> str:
    """That of the stored link while it opens something, else a new one."""
    token = stored(home).rpartition("#")[2]
    try:
        await site.invites.look(token)
    except InviteUnknown:
        account = await site.accounts.named(first_key.ACCOUNT)
        token, _ = await site.invites.make(account, ADMIN)
    return token


def store(home: Path, text: str) -> str:
    with open(os.open(home / FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text + "\n")
    return text


def stored(home: Path) -> str:
    try:
        return (home / FILE).read_text().strip()
    except OSError:
        return ""
