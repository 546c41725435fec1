from __future__ import annotations

from tests.workbench.browser import PASSWORD, Browser
from tests.workbench.conftest import SignUp


async def test_an_invite_lets_a_newcomer_in(sign_up: SignUp) -> None:
    ada = await sign_up("Ada")
    document = (await ada.get("/site/session")).json()
    assert document["user"] | {"id": ""} == {"id": "", "name": "Ada", "role": "user", "account": "people"}
    assert document["links"] == {"chat": None, "feedback": None, "bugs": None}
    assert document["service"]["base_url"] == "http://127.0.0.1:8000/v1"
