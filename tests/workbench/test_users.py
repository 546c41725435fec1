from __future__ import annotations

import pytest

from budgets.errors import BadName
from tests.workbench.conftest import SignUp
from workbench.errors import UserUnknown
from workbench.services import Site
from workbench.users import fold, new_user


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


async def test_there_is_an_admin_or_not(site: Site, sign_up: SignUp) -> None:
    await sign_up("ada")
    assert not await site.users.has_admin()
    await sign_up("grace", "admin")
    assert await site.users.has_admin()
    assert [user.name for user in await site.users.list()] == ["ada", "grace"]
