from __future__ import annotations

import time

import httpx
import pytest
from fastapi import FastAPI

from budgets.accounts import Account
from budgets.errors import StoreUnavailable
from budgets.keys import Keys
from tests.router.errors import assert_error
from tests.workbench.browser import PASSWORD, Browser
from tests.workbench.conftest import SignUp
from workbench import doorman, sessions
from workbench.services import Site
from workbench.users import DISABLED

NEW = "another long password"


async def invited(site: Site, account: Account) -> str:
    return (await site.invites.make(account, "user"))[0]


def after(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    later = time.time() + seconds
    monkeypatch.setattr(time, "time", lambda: later)


async def test_an_invite_lets_a_newcomer_in(sign_up: SignUp, site: Site) -> None:
    ada = await sign_up("Ada")
    document = (await ada.get("/site/session")).json()
    user = await site.users.named("Ada")
    assert document["user"] == {"id": user.id, "name": "Ada", "role": "user", "account": "people"}
    assert document["links"] == {"chat": None, "feedback": None, "bugs": None}
    assert document["service"]["base_url"] == "http://127.0.0.1:8000/v1"


async def test_signing_in_changes_the_cookie_and_ends_the_session_before(sign_up: SignUp) -> None:
    ada = await sign_up("ada")
    before = ada.cookie
    await ada.sign_in("ada")
    assert ada.cookie not in (None, before)
    ada.cookies.set("bw", before or "", domain="127.0.0.1")
    assert await ada.user() is None


async def test_a_cookie_that_somebody_else_chose_never_becomes_a_session(browser: Browser, sign_up: SignUp) -> None:
    await sign_up("ada")
    browser.cookies.set("bw", "chosen", domain="127.0.0.1")
    await browser.sign_in("ada")
    browser.cookies.clear()
    browser.cookies.set("bw", "chosen", domain="127.0.0.1")
    assert await browser.user() is None


async def test_the_cookie_is_kept_from_scripts_and_from_other_sites(sign_up: SignUp) -> None:
    answer = await (await sign_up("ada")).sign_in("ada")
    attributes = {one.strip().lower() for one in answer.headers["set-cookie"].split(";")[1:]}
    assert attributes == {"httponly", "path=/", "samesite=strict"}


async def test_a_wrong_password_an_unknown_name_and_a_disabled_user_get_one_answer(browser: Browser, sign_up: SignUp, site: Site) -> None:
    await sign_up("ada")
    await sign_up("gone")
    await site.users.disable((await site.users.named("gone")).id)
    wrong = await browser.sign_in("ada", NEW)
    unknown = await browser.sign_in("nobody", NEW)
    disabled = await browser.sign_in("gone", PASSWORD)
    assert_error(wrong, 401, "bad_credentials")
    assert wrong.text == unknown.text == disabled.text
    assert browser.cookie is None


async def test_a_name_is_found_in_every_spelling(browser: Browser, sign_up: SignUp) -> None:
    await sign_up("Ada")
    assert (await browser.sign_in("aDA")).json()["user"]["name"] == "Ada"


async def test_guessing_a_password_is_slowed_down_by_name_from_any_address(site_app: FastAPI, sign_up: SignUp) -> None:
    await sign_up("ada")
    for number in range(int(doorman.OF_A_NAME[0])):
        async with Browser(site_app, address=f"127.0.0.{number + 1}") as guesser:
            assert_error(await guesser.sign_in("ADA", NEW), 401, "bad_credentials")
    async with Browser(site_app, address="127.0.0.99") as guesser:
        refused = await guesser.sign_in("ada")
        assert_error(refused, 429, "too_many_failures")
        assert int(refused.headers["retry-after"]) >= 1
        assert (await guesser.sign_in("nobody", NEW)).status_code == 401


async def test_guessing_names_is_slowed_down_by_address(site_app: FastAPI, sign_up: SignUp) -> None:
    await sign_up("ada")
    async with Browser(site_app, address="127.0.0.2") as guesser:
        codes = [(await guesser.sign_in(f"name {number}", NEW)).status_code for number in range(int(doorman.OF_AN_ADDRESS[0]) + 1)]
        assert codes == [401] * int(doorman.OF_AN_ADDRESS[0]) + [429]
        assert_error(await guesser.post("/site/invites/look", json={"token": "x"}), 429, "too_many_failures")
    async with Browser(site_app, address="127.0.0.3") as other:
        await other.sign_in("ada")


async def test_signing_in_often_is_no_failure(browser: Browser, sign_up: SignUp) -> None:
    await sign_up("ada")
    for _ in range(int(doorman.OF_A_NAME[0]) + 2):
        await browser.sign_in("ada")


async def test_signing_out_ends_the_session_on_the_server(sign_up: SignUp) -> None:
    ada = await sign_up("ada")
    cookie = ada.cookie or ""
    assert (await ada.post("/site/sign-out")).status_code == 204
    assert ada.cookie is None
    ada.cookies.set("bw", cookie, domain="127.0.0.1")
    assert await ada.user() is None


async def test_signing_out_everywhere_ends_all_sessions_of_this_user_only(browser: Browser, sign_up: SignUp) -> None:
    ada, eve = await sign_up("ada"), await sign_up("eve")
    await browser.sign_in("ada")
    assert (await ada.post("/site/sign-out-everywhere")).status_code == 204
    assert await ada.user() is None
    assert await browser.user() is None
    assert await eve.user() is not None


async def test_a_changed_password_ends_the_other_sessions(browser: Browser, sign_up: SignUp) -> None:
    ada = await sign_up("ada")
    await browser.sign_in("ada")
    before = ada.cookie
    assert (await ada.post("/site/password", json={"old": PASSWORD, "new": NEW})).status_code == 204
    assert await browser.user() is None
    assert await ada.user() is not None
    assert ada.cookie != before
    assert (await browser.sign_in("ada")).status_code == 401
    await browser.sign_in("ada", NEW)


async def test_a_password_is_changed_only_by_who_knows_it(sign_up: SignUp) -> None:
    ada = await sign_up("ada")
    assert_error(await ada.post("/site/password", json={"old": NEW, "new": NEW}), 401, "bad_credentials")
    assert_error(await ada.post("/site/password", json={"old": PASSWORD, "new": "short"}), 400, "invalid_value", "new")
    await ada.sign_in("ada")


async def test_a_disabled_user_is_out_at_once(sign_up: SignUp, site: Site) -> None:
    ada = await sign_up("ada")
    user = await site.users.named("ada")
    assert (await site.users.disable(user.id)).state == DISABLED
    assert_error(await ada.get("/site/session"), 401, "not_signed_in")
    await site.users.enable(user.id)
    assert_error(await ada.get("/site/session"), 401, "not_signed_in")
    await ada.sign_in("ada")


async def test_another_role_begins_with_another_session(sign_up: SignUp, site: Site) -> None:
    ada = await sign_up("ada")
    await site.users.set_role((await site.users.named("ada")).id, "admin")
    assert await ada.user() is None
    await ada.sign_in("ada")
    assert (await ada.user())["role"] == "admin"


@pytest.mark.parametrize("seconds", [sessions.IDLE_SECONDS, sessions.LONGEST_SECONDS])
async def test_a_session_that_nobody_uses_ends(sign_up: SignUp, monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    ada = await sign_up("ada")
    after(monkeypatch, seconds)
    assert await ada.user() is None


async def test_a_session_that_is_used_lasts_until_its_end(sign_up: SignUp, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = await sign_up("ada")
    for _ in range(sessions.LONGEST_SECONDS // sessions.IDLE_SECONDS):
        assert await ada.user() is not None
        after(monkeypatch, sessions.IDLE_SECONDS - 1)
    assert await ada.user() is not None
    after(monkeypatch, sessions.IDLE_SECONDS - 1)
    assert await ada.user() is None


async def test_passwords_and_cookies_are_stored_as_digests_only(sign_up: SignUp, site: Site) -> None:
    ada = await sign_up("ada")
    user = await site.users.named("ada")
    found = await site.sessions.find(ada.cookie or "")
    assert found is not None
    assert ada.cookie not in (None, found[1])
    assert user.password.startswith("$argon2id$")
    assert PASSWORD not in user.password


async def test_who_comes_while_the_store_of_keys_is_away_gets_the_key_later(
    browser: Browser, site: Site, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise StoreUnavailable("away")

    token = await invited(site, account)
    with monkeypatch.context() as patched:
        patched.setattr(Keys, "create", away)
        await browser.accept(token, "ada")
        assert_error(await browser.get("/site/v1/models"), 503, "accounting_unavailable")
    assert (await site.users.named("ada")).key_id is None
    assert (await browser.get("/site/v1/models")).status_code == 200
    assert (await site.users.named("ada")).key_id is not None


@pytest.mark.parametrize("path", ["/site/sign-in", "/site/invites/accept", "/site/resets/use"])
async def test_over_plain_http_from_elsewhere_nobody_signs_in(site_app: FastAPI, path: str) -> None:
    for origin, address in (("http://lab.example", "127.0.0.1"), ("http://127.0.0.1:8000", "10.0.0.7")):
        async with Browser(site_app, origin, address) as one:
            assert_error(await one.post(path, json={}), 403, "insecure")


async def test_an_answer_is_for_its_browser_alone(sign_up: SignUp) -> None:
    answer: httpx.Response = await (await sign_up("ada")).get("/site/session")
    assert answer.headers["cache-control"] == "no-store"
