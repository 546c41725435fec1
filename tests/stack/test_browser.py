"""People in a real browser on the real service: Ray Serve, vLLM, Redis and the entrance before them."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import openai
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.browser.conftest import CHROMIUM, PASSWORD
from tests.browser.test_newcomer import made_key
from tests.browser.test_workbench import EMOJI
from tests.browser.workbench_page import body_of, count, document, done, shown, tokens, write
from tests.cluster import Stack, run_basemodel

pytestmark = [pytest.mark.stack, pytest.mark.asyncio(loop_scope="module")]

PROMPT = "In the beginning"

Join = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    assert shutil.which(CHROMIUM), "chromium is among the packages that requirements/install asks for"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def join(stack: Stack, chromium: Browser) -> AsyncIterator[Join]:
    """Somebody new in a browser of their own, on the Workbench: `await join("ada", account="lab")`."""
    contexts = []

    async def joined(name: str, account: str = "default") -> Page:
        invited = await basemodel(stack, "users", "invite", "--account", account)
        contexts.append(await chromium.new_context(permissions=["clipboard-read", "clipboard-write"]))
        contexts[-1].set_default_timeout(20_000)
        page = await contexts[-1].new_page()
        await page.goto(invited["link"])
        await page.get_by_label("Name").fill(name)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Join").click()
        await expect(page.get_by_role("combobox", name="Model")).to_have_value("pico")
        return page

    yield joined
    for context in contexts:
        await context.close()


async def basemodel(stack: Stack, *words: str) -> Any:
    told = await asyncio.to_thread(run_basemodel, [*words, "--json"], stack.environment, 60)
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


async def asked(page: Page, path: str) -> Any:
    """What the page's own session gets."""
    return await page.evaluate("path => fetch(path).then(answer => answer.json())", path)


async def set_parameter(page: Page, name: str, value: str) -> None:
    await page.get_by_role("tab", name="Parameters").click()
    await page.get_by_label(name, exact=True).fill(value)
    await document(page).focus()


async def test_a_newcomers_first_completion_is_what_the_api_gives(stack: Stack, join: Join) -> None:
    page = await join("newcomer")
    await write(page, PROMPT)
    body = await body_of(page, lambda: page.keyboard.press("Control+Enter"))
    async with httpx.AsyncClient(timeout=60, headers={"x-api-key": stack.key}) as client:
        answer = (await client.post(f"{stack.base_url}/completions", json={**body, "stream": False, "stream_options": None})).json()
    (choice,) = answer["choices"]
    assert await shown(page) == PROMPT + choice["text"]
    await tokens(page).last.click()
    panel = page.get_by_role("tabpanel")
    await expect(panel).to_contain_text("surprisal")
    told = re.search(r"logprob\s*(-?[0-9.]+)", await panel.inner_text())
    assert told is not None
    assert float(told[1]) == pytest.approx(choice["logprobs"]["token_logprobs"][-1], abs=0.01)
    used = (await asked(page, "/site/v1/usage"))["key"]
    assert (used["name"], used["used"]) == ("workbench", answer["usage"]["total_tokens"])


async def test_a_branch_at_a_split_character_goes_by_its_ids(join: Join) -> None:
    page = await join("emoji")
    await write(page, EMOJI)
    await body_of(page, lambda: page.keyboard.press("Control+Enter"))
    parts = tokens(page).filter(has_text="\\x")
    assert await parts.count() > 1
    await parts.nth(1).click()
    body = await body_of(page, lambda: page.get_by_role("tabpanel").locator(".likeliest button:enabled").first.click())
    assert all(isinstance(one, int) for one in body["prompt"])
    assert (await shown(page)).startswith("one ")
    assert EMOJI not in await shown(page)


async def test_a_cold_model_is_started_from_the_page_and_then_runs(join: Join) -> None:
    page = await join("early")
    await page.get_by_role("combobox", name="Model").select_option("dozer")
    await write(page, PROMPT)
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("progressbar")).to_be_visible()
    await expect(page.get_by_role("progressbar")).to_have_count(0, timeout=60_000)
    await done(page)
    assert len(await shown(page)) > len(PROMPT)


async def test_a_key_made_on_the_dashboard_opens_the_api_to_the_sdk(stack: Stack, join: Join) -> None:
    page = await join("keeper")
    await page.goto(f"http://127.0.0.1:{stack.port}/dashboard")
    key = await made_key(page, "from the page")
    async with openai.AsyncOpenAI(base_url=stack.base_url, api_key=key) as client:
        made = await client.completions.create(model="pico", prompt=PROMPT, max_tokens=5)
    assert made.usage is not None
    await page.reload()
    row = page.get_by_role("row").filter(has_text="from the page")
    await expect(row).to_contain_text(str(made.usage.total_tokens))


async def test_a_budget_that_is_used_up_is_told_where_it_was_asked(stack: Stack, join: Join) -> None:
    await basemodel(stack, "accounts", "create", "tiny", "--monthly-tokens", "60")
    page = await join("frugal", account="tiny")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.url.endswith("/v1/completions") else None)
    await write(page, PROMPT)
    await set_parameter(page, "max_tokens", "500")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("alert").first).to_contain_text("token")
    assert await shown(page) == PROMPT
    await page.wait_for_timeout(1500)
    assert len(sent) == 1
    await set_parameter(page, "max_tokens", "8")
    await page.keyboard.press("Control+Enter")
    await done(page)
    assert len(await shown(page)) > len(PROMPT)


async def test_escape_keeps_the_text_and_ends_the_engines_work(join: Join) -> None:
    page = await join("hasty")
    await write(page, PROMPT)
    before = await count(page)
    await set_parameter(page, "max_tokens", "1800")
    await set_parameter(page, "min_tokens", "1800")
    await page.keyboard.press("Control+Enter")
    async with asyncio.timeout(30):
        while await count(page) < before + 20:
            await asyncio.sleep(0.02)
    await page.keyboard.press("Escape")
    await done(page)
    kept = await count(page)
    assert before + 20 <= kept < before + 1800
    async with asyncio.timeout(10):
        while (usage := (await asked(page, "/site/v1/usage"))["key"])["held"]:
            await asyncio.sleep(0.1)
    assert kept <= usage["used"] < before + 1800
    assert len(await shown(page)) > len(PROMPT)


async def test_a_model_is_started_on_the_models_page(stack: Stack, join: Join) -> None:
    page = await join("warmer")
    await page.goto(f"http://127.0.0.1:{stack.port}/models")
    dozer = page.get_by_role("article", name="dozer")
    await expect(dozer).to_contain_text("Cold", timeout=30_000)
    await page.get_by_role("button", name="Start dozer").click()
    await expect(dozer).to_contain_text("Ready", timeout=60_000)
