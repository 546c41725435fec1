from __future__ import annotations

import pytest

from budgets.errors import StoreUnavailable
from tests.router.errors import assert_error
from tests.workbench.conftest import SignUp
from tests.workbench.test_site import COMPLETION
from workbench import standing
from workbench.services import Site


async def test_a_disabled_user_is_out_with_what_runs_until_enabled_again(sign_up: SignUp, site: Site) -> None:
    ada, eve = await sign_up("ada"), await sign_up("eve")
    user = await site.users.named("ada")
    await standing.disable(site, user)
    assert_error(await ada.post("/site/v1/completions", json=COMPLETION), 401, "not_signed_in")
    assert (await site.keys.get(user.account_id, user.key_id or "")).state == "paused"
    assert (await eve.post("/site/v1/completions", json=COMPLETION)).status_code == 200
    await standing.enable(site, user)
    assert await ada.user() is None
    await ada.sign_in("ada")
    assert (await ada.post("/site/v1/completions", json=COMPLETION)).status_code == 200


async def test_a_key_that_its_user_had_paused_stays_so(sign_up: SignUp, site: Site) -> None:
    ada = await sign_up("ada")
    user = await site.users.named("ada")
    await site.keys.pause(user.account_id, user.key_id or "")
    await standing.disable(site, user)
    await standing.enable(site, user)
    await ada.sign_in("ada")
    assert_error(await ada.post("/site/v1/completions", json=COMPLETION), 403, "key_paused")


async def test_a_key_that_was_stopped_twice_is_resumed_and_afterwards_left_alone(sign_up: SignUp, site: Site) -> None:
    await sign_up("ada")
    user = await site.users.named("ada")
    for _ in range(2):
        await standing.disable(site, user)
    await standing.enable(site, user)
    assert (await site.keys.get(user.account_id, user.key_id or "")).state == "active"
    await site.keys.pause(user.account_id, user.key_id or "")
    await standing.enable(site, user)
    assert (await site.keys.get(user.account_id, user.key_id or "")).state == "paused"


async def test_while_the_ledger_is_away_the_sessions_end_all_the_same(sign_up: SignUp, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = await sign_up("ada")
    user = await site.users.named("ada")

    async def away(account_id: str) -> None:
        raise StoreUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(site.keys, "list", away)
        with pytest.raises(StoreUnavailable):
            await standing.disable(site, user)
    assert await ada.user() is None
    await standing.disable(site, user)
    assert (await site.keys.get(user.account_id, user.key_id or "")).state == "paused"
