from __future__ import annotations

import pytest

from tests.router.errors import assert_error
from tests.workbench.browser import Browser
from tests.workbench.conftest import SignUp
from tests.workbench.routes.admin.conftest import Told
from workbench import feedback
from workbench.routes.admin import feedback as module
from workbench.services import Site

ROUTE = "/site/admin/feedback"


async def test_feedback_is_read_with_what_was_sent_along(grace: Browser, sign_up: SignUp) -> None:
    ada = await sign_up("ada")
    sent = {"text": "Odd.\n<b>", "page": "/workbench", "request_id": "abc", "parameters": {"seed": 1}}
    assert (await ada.post("/site/feedback", json=sent)).status_code == 204
    document = (await grace.get(ROUTE)).json()
    (letter,) = document["feedback"]
    assert {name: letter[name] for name in sent} == sent
    assert (letter["user"], letter["read"], document["unread"], document["next"]) == ("ada", False, 1, None)
    assert letter["created"].endswith("Z")


async def test_it_is_marked_as_read_and_as_new_again(grace: Browser) -> None:
    await grace.post("/site/feedback", json={"text": "Odd.", "page": "/"})
    address = f"{ROUTE}/{(await grace.get(ROUTE)).json()['feedback'][0]['id']}"
    for read in (True, False):
        assert (await grace.patch(address, json={"read": read})).json()["read"] is read
        document = (await grace.get(ROUTE)).json()
        assert (document["feedback"][0]["read"], document["unread"]) == (read, 0 if read else 1)
    assert_error(await grace.patch(address, json={"read": "yes"}), 400, "invalid_value", "read")


async def test_it_is_deleted_for_good_and_that_is_told_without_its_text(grace: Browser, site: Site, told: Told) -> None:
    await grace.post("/site/feedback", json={"text": "Odd.", "page": "/models"})
    letter = (await grace.get(ROUTE)).json()["feedback"][0]["id"]
    await told()
    assert (await grace.delete(f"{ROUTE}/{letter}")).status_code == 204
    assert_error(await grace.delete(f"{ROUTE}/{letter}"), 404, "not_found")
    assert_error(await grace.patch(f"{ROUTE}/{letter}", json={"read": True}), 404, "not_found")
    assert (await grace.get(ROUTE)).json()["feedback"] == []
    user = (await site.users.named("grace")).id
    before = f'{{"user": "{user}", "page": "/models"}}'
    assert await told() == [("grace", "feedback.deleted", letter, before, None)]


async def test_much_of_it_is_read_a_page_at_a_time(grace: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in (feedback, module):
        monkeypatch.setattr(place, "ON_A_PAGE", 2)
    for number in range(3):
        await grace.post("/site/feedback", json={"text": str(number), "page": "/"})
    first = (await grace.get(ROUTE)).json()
    second = (await grace.get(f"{ROUTE}?cursor={first['next']}")).json()
    assert [one["text"] for one in (*first["feedback"], *second["feedback"])] == ["2", "1", "0"]
    assert (first["unread"], second["next"]) == (3, None)
    for wrong in ("x", "", "0" * 33):
        assert_error(await grace.get(f"{ROUTE}?cursor={wrong}"), 400, "invalid_value", "cursor")
