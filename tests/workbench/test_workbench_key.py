from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import update

from budgets.accounts import Account
from router.errors import KeyPaused
from tests.workbench.conftest import SignUp
from workbench.errors import KeyClosed
from workbench.services import Site
from workbench.users import User


async def test_every_user_has_one_key_of_the_account(sign_up: SignUp, site: Site, account: Account) -> None:
    await sign_up("ada")
    await sign_up("eve")
    ada, eve = await site.users.list()
    assert ada.key_id != eve.key_id
    keys = {key.id: (key.name, key.state) for key in await site.keys.list(account.id)}
    assert keys == dict.fromkeys((ada.key_id, eve.key_id), ("workbench", "active"))


async def test_of_keys_that_are_made_at_once_one_stays(sign_up: SignUp, site: Site, account: Account) -> None:
    await sign_up("ada")
    async with site.database.writing() as session:
        await session.execute(update(User).values(key_id=None))
    user = await site.users.named("ada")
    found = await asyncio.gather(*(site.workbench_keys.of(user) for _ in range(5)))
    assert len({key.id for key in found}) == 1
    active = [key.id for key in await site.keys.list(account.id) if key.state == "active"]
    assert (await site.users.named("ada")).key_id in active
    assert len(active) == 2  # the one that was made first was forgotten by this test, not revoked


async def test_a_key_that_opens_nothing_is_told(sign_up: SignUp, site: Site, account: Account) -> None:
    await sign_up("ada")
    user = await site.users.named("ada")
    await site.keys.pause(account.id, user.key_id or "")
    with pytest.raises(KeyPaused):
        await site.workbench_keys.of(user)
    await site.keys.revoke(account.id, user.key_id or "")
    with pytest.raises(KeyClosed):
        await site.workbench_keys.of(user)
