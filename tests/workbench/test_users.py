from __future__ import annotations

import asyncio

import pytest

from budgets.errors import BadName
from tests.workbench.conftest import SignUp
from workbench.audit import Who
from workbench.errors import Conflict, UserUnknown
from workbench.services import Site
from workbench.users import ADMIN, DISABLED, USER, fold, new_user


@pytest.mark.parametrize("name", ["", " ada", "a\tb", "x" * 65, "a\u202eb"])
def test_a_name_that_cannot_be_shown_is_refused(name: str) -> None:
    with pytest.raises(BadName):
        new_user(name, "1", "people", "user", "hash")


@pytest.mark.parametrize(("one", "other"), [("Ada", "ADA"), ("straße", "STRASSE"), ("ｅｖｅ", "eve"), ("\u212bngström", "\u00e5ngström")])
def test_names_that_differ_in_writing_only_are_one(one: str, other: str) -> None:
    assert fold(one) == fold(other)


async def test_whoever_does_not_exist_cannot_be_changed(site: Site) -> None:
    for change in (site.users.disable, site.users.enable, site.users.sign_out_everywhere, site.users.get, site.users.named):
        with pytest.raises(UserUnknown):
            await change("nobody")
    with pytest.raises(UserUnknown):
        await site.resets.make("nobody")


async def test_the_last_admin_stays_one_whoever_asks_but_the_command_line(site: Site, sign_up: SignUp) -> None:
    await sign_up("ada", ADMIN)
    ada, former = await site.users.named("ada"), Who("1", "former admin")
    for change in (site.users.disable(ada.id, former), site.users.set_role(ada.id, USER, former)):
        with pytest.raises(Conflict, match="last admin"):
            await change
    assert (await site.users.get(ada.id)).is_admin
    assert (await site.users.disable(ada.id)).state == DISABLED


async def test_of_two_admins_who_demote_each_other_at_once_one_stays(site: Site, sign_up: SignUp) -> None:
    for name in ("ada", "grace"):
        await sign_up(name, ADMIN)
    ada, grace = await site.users.list()
    both = (site.users.set_role(ada.id, USER, grace.who), site.users.set_role(grace.id, USER, ada.who))
    done = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["Conflict", "User"]
    assert [user.role for user in await site.users.list()].count(ADMIN) == 1


async def test_a_disabled_admin_is_none_that_stays(site: Site, sign_up: SignUp) -> None:
    for name in ("ada", "grace"):
        await sign_up(name, ADMIN)
    ada, grace = await site.users.list()
    await site.users.disable(grace.id, ada.who)
    with pytest.raises(Conflict, match="last admin"):
        await site.users.disable(ada.id, grace.who)


async def test_there_is_an_admin_or_not(site: Site, sign_up: SignUp) -> None:
    await sign_up("ada")
    assert not await site.users.has_admin()
    await sign_up("grace", "admin")
    assert await site.users.has_admin()
    assert [user.name for user in await site.users.list()] == ["ada", "grace"]
