"""Pictures of every page, light and dark, wide and on a phone: `python -m tests.browser.screenshots FOLDER [PAGE ...]`."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

import httpx
from playwright.async_api import Browser, Page, async_playwright

from budgets.keys import Keys
from tests.browser.conftest import CHROMIUM, PASSWORD
from tests.browser.stage import Stage, staged
from tests.conftest import start_redis
from workbench.users import ADMIN

SIZES = {"wide": (1440, 900), "phone": (360, 740)}
DOORS = ["sign-in", "invite#nothing", "reset#token"]
PAGES = [
    *("workbench", "dashboard", "usage", "models", "docs"),
    *(f"admin#{part}" for part in ("accounts", "people", "feedback", "models", "audit")),
]
SETTLE_MS = 600


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
                    for name in [each for each in (*PAGES, *DOORS) if not names or each in names]:
                        await shoot(page, f"{stage.address}/{name}", folder / f"{name.replace('#', '-')}-{scheme}-{size}.png")
                    await context.close()
            await browser.close()


async def shoot(page: Page, address: str, file: Path) -> None:
    if address.rpartition("/")[2] in DOORS:
        await page.context.clear_cookies()
    await page.goto(address)
    await page.reload()
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


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2:]))
