from __future__ import annotations

from tests.router.errors import assert_error
from tests.workbench.browser import Browser
from tests.workbench.conftest import SignUp
from tests.workbench.routes.admin.conftest import Told
from workbench.services import Site

ROUTE = "/site/admin/resets"


async def test_a_link_sets_a_new_password_once(grace: Browser, browser: Browser, sign_up: SignUp, site: Site, told: Told) -> None:
    ada = await sign_up("ada")
    await told()
    made = await grace.post(ROUTE, json={"user": (await site.users.named("ada")).id})
    assert made.status_code == 201
    address, _, token = made.json()["link"].partition("#")
    assert address == "http://127.0.0.1:8000/reset"
    body = {"token": token, "password": "another long password"}
    browser.entered(await browser.post("/site/resets/use", json=body))
    assert_error(await browser.post("/site/resets/use", json=body), 404, "reset_unknown", "token")
    assert await ada.user() is None
    assert await told() == [("grace", "reset.made", "ada", None, None), ("ada", "reset.used", "ada", None, None)]


async def test_nobody_gets_a_link_who_is_not_there(grace: Browser) -> None:
    assert_error(await grace.post(ROUTE, json={"user": "none"}), 404, "not_found")
    assert_error(await grace.post(ROUTE, json={}), 400, "missing_parameter", "user")
    for wrong in ("", "a\x00b", "x" * 65, 5):
        assert_error(await grace.post(ROUTE, json={"user": wrong}), 400, "invalid_value", "user")
