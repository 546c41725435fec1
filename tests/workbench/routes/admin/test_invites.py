from __future__ import annotations

import pytest

from budgets.accounts import Account
from tests.router.errors import assert_error
from tests.workbench.browser import Browser
from tests.workbench.routes.admin.conftest import Told
from workbench.services import Site

ROUTE = "/site/admin/invites"


async def test_a_link_lets_somebody_in_once(grace: Browser, browser: Browser, account: Account, told: Told) -> None:
    await told()
    made = await grace.post(ROUTE, json={"account": account.id, "role": "admin"})
    assert made.status_code == 201
    address, _, token = made.json()["link"].partition("#")
    assert address == "http://127.0.0.1:8000/invite"
    (listed,) = (await grace.get(ROUTE)).json()["invites"]
    assert (listed["account"], listed["role"], listed["made_by"]) == ("people", "admin", "grace")
    assert token not in (await grace.get(ROUTE)).text
    await browser.accept(token, "ada")
    assert (await browser.user())["role"] == "admin"
    assert (await grace.get(ROUTE)).json()["invites"] == []
    assert await told() == [
        ("grace", "invite.made", "people", None, '{"role": "admin"}'),
        ("ada", "invite.used", "people", None, '{"role": "admin"}'),
    ]


async def test_a_withdrawn_link_lets_nobody_in(grace: Browser, browser: Browser, site: Site, account: Account, told: Told) -> None:
    token, invite = await site.invites.make(account, "user")
    assert (await grace.get(ROUTE)).json()["invites"][0]["made_by"] is None
    await told()
    assert (await grace.delete(f"{ROUTE}/{invite.id}")).status_code == 204
    assert_error(await grace.delete(f"{ROUTE}/{invite.id}"), 404, "invite_unknown", "token")
    assert_error(await browser.post("/site/invites/look", json={"token": token}), 404, "invite_unknown", "token")
    assert await told() == [("grace", "invite.withdrawn", "people", '{"role": "user"}', None)]


@pytest.mark.parametrize(
    ("changed", "status", "code", "param"),
    [
        ({"account": "none"}, 404, "not_found", None),
        ({"account": ""}, 400, "invalid_value", "account"),
        ({"account": "x" * 65}, 400, "invalid_value", "account"),
        ({"role": "owner"}, 400, "invalid_value", "role"),
        ({"role": None}, 400, "missing_parameter", "role"),
    ],
    ids=str,
)
async def test_what_is_wrong_is_said(
    grace: Browser, account: Account, changed: dict[str, str | None], status: int, code: str, param: str | None
) -> None:
    body = {"account": account.id, "role": "user", **changed}
    assert_error(await grace.post(ROUTE, json=body), status, code, param)
