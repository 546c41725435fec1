"""The Models page follows models while they start; a session that ends leaves the page as it is."""

from __future__ import annotations

import time

from playwright.async_api import expect

from router.lifecycle import Standing, State
from tests.browser.conftest import SignIn
from tests.browser.stage import Stage


async def test_a_cold_model_is_started_and_followed_until_it_is_ready(stage: Stage, sign_in: SignIn) -> None:
    stage.fleet.stand("nano", Standing(State.COLD, time.time()))
    stage.fleet.on_wake = lambda spec: stage.boot(spec.id, time.time())
    page = await sign_in("ada")
    await page.goto(f"{stage.address}/models")
    nano = page.get_by_role("article", name="nano")
    await expect(nano).to_contain_text("Cold")
    await page.get_by_role("button", name="Start nano").click()
    await expect(nano).to_contain_text("Starting")
    await expect(nano.get_by_role("progressbar")).to_be_visible()
    await expect(nano).to_contain_text("loading")
    assert [model for model, _ in stage.fleet.wakes] == ["nano"]
    stage.fleet.stand("nano", Standing(State.READY, time.time(), running=1, wanted=1))
    await expect(nano).to_contain_text("Ready")
    await expect(nano.get_by_role("progressbar")).to_have_count(0)


async def test_a_session_that_ends_leaves_the_page_and_asks_to_sign_in(stage: Stage, sign_in: SignIn) -> None:
    page = await sign_in("ada")
    await page.goto(f"{stage.address}/models")
    await expect(page.get_by_role("article", name="pico")).to_be_visible()
    await page.context.clear_cookies()
    dialog = page.get_by_role("dialog", name="You are signed out")
    await expect(dialog).to_be_visible()
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_visible()
    await expect(page.locator("article[aria-label=pico]")).to_be_visible()
