"""The Workbench's page as tests use it: its document, its tokens, its runs."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

from playwright.async_api import Locator, Page, expect

#: In a page: `await module("workbench/state.js")` is the one that the page itself runs.
MODULE = """name => import(new URL(`../${name}`, document.querySelector('script[src*="/app/pages/"]').src))"""
LINES = """lines => lines.map(line => {
    const plain = line.cloneNode(true);
    plain.querySelectorAll(".chip, .ghost, img").forEach(mark => mark.remove());
    return plain.textContent;
})"""


async def ready(page: Page) -> Page:
    """Ready to be written on."""
    await expect(page.get_by_role("combobox", name="Model")).to_have_value("pico")
    await expect(document(page)).to_be_focused()
    return page


def document(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Document")


async def write(page: Page, text: str) -> None:
    await document(page).click()
    await page.keyboard.insert_text(text)
    await expect(page.locator(".status .count")).to_contain_text("token")


async def run(page: Page, keys: str = "Control+Enter") -> None:
    await body_of(page, lambda: page.keyboard.press(keys))


async def done(page: Page) -> None:
    await expect(page.get_by_role("button", name="Generate", exact=True)).to_be_visible()


def tokens(page: Page) -> Locator:
    return page.get_by_role("group", name="Tokens around the caret").get_by_role("button")


async def shown(page: Page) -> str:
    """The text of the document, without the marks of tokens that have none."""
    lines: list[str] = await page.locator(".cm-line").evaluate_all(LINES)
    return "\n".join(lines)


async def count(page: Page) -> int:
    told = await page.locator(".status .count").inner_text()
    return int(re.sub(r"\D", "", told))


async def body_of(page: Page, act: Callable[[], Awaitable[Any]]) -> dict[str, Any]:
    """What the next completion sends, when it has ended."""
    async with page.expect_response(lambda response: response.url.endswith("/site/v1/completions")) as caught:
        await act()
    body: dict[str, Any] = json.loads((await caught.value).request.post_data or "")
    await done(page)
    return body
