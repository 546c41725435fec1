from __future__ import annotations

from typing import Any

import pytest

from tests.router.errors import assert_error
from tests.workbench.browser import Browser
from tests.workbench.conftest import SignUp
from tests.workbench.routes.admin.conftest import Told
from tests.workbench.test_site import COMPLETION
from workbench.services import Site

ROUTE = "/site/admin/users"


async def id_of(site: Site, name: str) -> str:
    return (await site.users.named(name)).id


async def test_users_are_listed_without_what_is_theirs_alone(grace: Browser, sign_up: SignUp) -> None:
    await sign_up("ada")
    ada, _ = (await grace.get(ROUTE)).json()["users"]
    assert set(ada) == {"id", "name", "account", "role", "state", "created"}
    assert (ada["name"], ada["account"], ada["role"], ada["state"]) == ("ada", "people", "user", "active")
    assert ada["created"].endswith("Z")


async def test_another_role_ends_the_sessions_and_is_told_once(grace: Browser, sign_up: SignUp, site: Site, told: Told) -> None:
    ada = await sign_up("ada")
    await told()
    for _ in range(2):
        changed = (await grace.patch(f"{ROUTE}/{await id_of(site, 'ada')}", json={"role": "admin"})).json()
        assert (changed["name"], changed["role"]) == ("ada", "admin")
    assert await ada.user() is None
    assert await told() == [("grace", "user.role_changed", "ada", '{"role": "user"}', '{"role": "admin"}')]
    await ada.sign_in("ada")
    assert (await ada.get(ROUTE)).status_code == 200


async def test_a_disabled_user_is_out_until_enabled(grace: Browser, sign_up: SignUp, site: Site, told: Told) -> None:
    ada = await sign_up("ada")
    await told()
    address = f"{ROUTE}/{await id_of(site, 'ada')}"
    assert (await grace.patch(address, json={"state": "disabled"})).json()["state"] == "disabled"
    assert await ada.user() is None
    assert_error(await ada.sign_in("ada"), 401, "bad_credentials")
    assert (await grace.patch(address, json={"state": "active"})).json()["state"] == "active"
    await ada.sign_in("ada")
    assert (await ada.post("/site/v1/completions", json=COMPLETION)).status_code == 200
    assert [(who, what, before, after) for who, what, _, before, after in await told()] == [
        ("grace", "user.disabled", '{"state": "active"}', '{"state": "disabled"}'),
        ("somebody", "user.sign_in_failed", None, '{"count": 1}'),
        ("grace", "user.enabled", '{"state": "disabled"}', '{"state": "active"}'),
        ("ada", "user.signed_in", None, '{"count": 1}'),
    ]


@pytest.mark.parametrize("body", [{"role": "user"}, {"state": "disabled"}], ids=str)
async def test_nobody_locks_themselves_out(grace: Browser, sign_up: SignUp, site: Site, body: dict[str, str]) -> None:
    await sign_up("ada", "admin")
    answer = await grace.patch(f"{ROUTE}/{await id_of(site, 'grace')}", json=body)
    assert_error(answer, 409, "conflict", says="another admin can")
    assert (await grace.user())["role"] == "admin"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "missing_parameter"),
        ({"role": None}, "missing_parameter"),
        ({"role": "user", "state": "active"}, "invalid_value"),
        ({"role": "owner"}, "invalid_value"),
        ({"role": ["user"]}, "invalid_value"),
    ],
    ids=str,
)
async def test_a_wrong_change_is_named(grace: Browser, sign_up: SignUp, site: Site, body: dict[str, Any], code: str) -> None:
    await sign_up("ada")
    assert_error(await grace.patch(f"{ROUTE}/{await id_of(site, 'ada')}", json=body), 400, code, "role")


async def test_whoever_is_not_there_is_not_changed(grace: Browser) -> None:
    for name in ("none", "x" * 300):
        for body in ({"role": "admin"}, {"state": "disabled"}):
            assert_error(await grace.patch(f"{ROUTE}/{name}", json=body), 404, "not_found")
