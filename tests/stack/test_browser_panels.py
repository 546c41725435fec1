"""The panels of the Workbench on the real service: scores, comparisons, the tree of continuations, prompts that people share."""

from __future__ import annotations

import httpx
import pytest
from playwright.async_api import expect

from tests.browser.test_saved import link, panel, prompts, save, to_saved
from tests.browser.workbench_page import count, document, run, shown, write
from tests.cluster import Stack
from tests.stack.test_browser import PROMPT, Join, chromium, join

__all__ = ["chromium", "join"]

pytestmark = [pytest.mark.stack, pytest.mark.asyncio(loop_scope="module")]

TAILS = [" God", " the", " wholly other"]


async def test_scores_on_the_page_are_those_of_the_api(stack: Stack, join: Join) -> None:
    page = await join("judge")
    await write(page, PROMPT)
    await page.get_by_role("tab", name="Score").click()
    await page.get_by_label("Continuations, one a line").fill("\n".join(TAILS))
    await page.get_by_role("button", name="Score", exact=True).click()
    rows = page.get_by_role("table", name="Scores").get_by_role("row")
    await expect(rows).to_have_count(1 + len(TAILS))
    async with httpx.AsyncClient(timeout=60, headers={"x-api-key": stack.key}) as client:
        body = {"model": "pico", "prompt": PROMPT, "continuations": TAILS}
        answer = (await client.post(f"{stack.base_url}/score", json=body)).json()
    best = max(answer["results"], key=lambda one: one["sum_logprob"])
    await expect(rows.nth(1)).to_contain_text(f"{best['sum_logprob']:.3f}")


async def test_two_models_are_compared_token_by_token_though_one_sleeps(join: Join) -> None:
    page = await join("weigher")
    await write(page, PROMPT)
    await run(page)
    await page.get_by_role("tab", name="Compare").click()
    await page.get_by_label("The other", exact=True).select_option("dozer")
    await page.get_by_role("button", name="Compare", exact=True).click()
    await expect(page.get_by_text("Furthest apart")).to_be_visible(timeout=90_000)


async def test_the_tree_of_continuations_is_the_models(join: Join) -> None:
    page = await join("explorer")
    await write(page, PROMPT)
    before = await count(page)
    await page.get_by_role("tab", name="Explore").click()
    await page.get_by_role("button", name="Explore", exact=True).click()
    rows = page.get_by_role("list", name="Likely continuations").get_by_role("listitem")
    await expect(rows.first).to_be_visible()
    await rows.first.get_by_role("button").first.click()
    await expect(page.locator(".status .count")).to_contain_text(f"{before + 1} tokens")


async def test_a_shared_prompt_is_opened_by_another_user_with_what_the_model_thought(stack: Stack, join: Join) -> None:
    writer, reader = await join("giver"), await join("taker")
    await write(writer, PROMPT)
    await run(writer)
    await save(writer, "to be shared")
    await prompts(writer).get_by_role("button", name="Share", exact=True).first.click()
    text, address = await shown(writer), await link(writer)
    await reader.goto(f"http://127.0.0.1:{stack.port}{address}")
    await expect(document(reader)).to_contain_text(PROMPT)
    assert await shown(reader) == text
    await to_saved(reader)
    await expect(panel(reader)).to_contain_text("By giver, version 1 of 1")
    await expect(panel(reader).get_by_label("Name", exact=True)).to_have_value("to be shared")
