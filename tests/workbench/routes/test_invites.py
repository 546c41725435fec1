from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI

from budgets.accounts import Account
from tests.router.errors import assert_error
from tests.workbench.browser import PASSWORD, Browser
from tests.workbench.conftest import SignUp
from tests.workbench.routes.test_session import after, invited
from workbench import invites
from workbench.services import Site


async def test_an_invite_tells_where_it_leads_without_being_used(browser: Browser, site: Site, account: Account) -> None:
    token = await invited(site, account)
    for _ in range(2):
        told = (await browser.post("/site/invites/look", json={"token": token})).json()
        assert (told["account"], told["role"]) == ("people", "user")
    await browser.accept(token, "ada")


async def test_an_invite_is_used_once_however_many_ask_at_the_same_time(site_app: FastAPI, site: Site, account: Account) -> None:
    token = await invited(site, account)
    body = {"token": token, "password": PASSWORD}
    async with Browser(site_app) as one:
        answers = await asyncio.gather(*(one.post("/site/invites/accept", json={**body, "name": f"user {n}"}) for n in range(8)))
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [200] + [404] * 7
    assert len(await site.users.list()) == 1
    assert len(await site.keys.list(account.id)) == 1


async def test_used_expired_and_unknown_invites_are_told_apart_by_nobody(
    browser: Browser, site: Site, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    used, old = await invited(site, account), await invited(site, account)
    await browser.accept(used, "ada")
    after(monkeypatch, invites.SECONDS)
    bodies = set()
    for token in (used, old, "nothing"):
        for path, more in (("look", {}), ("accept", {"name": "eve", "password": PASSWORD})):
            answer = await browser.post(f"/site/invites/{path}", json={"token": token, **more})
            assert_error(answer, 404, "invite_unknown", "token")
            bodies.add(answer.text)
    assert len(bodies) == 1


async def test_a_name_is_taken_in_every_spelling_and_the_invite_stays_good(
    browser: Browser, sign_up: SignUp, site: Site, account: Account
) -> None:
    await sign_up("Ada")
    token = await invited(site, account)
    for name in ("Ada", "ADA", "ａｄａ"):
        answer = await browser.post("/site/invites/accept", json={"token": token, "name": name, "password": PASSWORD})
        assert_error(answer, 409, "conflict", "name")
    await browser.accept(token, "Grace")


@pytest.mark.parametrize(
    ("changed", "code", "param"),
    [
        ({"password": "too short"}, "invalid_value", "password"),
        ({"password": "x" * 257}, "invalid_value", "password"),
        ({"password": "x" * 5000}, "invalid_value", "password"),
        ({"password": 123456789012}, "invalid_value", "password"),
        ({"password": None}, "missing_parameter", "password"),
        ({"name": ""}, "invalid_value", "name"),
        ({"name": " ada"}, "invalid_value", "name"),
        ({"name": "a\nb"}, "invalid_value", "name"),
        ({"name": "x" * 65}, "invalid_value", "name"),
        ({"token": "x" * 65}, "invalid_value", "token"),
        ({"role": "admin"}, "unknown_parameter", "role"),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_what_is_wrong_with_a_newcomer_is_said(
    browser: Browser, site: Site, account: Account, changed: dict[str, Any], code: str, param: str
) -> None:
    body = {"token": await invited(site, account), "name": "ada", "password": PASSWORD, **changed}
    answer = await browser.post("/site/invites/accept", json=body)
    assert_error(answer, 400, code, param)
    assert "too short" not in answer.text
    assert await site.users.list() == []
