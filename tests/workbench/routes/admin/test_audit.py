from __future__ import annotations

import pytest

from tests.router.errors import assert_error
from tests.workbench.browser import Browser
from workbench import audit
from workbench.routes.admin import audit as module
from workbench.services import Site

ROUTE = "/site/admin/audit"


async def test_entries_tell_who_did_what_to_whom(grace: Browser, site: Site) -> None:
    used, made = (await grace.get(ROUTE)).json()["audit"]
    assert {name: used[name] for name in used if name not in ("id", "at")} == {
        "who": "grace",
        "user": (await site.users.named("grace")).id,
        "what": "invite.used",
        "target": "people",
        "before": None,
        "after": {"role": "admin"},
    }
    assert (made["who"], made["user"], made["what"]) == ("command line", None, "invite.made")
    assert used["at"].endswith("Z")


async def test_older_ones_are_on_the_next_page(grace: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in (audit, module):
        monkeypatch.setattr(place, "ON_A_PAGE", 1)
    first = (await grace.get(ROUTE)).json()
    second = (await grace.get(f"{ROUTE}?cursor={first['next']}")).json()
    last = (await grace.get(f"{ROUTE}?cursor={second['next']}")).json()
    assert [one["what"] for page in (first, second) for one in page["audit"]] == ["invite.used", "invite.made"]
    assert last == {"audit": [], "next": None}


@pytest.mark.parametrize("query", ["cursor=x", "cursor=", "cursor=a&cursor=b", f"cursor={'A' * 32}"])
async def test_a_wrong_cursor_is_named(grace: Browser, query: str) -> None:
    assert_error(await grace.get(f"{ROUTE}?{query}"), 400, "invalid_value", "cursor")


async def test_nothing_changes_the_log(grace: Browser) -> None:
    entry = (await grace.get(ROUTE)).json()["audit"][0]["id"]
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert (await grace.request(method, ROUTE)).status_code == 405
        assert (await grace.request(method, f"{ROUTE}/{entry}")).status_code == 404
