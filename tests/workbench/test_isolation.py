"""Two accounts: nothing of one is seen, changed or known to be there by the other, whatever route is asked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from budgets.accounts import Account
from tests.workbench.browser import Browser
from tests.workbench.conftest import SignUp
from tests.workbench.test_site import COMPLETION, FOR_ADMINS, NOWHERE, WAYS_IN, routes
from workbench.csrf import SAFE
from workbench.services import Site

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

#: They would end the session that asks.
WAYS_OUT = {"/site/sign-out", "/site/sign-out-everywhere"}
#: A model is nobody's, and the body is looked at first.
MODEL = "/site/m/"
NAME, KEY, PROMPT, SAID = "zebra-of-people", "key of the zebra", "prompt of the zebra", "feedback of the zebra"
CONTENT = json.dumps({"text": "text of the zebra"})
#: What a route is sent so that it looks for what its address names; all others get an empty object.
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("PATCH", "/site/keys/{}"): {"name": "taken"},
    ("PUT", "/site/prompts/{}"): {"name": "taken", "content": "{}", "parent": 1},
    ("POST", "/site/prompts/{}/share"): {"shared": True},
    ("POST", "/site/v1/completions"): COMPLETION,
    ("POST", "/site/v1/tokenize"): {"model": "pico", "prompt": "In"},
    ("POST", "/site/admin/invites"): {"account": "x", "role": "admin"},
}


@dataclass(frozen=True)
class Owned:
    """What the one has: the ids that the other may have heard of, and what no answer may tell."""

    ids: tuple[str, ...]
    marks: tuple[str, ...]


@pytest.fixture
async def zebra(sign_up: SignUp) -> Browser:
    return await sign_up(NAME)


@pytest.fixture
async def owned(zebra: Browser, site: Site, account: Account) -> Owned:
    key = (await zebra.post("/site/keys", json={"name": KEY})).json()
    prompt = (await zebra.post("/site/prompts", json={"name": PROMPT, "content": CONTENT})).json()
    await zebra.post("/site/feedback", json={"text": SAID, "page": "/models"})
    assert (await zebra.post("/site/v1/completions", json=COMPLETION)).status_code == 200
    user, (letter, _) = await site.users.named(NAME), (await site.inbox.page())[0]
    ids = (key["id"], prompt["id"], user.id, user.key_id or "", account.id, letter.id)
    return Owned(ids, (*ids, NAME, KEY, PROMPT, SAID, account.name, "text of the zebra"))


async def standing(zebra: Browser, owned: Owned) -> list[Any]:
    paths = ("session", "keys", "usage", "prompts", f"prompts/{owned.ids[1]}", f"prompts/{owned.ids[1]}/versions")
    answers = [await zebra.get(f"/site/{path}") for path in paths]
    assert {answer.status_code for answer in answers} == {200}
    return [answer.json() for answer in answers]


async def test_nobody_of_another_account_sees_or_changes_anything(zebra: Browser, owned: Owned, sign_up: SignUp, site: Site) -> None:
    eve, before = await sign_up("eve", owner=await site.accounts.create("others")), await standing(zebra, owned)
    for method, path in sorted(set(routes("{}")) - {(method, way) for method in ("POST",) for way in WAYS_IN | WAYS_OUT}):
        for one in owned.ids if "{}" in path else ("",):
            body = None if method in SAFE else BODIES.get((method, path), {})
            answer = await eve.request(method, path.replace("{}", one), json=body)
            assert not [mark for mark in owned.marks if mark != one and mark in answer.text], (method, path, answer.text)
            if "{}" in path and not path.startswith(MODEL):
                assert answer.status_code in (403, 404), (method, path, answer.text)
    assert await eve.user() is not None
    assert await standing(zebra, owned) == before


async def test_that_something_is_there_is_told_as_if_it_were_not(zebra: Browser, owned: Owned, sign_up: SignUp, site: Site) -> None:
    eve = await sign_up("eve", owner=await site.accounts.create("others"))
    for method, path in sorted(set(routes("{}")) - set(FOR_ADMINS)):
        if "{}" not in path or NOWHERE.search(path):
            continue
        body = None if method in SAFE else BODIES.get((method, path), {})
        told = {(await eve.request(method, path.replace("{}", one), json=body)).text.replace(one, "ID") for one in (*owned.ids, "0" * 16)}
        assert len(told) == 1, (method, path, told)
