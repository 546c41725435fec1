from __future__ import annotations

import pytest

from tests.router.errors import assert_error
from tests.workbench.browser import Browser
from tests.workbench.conftest import SignUp
from tests.workbench.routes.test_session import NEW, after
from workbench import resets
from workbench.services import Site


async def test_a_reset_sets_a_new_password_once_and_ends_all_sessions(browser: Browser, sign_up: SignUp, site: Site) -> None:
    ada = await sign_up("ada")
    user = await site.users.named("ada")
    older, _ = await site.resets.make(user.id)
    token, _ = await site.resets.make(user.id)
    body = {"password": NEW}
    assert_error(await browser.post("/site/resets/use", json={"token": older, **body}), 404, "reset_unknown", "token")
    browser.entered(await browser.post("/site/resets/use", json={"token": token, **body}))
    assert await ada.user() is None
    assert_error(await browser.post("/site/resets/use", json={"token": token, **body}), 404, "reset_unknown", "token")
    await browser.sign_in("ada", NEW)


async def test_a_reset_that_is_old_or_of_a_disabled_user_sets_nothing(
    browser: Browser, sign_up: SignUp, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sign_up("ada")
    user = await site.users.named("ada")
    token, _ = await site.resets.make(user.id)
    await site.users.disable(user.id)
    assert_error(await browser.post("/site/resets/use", json={"token": token, "password": NEW}), 404, "reset_unknown", "token")
    await site.users.enable(user.id)
    after(monkeypatch, resets.SECONDS)
    assert_error(await browser.post("/site/resets/use", json={"token": token, "password": NEW}), 404, "reset_unknown", "token")
