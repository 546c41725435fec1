"""Whether a user may do anything: disabling ends the sessions at once, and what runs with the user's `workbench` key within 5 s."""

from __future__ import annotations

from contextlib import suppress

from budgets.errors import KeyRevoked, UnknownKey
from workbench.services import Site
from workbench.users import User


async def disable(site: Site, user: User) -> User:
    """Raises UserUnknown, SiteUnavailable; StoreUnavailable where the sessions ended, but what runs could not be stopped."""
    disabled = await site.users.disable(user.id)
    if disabled.key_id is not None:
        with suppress(UnknownKey, KeyRevoked):
            await site.keys.pause(disabled.account_id, disabled.key_id)
    return disabled


async def enable(site: Site, user: User) -> User:
    """The key is resumed too. Raises UserUnknown, SiteUnavailable, StoreUnavailable."""
    if user.key_id is not None:
        with suppress(UnknownKey, KeyRevoked):
            await site.keys.resume(user.account_id, user.key_id)
    return await site.users.enable(user.id)
