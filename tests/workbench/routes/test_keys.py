"""Keys on the Dashboard: made and shown once, changed, paused, revoked; never another account's."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from budgets.accounts import Account, Accounts
from tests.router.errors import assert_error
from tests.workbench.browser import Browser
from tests.workbench.conftest import SignUp
from workbench.routes import keys as module
from workbench.services import Site


@pytest.fixture
async def ada(sign_up: SignUp) -> Browser:
    return await sign_up("ada")


async def made(browser: Browser, **fields: Any) -> Any:
    answer = await browser.post("/site/keys", json={"name": "evals", **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def listed(browser: Browser) -> list[Any]:
    return list((await browser.get("/site/keys")).json()["keys"])


async def asked(browser: Browser, key: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {key}", "cookie": ""}
    return await browser.get("/v1/models", headers=headers)


async def test_a_key_is_shown_once_and_opens_the_api(ada: Browser) -> None:
    key = await made(ada, monthly_tokens=5000, concurrency=3, models=["pico"], expires="2099-12-31")
    (record,) = [one for one in await listed(ada) if one["id"] == key["id"]]
    assert "key" not in record
    assert (record["name"], record["state"], record["last4"]) == ("evals", "active", key["key"][-4:])
    assert (record["monthly_tokens"], record["concurrency"], record["models"]) == (5000, 3, ["pico"])
    assert record["expires"] == "2099-12-31T23:59:59Z"
    assert record["last_used"] is None
    assert (await asked(ada, key["key"])).status_code == 200
    async with asyncio.timeout(5):
        while next(one for one in await listed(ada) if one["id"] == key["id"])["last_used"] is None:
            await asyncio.sleep(0.01)


async def test_what_a_key_spent_is_beside_it(ada: Browser) -> None:
    key = await made(ada)
    body = {"model": "pico", "prompt": [5, 6], "max_tokens": 3}
    await ada.post("/v1/completions", json=body, headers={"authorization": f"Bearer {key['key']}"})
    listing = (await ada.get("/site/keys")).json()
    (record,) = [one for one in listing["keys"] if one["id"] == key["id"]]
    assert record["spent"] == listing["account"]["used"] > 0


async def test_it_is_changed_by_what_is_named_and_null_takes_a_limit_away(ada: Browser) -> None:
    key = await made(ada, monthly_tokens=5000, models=["pico"])
    changed = (await ada.patch(f"/site/keys/{key['id']}", json={"name": "other", "monthly_tokens": None})).json()
    assert (changed["name"], changed["monthly_tokens"], changed["models"]) == ("other", None, ["pico"])


async def test_pausing_resuming_and_revoking(ada: Browser) -> None:
    key = await made(ada)
    assert (await ada.post(f"/site/keys/{key['id']}/pause")).json()["state"] == "paused"
    assert (await ada.post(f"/site/keys/{key['id']}/resume")).json()["state"] == "active"
    assert (await ada.post(f"/site/keys/{key['id']}/revoke")).json()["state"] == "revoked"
    assert_error(await ada.post(f"/site/keys/{key['id']}/resume"), 409, "conflict")
    assert (await asked(ada, key["key"])).status_code == 401


async def test_the_browsers_own_key_is_listed_capped_and_paused_but_never_renamed_revoked_or_shown(ada: Browser) -> None:
    await ada.get("/site/v1/models")
    (own,) = [one for one in await listed(ada) if one["workbench"]]
    address = f"/site/keys/{own['id']}"
    assert own["name"] == "workbench"
    assert (await ada.patch(address, json={"monthly_tokens": 100})).json()["monthly_tokens"] == 100
    assert_error(await ada.patch(address, json={"name": "mine"}), 400, "unknown_parameter", "name")
    assert_error(await ada.post(f"{address}/revoke"), 409, "conflict")
    await ada.post(f"{address}/pause")
    assert_error(await ada.get("/site/v1/models"), 403, "key_paused")
    assert (await ada.post(f"{address}/resume")).json()["state"] == "active"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 300}, "name"),
        ({"monthly_tokens": -1}, "monthly_tokens"),
        ({"monthly_tokens": 10**15}, "monthly_tokens"),
        ({"concurrency": 0}, "concurrency"),
        ({"expires": "2001-01-01"}, "expires"),
        ({"expires": "2099-02-30"}, "expires"),
        ({"expires": "tomorrow"}, "expires"),
        ({"models": []}, "models"),
        ({"models": ["a,b"]}, "models"),
    ],
)
async def test_a_wrong_field_is_named(ada: Browser, fields: dict[str, Any], param: str) -> None:
    assert_error(await ada.post("/site/keys", json={"name": "evals", **fields}), 400, "invalid_value", param)


async def test_an_account_has_so_many_keys_and_revoked_ones_do_not_count(ada: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_KEYS", 1)
    key = await made(ada)
    assert_error(await ada.post("/site/keys", json={"name": "more"}), 403, "quota_exceeded")
    await ada.post(f"/site/keys/{key['id']}/revoke")
    await made(ada, name="more")


async def test_many_at_once_do_not_pass_the_quota(ada: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_KEYS", 3)
    answers = await asyncio.gather(*(ada.post("/site/keys", json={"name": f"key {number}"}) for number in range(10)))
    live = [one for one in await listed(ada) if one["state"] == "active" and not one["workbench"]]
    assert len(live) == 3
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [403] * 7


async def test_making_keys_without_end_has_to_wait(ada: Browser, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site.new_keys, "_most", 2)
    for _ in range(2):
        await made(ada)
    answer = await ada.post("/site/keys", json={"name": "third"})
    assert_error(answer, 429, "too_many_requests")
    assert int(answer.headers["retry-after"]) > 0


async def test_another_accounts_keys_are_as_none(ada: Browser, sign_up: SignUp, redis: Redis, site: Site, account: Account) -> None:
    bob = await sign_up("bob", owner=await Accounts(redis).create("others"))
    theirs = (await made(bob))["id"]
    assert theirs not in {one["id"] for one in await listed(ada)}
    for answer in [
        await ada.patch(f"/site/keys/{theirs}", json={"name": "mine"}),
        *[await ada.post(f"/site/keys/{theirs}/{verb}") for verb in ("pause", "resume", "revoke")],
        await ada.get(f"/site/usage?key={theirs}"),
    ]:
        assert_error(answer, 404, "not_found")
    assert [one["state"] for one in await listed(bob) if one["id"] == theirs] == ["active"]
