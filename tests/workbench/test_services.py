from __future__ import annotations

import httpx
import pytest

from tests.router.errors import assert_error
from tests.workbench.browser import Browser
from tests.workbench.test_site import COMPLETION
from workbench.services import Site
from workbench.settings import SiteSettings


@pytest.fixture
def site_settings() -> SiteSettings:
    return SiteSettings("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")


async def test_without_its_database_the_site_says_so_and_the_api_goes_on(browser: Browser, client: httpx.AsyncClient, site: Site) -> None:
    await site.open()
    assert (await client.post("/v1/completions", json=COMPLETION)).status_code == 200
    browser.cookies.set("bw", "x", domain="127.0.0.1")
    for answer in (await browser.get("/site/session"), await browser.sign_in("ada"), await browser.get("/site/v1/models")):
        assert_error(answer, 503, "site_unavailable")
        assert answer.headers["retry-after"]
    assert (await browser.get("/")).headers["location"] == "/sign-in"
