"""Whether a user may do anything: disabling ends the sessions at once, and what runs with the user's `workbench` key within 5 s."""

from __future__ import annotations

from contextlib import suppress

from budgets.errors import KeyRevoked, UnknownKey
from workbench.audit import COMMAND_LINE, Who
from workbench.services import Site
from workbench.users import User


async def disable(site: Site, user: User, by: Who = COMMAND_LINE) -> User:
    """Raises UserUnknown, Conflict, SiteUnavailable; StoreUnavailable where the sessions ended, but what runs could not be stopped."""
    disabled = await site.users.disable(user.id, by)
    if disabled.key_id is not None and await _runs(site, disabled.account_id, disabled.key_id):
        await site.users.stop_key(user.id, True)
        with suppress(UnknownKey, KeyRevoked):
            await site.keys.pause(disabled.account_id, disabled.key_id)
    return disabled


async def enable(site: Site, user: User, by: Who = COMMAND_LINE) -> User:
    """A key that somebody had paused before stays paused. Raises UserUnknown, SiteUnavailable, StoreUnavailable."""
    now = await site.users.get(user.id)
    if now.key_id is not None and now.key_stopped:
        with suppress(UnknownKey, KeyRevoked):
            await site.keys.resume(now.account_id, now.key_id)
        await site.users.stop_key(user.id, False)
    return await site.users.enable(user.id, by)


async def _runs(site: Site, account_id: str, key_id: str) -> bool:
    """Whether nobody has paused the key."""
    return any(key.id == key_id and key.state == "active" for key in await site.keys.list(account_id))
