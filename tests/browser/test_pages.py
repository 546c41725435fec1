"""Every page, wide and on a phone: nothing overflows, and nothing that its policy forbids happens (the `context` fixture looks)."""

from __future__ import annotations

import time

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import SignIn
from tests.browser.stage import Stage
from workbench.shells import PAGES as SHELLS
from workbench.users import ADMIN

PARTS_OF_ADMIN = [f"admin#{part}" for part in ("accounts", "people", "feedback", "models", "audit")]
PAGES = ["workbench", "dashboard", "usage", "models", "docs", "docs/prompt-logprobs", *PARTS_OF_ADMIN]
WIDTHS = [360, 1280, 2560]

OVERFLOW = """() => [...document.querySelectorAll("body *")].filter((one) => {
  const box = one.getBoundingClientRect();
  return box.right > document.documentElement.clientWidth + 1 && getComputedStyle(one).visibility === "visible" && box.width > 1
    && !one.closest("thead, .pages, .canvas, .scroll, pre, .hidden-text, dialog:not([open]), [popover]:not(:popover-open)");
}).map((one) => one.outerHTML.slice(0, 120))"""

LATE = """() => {
  const named = new Set([...document.querySelectorAll("script[src], link[rel=modulepreload]")].map((one) => one.src || one.href));
  return performance.getEntriesByType("resource").map((one) => one.name).filter((name) => name.endsWith(".js") && !named.has(name));
}"""
SENT = """() => performance.getEntriesByType("resource").filter((one) => one.name.includes("/static/") && one.transferSize > 0)
  .map((one) => one.name)"""


@pytest.mark.parametrize("name", SHELLS)
async def test_a_page_names_every_script_that_it_runs_and_asks_for_none_twice(stage: Stage, sign_in: SignIn, name: str) -> None:
    page = await sign_in("ada", role=ADMIN)
    for _ in range(2):
        await page.goto(f"{stage.address}/{name}", wait_until="networkidle")
        assert await page.evaluate(LATE) == []
    assert await page.evaluate(SENT) == []


async def test_nothing_overflows_on_any_page(stage: Stage, sign_in: SignIn) -> None:
    page = await sign_in("a-name-as-long-as-a-name-can-reasonably-become", role=ADMIN)
    stage.boot("nano", time.time() - 5)
    for name in PAGES:
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 800})
            await opened(page, f"{stage.address}/{name}")
            assert await page.evaluate(OVERFLOW) == [], f"{name} at {width}"
            assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), f"{name} at {width}"


async def opened(page: Page, address: str) -> None:
    await page.goto(address)
    await page.reload()
    await expect(page.get_by_role("main")).to_be_visible()
    await expect(page.get_by_text("Loading…")).to_have_count(0)
    await expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize("name", ["sign-in", "invite#nothing", "reset#nothing"])
async def test_nothing_overflows_at_the_door(stage: Stage, page: Page, name: str) -> None:
    await page.set_viewport_size({"width": 360, "height": 800})
    await page.goto(f"{stage.address}/{name}")
    await expect(page.get_by_role("heading")).to_be_visible()
    assert await page.evaluate(OVERFLOW) == []


async def test_the_theme_that_was_chosen_is_kept(stage: Stage, sign_in: SignIn) -> None:
    page = await sign_in("ada")
    await page.emulate_media(color_scheme="light")
    await page.goto(f"{stage.address}/dashboard")
    light = await page.evaluate("() => getComputedStyle(document.documentElement).backgroundColor")
    await page.get_by_role("button", name="Light or dark").click()
    await page.goto(f"{stage.address}/models")
    assert await page.evaluate("() => getComputedStyle(document.documentElement).backgroundColor") != light
