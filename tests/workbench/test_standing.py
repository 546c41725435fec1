from __future__ import annotations

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
