"""Pictures of every page, light and dark, wide and on a phone: `python -m tests.browser.screenshots FOLDER [PAGE ...]`."""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import time
from pathlib import Path

import httpx
from playwright.async_api import Browser, Page, async_playwright

from budgets.keys import Keys
from router.boots import Boots
from tests.browser.conftest import CHROMIUM, PASSWORD
from tests.browser.stage import Stage, staged
from tests.browser.workbench_page import document, run, tokens, write
from tests.conftest import start_redis
from workbench.feedback import Said
from workbench.users import ADMIN

SIZES = {"wide": (1440, 900), "phone": (360, 740)}
DOORS = ["sign-in", "invite#nothing", "reset#token"]
PAGES = [
    *("workbench", "dashboard", "usage", "models", "docs"),
    *(f"admin#{part}" for part in ("accounts", "people", "feedback", "models", "audit")),
]
SETTLE_MS, SIGNS = 600, re.compile("[#!]")
TEXT = "In the beginning there was a document, and a model went on with it."


async def lens(page: Page) -> None:
    await write(page, TEXT)
    await run(page)
    await tokens(page).nth(3).click()


async def branches(page: Page) -> None:
    await write(page, TEXT)
    await page.get_by_role("tab", name="Parameters").click()
    await page.get_by_label("n", exact=True).fill("3")
    await document(page).focus()
    await run(page)
    await page.get_by_role("tab", name="Branches").click()


#: What is done on a page before its picture.
STATES = {"workbench!lens": lens, "workbench!branches": branches}


async def main(folder: Path, names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as home, start_redis(Path(home) / "redis.socket"):
        async with staged(Path(home), f"unix://{home}/redis.socket") as stage, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
            cookies = await joined(browser, stage)
            await populate(stage)
            for scheme in ("light", "dark"):
                for size, (width, height) in SIZES.items():
                    context = await browser.new_context(
                        color_scheme="dark" if scheme == "dark" else "light",
                        viewport={"width": width, "height": height},
                        storage_state=cookies,
                    )
                    page = await context.new_page()
                    for name in [each for each in (*PAGES, *STATES, *DOORS) if not names or each in names]:
                        await shoot(page, f"{stage.address}/{name}", folder / f"{SIGNS.sub('-', name)}-{scheme}-{size}.png")
                    await context.close()
            await browser.close()


async def shoot(page: Page, address: str, file: Path) -> None:
    if address.rpartition("/")[2] in DOORS:
        await page.context.clear_cookies()
    await page.goto(address.partition("!")[0])
    await page.evaluate("localStorage.clear()")  # no draft of the picture before
    await page.reload()
    await page.wait_for_timeout(SETTLE_MS)
    if (state := STATES.get(address.rpartition("/")[2])) is not None:
        await state(page)
        await page.evaluate("scrollTo(0, 0)")
        await page.wait_for_timeout(SETTLE_MS)
    await page.screenshot(path=file, full_page=True)


async def joined(browser: Browser, stage: Stage) -> Path:
    """The cookies of an admin, in a file."""
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(await stage.invite(ADMIN))
    await page.get_by_label("Name").fill("ada")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Join").click()
    await page.wait_for_url(f"{stage.address}/workbench")
    file = Path(tempfile.mkstemp(suffix=".json")[1])
    await context.storage_state(path=file)
    await context.close()
    return file


async def populate(stage: Stage) -> None:
    """Keys, use of them, and models in different states."""
    keys = Keys(stage.site.redis, stage.site.secret)
    secret, _ = await keys.create(stage.account.id, "eval runs", monthly_tokens=20_000)
    _, paused = await keys.create(stage.account.id, "notebook of the reading group")
    await keys.pause(stage.account.id, paused.id)
    async with httpx.AsyncClient(base_url=stage.address, headers={"authorization": f"Bearer {secret}"}) as client:
        for model in ("pico", "nano", "pico"):
            await client.post("/v1/completions", json={"model": model, "prompt": "Once upon a time", "max_tokens": 1500})
    stage.boot("nano", time.time() - 20)
    await speak(stage)


async def speak(stage: Stage) -> None:
    """Feedback, and what a model does not start for."""
    user = await stage.site.users.named("ada")
    await stage.site.inbox.add(user, Said("The lens is what I open every morning.", "/workbench"))
    parameters = {"model": "pico", "temperature": 0.8, "seed": 7}
    told = Said("Two runs with one seed differ here. Why?\nBoth on pico.", "/workbench", "5f2a9c1e", parameters)
    await stage.site.inbox.add(user, told)
    await Boots(stage.site.redis).explain("nano", "no node has 16 GiB of free memory")


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2:]))
