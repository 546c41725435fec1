"""The pages before the site, over a connection that everybody on the network can read."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import FAR
from tests.browser.stage import Stage


@pytest.mark.parametrize("name", ["sign-in", "invite#nothing", "reset#nothing"])
async def test_over_plain_http_from_afar_a_page_says_why_nobody_can_sign_in(stage: Stage, page: Page, name: str) -> None:
    port = urlsplit(stage.address).port
    await page.goto(f"http://{FAR}:{port}/{name}")
    await expect(page.get_by_role("heading", name="This connection is not secure")).to_be_visible()
    await expect(page.get_by_text(f"ssh -L {port}:127.0.0.1:{port} {FAR}")).to_be_visible()
    await expect(page.get_by_label("Password")).to_have_count(0)
