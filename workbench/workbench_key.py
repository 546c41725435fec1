"""The key that each user has by itself, named `workbench`: whatever the browser runs is charged to it. What it is, nobody sees."""

from __future__ import annotations

import asyncio

from budgets.errors import BudgetError, KeyRefused, UnknownAccount, UnknownKey
from budgets.keys import ApiKey, Keys
from budgets.store import reaching
from router.auth import LOOK_UP_SECONDS
from router.errors import KeyPaused, from_budgets
from workbench.errors import KeyClosed
from workbench.users import User, Users

NAME = "workbench"


class WorkbenchKeys:
    def __init__(self, keys: Keys, users: Users) -> None:
        self._keys, self._users = keys, users

    async def of(self, user: User) -> ApiKey:
        """The key as one that may be used now. Raises KeyPaused, KeyClosed, AccountingUnavailable, SiteUnavailable."""
        try:
            async with reaching(), asyncio.timeout(LOOK_UP_SECONDS):
                key = await self._keys.get(user.account_id, await self.id_of(user))
        except (UnknownKey, UnknownAccount, KeyRefused) as error:
            raise KeyClosed from error
        except BudgetError as error:
            raise from_budgets(error) from error
        if key.state == "paused":
            raise KeyPaused
        return key

    async def id_of(self, user: User) -> str:
        """It is made where the user has none yet. Raises UnknownAccount, StoreUnavailable, SiteUnavailable."""
        if user.key_id is not None:
            return user.key_id
        _, key = await self._keys.create(user.account_id, NAME)
        if await self._users.keep_key(user.id, key.id):
            return key.id
        await self._keys.revoke(user.account_id, key.id)
        return (await self._users.get(user.id)).key_id or key.id
