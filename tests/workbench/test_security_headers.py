from __future__ import annotations

import httpx
import pytest

from tests.workbench.browser import Browser
from workbench.security_headers import HEADERS
from workbench.settings import SiteSettings

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

GUARDED = [
    "/",
    "/sign-in",
    "/workbench",
    "/admin",
    "/docs/nothing",
    "/site/session",
    "/site/nothing",
    "/site/v1/models",
    "/static/nothing.js",
]
OPEN = ["/v1/models", "/health", "/openapi.json", "/nothing", "/m/pico/v1/models", "/sitemap"]


@pytest.mark.parametrize("path", GUARDED)
async def test_every_answer_of_the_site_tells_the_browser_to_be_strict(browser: Browser, path: str) -> None:
    answer = await browser.get(path)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert answer.headers["cache-control"] == ("no-cache" if path.startswith("/static") else "no-store")
    assert "strict-transport-security" not in answer.headers


@pytest.mark.parametrize("path", OPEN)
async def test_answers_of_the_api_stay_as_they_are(browser: Browser, client: httpx.AsyncClient, path: str) -> None:
    answer = await browser.get(path)
    assert not HEADERS.keys() & answer.headers.keys()
    assert "cache-control" not in answer.headers


async def test_answers_under_site_differ_by_who_asks(browser: Browser) -> None:
    assert {"Sec-Fetch-Site", "Origin", "Cookie"} <= {
        one.strip() for one in (await browser.get("/site/session")).headers["vary"].split(",")
    }


async def test_no_other_origin_may_read_the_site(browser: Browser) -> None:
    for path in ("/", "/site/session", "/site/v1/models", "/static/nothing.js"):
        answer = await browser.get(path, headers={"origin": "https://evil.example"})
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        preflight = {"origin": "https://evil.example", "access-control-request-method": "POST"}
        assert not [name for name in (await browser.options(path, headers=preflight)).headers if name.startswith("access-control-")]


class TestBehindHttps:
    @pytest.fixture
    def site_settings(self, database_url: str) -> SiteSettings:
        return SiteSettings(database_url, "https://lab.example")

    async def test_the_browser_stays_there(self, browser: Browser) -> None:
        assert (await browser.get("/site/session")).headers["strict-transport-security"]
