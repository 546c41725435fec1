"""From an invite's link to the first completion with a key of one's own."""

from __future__ import annotations

import httpx
from playwright.async_api import Page, expect

from tests.browser.conftest import PASSWORD, SignIn
from tests.browser.stage import Stage


async def test_a_newcomer_joins_makes_a_key_and_uses_it(stage: Stage, sign_in: SignIn) -> None:
    page = await sign_in("ada")
    await page.goto(f"{stage.address}/dashboard")
    key = await made_key(page, "eval runs")
    async with httpx.AsyncClient(base_url=stage.address, headers={"authorization": f"Bearer {key}"}) as client:
        answer = await client.post("/v1/completions", json={"model": "pico", "prompt": "Once", "max_tokens": 5})
    assert answer.status_code == 200
    await page.reload()
    row = page.get_by_role("row").filter(has_text="eval runs")
    await expect(row).to_contain_text(str(answer.json()["usage"]["total_tokens"]))
    await expect(row).to_contain_text("just now")


async def made_key(page: Page, name: str) -> str:
    await page.get_by_role("button", name="New key").click()
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Monthly cap").fill("250k")
    await page.get_by_role("button", name="Create the key").click()
    await page.get_by_role("button", name="Copy key").click()
    await expect(page.get_by_text("Copied")).to_be_visible()
    copied: str = await page.evaluate("() => navigator.clipboard.readText()")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.get_by_role("button", name="I have stored it").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert copied not in await page.content()
    return copied


async def test_an_invite_works_once_and_its_token_leaves_the_address_bar(stage: Stage, page: Page) -> None:
    link = await stage.invite()
    await page.goto(link)
    await expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    assert page.url == f"{stage.address}/invite"
    await page.get_by_label("Name").fill("ada")
    await page.get_by_label("Password").fill("short")
    await page.get_by_role("button", name="Join").click()
    await expect(page.get_by_label("Password")).to_have_attribute("aria-invalid", "true")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Join").click()
    await page.wait_for_url(f"{stage.address}/workbench")
    await page.goto(link)
    await expect(page.get_by_role("heading", name="This invite opens nothing")).to_be_visible()


async def test_signing_in_leads_back_to_the_page_that_asked_for_it(stage: Stage, sign_in: SignIn) -> None:
    page = await sign_in("ada")
    await page.goto(f"{stage.address}/usage")
    await page.get_by_role("button", name="Your account").click()
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await page.wait_for_url(f"{stage.address}/sign-in")
    await page.goto(f"{stage.address}/usage")
    await page.get_by_label("Name").fill("ada")
    await page.get_by_label("Password").fill("wrong horse battery")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(f"{stage.address}/usage")
    await expect(page.get_by_role("heading", name="Usage", exact=True)).to_be_visible()
