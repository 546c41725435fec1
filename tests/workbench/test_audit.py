from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import Any

import pytest
from sqlalchemy import delete, update

from tests.workbench.browser import PASSWORD, Browser
from tests.workbench.conftest import SignUp
from workbench import audit
from workbench.audit import COMMAND_LINE, SOMEBODY, Entry, Who
from workbench.errors import Conflict, SiteUnavailable
from workbench.services import Site
from workbench.users import ADMIN

ADA, EVE = Who("1", "ada"), Who("2", "eve")
NEW = "another long password"


async def entries(site: Site) -> list[Entry]:
    """The oldest first."""
    return (await site.audit.page())[::-1]


async def told(site: Site) -> list[tuple[str, str, str | None]]:
    return [(entry.who, entry.what, entry.target) for entry in await entries(site)]


async def forget(site: Site) -> None:
    async with site.database.writing() as session:
        await session.execute(delete(Entry))


async def test_what_was_told_is_read_again_the_latest_first(site: Site) -> None:
    await site.audit.tell(ADA, "account.made", "lab", after={"monthly_tokens": 5})
    await site.audit.tell(COMMAND_LINE, "user.disabled", "eve", {"state": "active"}, {"state": "disabled"})
    last, first = await site.audit.page()
    assert (first.who_id, first.who, first.what, first.target, first.before, first.after) == (
        *("1", "ada", "account.made", "lab", None),
        '{"monthly_tokens": 5}',
    )
    assert (last.who, json.loads(last.before or ""), json.loads(last.after or "")) == (
        *("command line", {"state": "active"}),
        {"state": "disabled"},
    )
    assert abs(last.at - time.time()) < 60
    assert [entry.id for entry in await site.audit.page(last.id)] == [first.id]


async def test_pages_end_where_the_next_begins(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "ON_A_PAGE", 2)
    for number in range(5):
        await site.audit.tell(ADA, "key.made", str(number))
    seen: list[str | None] = []
    page = await site.audit.page()
    while page:
        seen += [entry.target for entry in page]
        page = await site.audit.page(page[-1].id)
    assert seen == ["4", "3", "2", "1", "0"]


async def test_what_is_too_old_goes(site: Site) -> None:
    await site.audit.tell(ADA, "key.made", "old")
    async with site.database.writing() as session:
        await session.execute(update(Entry).values(at=int(time.time()) - audit.SECONDS - 1))
    await site.audit.tell(EVE, "key.made", "new")
    assert [entry.target for entry in await entries(site)] == ["new"]


async def test_nobody_pushes_out_what_others_did_or_what_they_did_otherwise(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "MOST_OF_A_KIND", 3)
    await site.audit.tell(EVE, "key.made", "of eve")
    await site.audit.tell(ADA, "user.disabled", "grace")
    for number in range(10):
        await site.audit.tell(ADA, "key.made", str(number))
    assert [entry.target for entry in await entries(site)] == ["of eve", "grace", "7", "8", "9"]


async def test_what_happens_often_is_counted_by_the_hour(site: Site) -> None:
    for _ in range(3):
        await site.audit.count(SOMEBODY, "user.sign_in_failed", "ada")
    await site.audit.count(SOMEBODY, "user.sign_in_failed")
    async with site.database.writing() as session:
        await session.execute(update(Entry).where(Entry.target == "ada").values(at=int(time.time()) - audit.HOUR - 1))
    await site.audit.count(SOMEBODY, "user.sign_in_failed", "ada")
    assert [(one.target, json.loads(one.after or "")) for one in await entries(site)] == [
        ("ada", {"count": 3}),
        (None, {"count": 1}),
        ("ada", {"count": 1}),
    ]


async def test_none_of_many_at_once_is_lost(site: Site) -> None:
    await asyncio.gather(*(site.audit.count(SOMEBODY, "user.sign_in_failed", "ada") for _ in range(10)))
    await asyncio.gather(*(site.audit.tell(ADA, "key.made", str(number)) for number in range(10)))
    found = await entries(site)
    assert sum(json.loads(one.after or "")["count"] for one in found if one.what == "user.sign_in_failed") == 10
    assert {one.target for one in found if one.what == "key.made"} == {str(number) for number in range(10)}


async def test_a_log_that_cannot_be_written_is_an_error_in_the_other_log(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away() -> Any:
        raise SiteUnavailable

    monkeypatch.setattr(site.database, "writing", away)
    await site.audit.tell(ADA, "account.made", "lab")
    await site.audit.count(SOMEBODY, "user.sign_in_failed")
    assert [(one.levelno, one.getMessage()) for one in caplog.records if one.name == "workbench.audit"] == [
        (logging.ERROR, "account.made could not be written into the audit log."),
        (logging.ERROR, "user.sign_in_failed could not be written into the audit log."),
    ]


async def test_a_change_that_is_undone_was_never_told(site: Site, sign_up: SignUp) -> None:
    await sign_up("ada", ADMIN)
    await forget(site)
    with pytest.raises(Conflict):
        await site.users.disable((await site.users.named("ada")).id, EVE)
    assert await entries(site) == []


async def test_coming_in_and_failing_to_is_told_of_people_who_exist(browser: Browser, sign_up: SignUp, site: Site) -> None:
    ada = await sign_up("ada")
    await forget(site)
    for name in ("Ada", "ada", "my password by mistake"):
        await browser.sign_in(name, "wrong horse battery")
    for _ in range(2):
        await browser.sign_in("ada")
    await ada.post("/site/password", json={"old": "wrong horse battery", "new": NEW})
    assert [(one.who, one.what, one.target, one.after) for one in await entries(site)] == [
        ("somebody", "user.sign_in_failed", "ada", '{"count": 3}'),
        ("somebody", "user.sign_in_failed", None, '{"count": 1}'),
        ("ada", "user.signed_in", "ada", '{"count": 2}'),
    ]


async def test_what_people_do_to_themselves_is_told(browser: Browser, sign_up: SignUp, site: Site) -> None:
    ada = await sign_up("ada")
    await ada.post("/site/password", json={"old": PASSWORD, "new": NEW})
    token, _ = await site.resets.make((await site.users.named("ada")).id)
    browser.entered(await browser.post("/site/resets/use", json={"token": token, "password": PASSWORD}))
    await browser.post("/site/sign-out-everywhere")
    assert await told(site) == [
        ("command line", "invite.made", "people"),
        ("ada", "invite.used", "people"),
        ("ada", "user.password_changed", "ada"),
        ("command line", "reset.made", "ada"),
        ("ada", "reset.used", "ada"),
        ("ada", "user.signed_out_everywhere", "ada"),
    ]


async def test_keys_on_the_dashboard_are_told_by_what_changed(sign_up: SignUp, site: Site) -> None:
    ada = await sign_up("ada")
    key = (await ada.post("/site/keys", json={"name": "evals", "monthly_tokens": 500})).json()
    await forget(site)
    await ada.patch(f"/site/keys/{key['id']}", json={"name": "probes", "monthly_tokens": 500})
    for verb in ("pause", "pause", "resume", "revoke"):
        await ada.post(f"/site/keys/{key['id']}/{verb}")
    assert {entry.target for entry in await entries(site)} == {f"probes ({key['id']})"}
    assert [(one.what, json.loads(one.before or ""), json.loads(one.after or "")) for one in await entries(site)] == [
        ("key.changed", {"name": "evals"}, {"name": "probes"}),
        ("key.paused", {"state": "active"}, {"state": "paused"}),
        ("key.resumed", {"state": "paused"}, {"state": "active"}),
        ("key.revoked", {"state": "active"}, {"state": "revoked"}),
    ]


async def test_no_secret_is_ever_told(browser: Browser, sign_up: SignUp, site: Site) -> None:
    ada = await sign_up("ada")
    key = (await ada.post("/site/keys", json={"name": "evals"})).json()["key"]
    cookie, csrf = ada.cookie or "", ada.headers["x-csrf-token"]
    reset, _ = await site.resets.make((await site.users.named("ada")).id)
    await browser.post("/site/resets/use", json={"token": reset, "password": NEW})
    await browser.sign_in("ada", PASSWORD)
    columns = [getattr(one, name) for one in await entries(site) for name in ("who", "what", "target", "before", "after")]
    everything = " ".join(str(one) for one in columns)
    assert "key.made" in everything
    for secret in (PASSWORD, NEW, key, cookie, csrf, reset):
        assert secret not in everything


@pytest.mark.parametrize("who", [COMMAND_LINE, SOMEBODY])
def test_whoever_is_no_user_is_known_as_none(who: Who) -> None:
    assert not who.is_user
    assert ADA.is_user
    assert Who("3", "command line").is_user
