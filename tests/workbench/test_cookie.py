from __future__ import annotations

import pytest
from fastapi import FastAPI
from starlette.requests import Request

from budgets.accounts import Account
from tests.workbench.browser import PASSWORD, Browser
from workbench.cookie import is_loopback
from workbench.services import Site
from workbench.settings import SiteSettings

PUBLIC = "https://lab.example"


def request(host: str, peer: str | None) -> Request:
    client = None if peer is None else (peer, 40_000)
    headers = [(b"host", host.encode())]
    scope = {"type": "http", "method": "GET", "path": "/", "scheme": "http", "headers": headers, "query_string": b"", "client": client}
    return Request(scope)


@pytest.mark.parametrize(
    ("host", "peer", "loopback"),
    [
        ("127.0.0.1:8000", "127.0.0.1", True),
        ("localhost:8000", "127.0.0.1", True),
        ("[::1]:8000", "::1", True),
        ("evil.example", "127.0.0.1", False),
        ("localhost.evil.example", "127.0.0.1", False),
        ("127.0.0.1:8000", "10.0.0.7", False),
        ("127.0.0.1:8000", None, False),
        ("", "127.0.0.1", False),
    ],
)
def test_only_what_stays_on_this_machine_is_safe_in_plain_text(host: str, peer: str | None, loopback: bool) -> None:
    assert is_loopback(request(host, peer)) is loopback


class TestBehindHttps:
    @pytest.fixture
    def site_settings(self, database_url: str) -> SiteSettings:
        return SiteSettings(database_url, PUBLIC)

    async def test_the_cookie_belongs_to_this_host_and_to_https(self, site_app: FastAPI, site: Site, account: Account) -> None:
        token, _ = await site.invites.make(account, "user")
        async with Browser(site_app, PUBLIC, "10.0.0.7") as ada:
            body = {"token": token, "name": "ada", "password": PASSWORD}
            answer = ada.entered(await ada.post("/site/invites/accept", json=body))
            name, *attributes = answer.headers["set-cookie"].lower().split(";")
            assert name.startswith("__host-bw=")
            assert {one.strip() for one in attributes} == {"httponly", "path=/", "samesite=strict", "secure"}
            assert (await ada.get("/site/session")).json()["service"]["base_url"] == f"{PUBLIC}/v1"

    async def test_the_cookie_of_plain_http_opens_nothing(self, site_app: FastAPI, site: Site, account: Account) -> None:
        token, _ = await site.invites.make(account, "user")
        async with Browser(site_app, PUBLIC) as ada:
            await ada.accept(token, "ada")
            ada.cookies.set("bw", ada.cookie or "", domain="lab.example")
            ada.cookies.delete("__Host-bw")
            assert await ada.user() is None

    async def test_an_old_browser_is_known_by_the_public_origin(self, site_app: FastAPI, site: Site, account: Account) -> None:
        token, _ = await site.invites.make(account, "user")
        async with Browser(site_app, "http://gateway:8000") as ada:
            ada.headers.pop("sec-fetch-site")
            for origin, status in ((PUBLIC, 200), ("http://gateway:8000", 403)):
                answer = await ada.post("/site/invites/look", json={"token": token}, headers={"origin": origin})
                assert answer.status_code == status
