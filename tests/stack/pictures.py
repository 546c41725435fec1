"""The README's pictures, of the service that runs here: `python -m tests.stack.pictures` after `make up`."""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright, expect

from tests.browser.conftest import CHROMIUM, PASSWORD
from tests.browser.workbench_page import document, run, tokens, write
from tests.cluster import CHECKOUT

FOLDER = CHECKOUT / "docs" / "pictures"
SIZE = (1280, 760)
MODEL, OTHER = "micro", "pico"
TEXT = "Once upon a time there was a little girl who lived in"
WAIT_MS, SETTLE_MS = 120_000, 800

Act = Callable[[Page], Awaitable[None]]


async def lens(page: Page) -> None:
    await gone_on(page, max_tokens=90, temperature=0.7)
    await page.get_by_role("tab", name="Token").click()
    await tokens(page).nth(-14).click()


async def branches(page: Page) -> None:
    await gone_on(page, n=4, max_tokens=40, temperature=0.8)
    await page.get_by_role("tab", name="Branches").click()


async def compare(page: Page) -> None:
    await gone_on(page, max_tokens=90, temperature=0.7)
    await page.get_by_role("tab", name="Compare").click()
    await page.get_by_role("button", name="Compare", exact=True).click()
    await page.get_by_text("Furthest apart").wait_for()


async def gone_on(page: Page, **parameters: float) -> None:
    await write(page, TEXT)
    await page.get_by_role("tab", name="Parameters").click()
    for name, value in parameters.items():
        await page.get_by_label(name, exact=True).fill(str(value))
    await document(page).focus()
    await run(page)


PICTURES: dict[str, tuple[Act, str]] = {"lens": (lens, "light"), "branches": (branches, "dark"), "compare": (compare, "light")}


async def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for name, (act, scheme) in PICTURES.items():
            page = await joined(browser, scheme)
            await act(page)
            await page.wait_for_timeout(SETTLE_MS)
            await page.screenshot(path=FOLDER / f"{name}.png")
        await browser.close()


async def joined(browser: Browser, scheme: str) -> Page:
    """Somebody new on the Workbench, with the model that writes best."""
    context = await browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light", viewport={"width": SIZE[0], "height": SIZE[1]}
    )
    context.set_default_timeout(WAIT_MS)
    page = await context.new_page()
    await page.goto(invited())
    await page.get_by_label("Name").fill(f"picture-{secrets.token_hex(3)}")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Join").click()
    model = page.get_by_role("combobox", name="Model")
    await expect(model).to_have_value(OTHER)
    await model.select_option(MODEL)
    return page


def invited() -> str:
    command = [str(Path(sys.executable).parent / "basemodel"), "users", "invite", "--json"]
    link: str = json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout)["link"]
    return link


if __name__ == "__main__":
    asyncio.run(main())
