"""axe-core finds nothing serious on any page, light or dark."""

from __future__ import annotations

import time
from importlib.resources import files
from typing import Any, Literal

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import SignIn
from tests.browser.stage import Stage
from tests.browser.test_pages import PAGES, opened
from tests.browser.workbench_page import run, write
from workbench.users import ADMIN

GRAVE = {"serious", "critical"}
AXE = (files("axe_playwright_python") / "axe.min.js").read_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_page_has_a_serious_fault(stage: Stage, sign_in: SignIn, scheme: Literal["light", "dark"]) -> None:
    page = await sign_in("ada", role=ADMIN)
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    stage.boot("nano", time.time() - 5)
    for name in PAGES:
        await opened(page, f"{stage.address}/{name}")
        assert await grave_faults(page) == [], name


async def test_no_dialog_has_a_serious_fault(stage: Stage, sign_in: SignIn) -> None:
    page = await sign_in("ada")
    await page.emulate_media(reduced_motion="reduce")
    await opened(page, f"{stage.address}/dashboard")
    button = page.get_by_role("button", name="New key")
    await button.click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    assert await grave_faults(page) == []
    await page.get_by_role("button", name="Close").click()
    await expect(button).to_be_focused()


@pytest.mark.parametrize("name", ["sign-in", "invite#nothing", "reset#token"])
async def test_no_door_has_a_serious_fault(stage: Stage, page: Page, name: str) -> None:
    await page.goto(f"{stage.address}/{name}")
    await expect(page.get_by_role("heading")).to_be_visible()
    assert await grave_faults(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_colour_of_the_lens_has_a_serious_fault(ada: Page, scheme: Literal["light", "dark"]) -> None:
    await ada.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    await write(ada, "In the beginning")
    await run(ada)
    await ada.get_by_role("button", name="Show blanks").click()
    for colour in ("surprisal", "probability", "rank", "entropy", "relative", "off"):
        await ada.get_by_role("combobox", name="Colour", exact=True).select_option(colour)
        assert await grave_faults(ada) == [], colour


async def grave_faults(page: Page) -> list[Any]:
    await page.evaluate(AXE)
    found = (await page.evaluate("() => axe.run()"))["violations"]
    return [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found if one["impact"] in GRAVE]
