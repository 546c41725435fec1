"""Saved prompts in a real browser: versions, conflicts, sharing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.conftest import PASSWORD
from tests.browser.stage import Stage
from tests.browser.watch import Watch
from tests.browser.workbench_page import body_of, document, ready, run, shown, tokens, write


@pytest_asyncio.fixture(loop_scope="session")
async def elsewhere(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """Another browser."""
    one = await chromium.new_context()
    one.set_default_timeout(10_000)
    watch = await Watch.over(one)
    yield one
    await one.close()
    assert watch.faults == []


async def joined(context: BrowserContext, stage: Stage, name: str) -> Page:
    page = await context.new_page()
    await page.goto(await stage.invite())
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Join").click()
    await page.wait_for_url(f"{stage.address}/workbench")
    return await ready(page)


async def signed_in(context: BrowserContext, stage: Stage, name: str, at: str = "/workbench") -> Page:
    """The same user, in another browser."""
    page = await context.new_page()
    await page.goto(f"{stage.address}/sign-in")
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(f"{stage.address}/workbench")
    await page.goto(f"{stage.address}{at}")
    return page


def panel(page: Page) -> Locator:
    return page.get_by_role("tabpanel")


def prompts(page: Page) -> Locator:
    return panel(page).get_by_role("list", name="Prompts")


async def to_saved(page: Page) -> None:
    await page.get_by_role("tab", name="Saved").click()
    await expect(panel(page).get_by_label("Name", exact=True)).to_be_visible()


async def save(page: Page, name: str, tags: str = "", button: str = "Save") -> None:
    await to_saved(page)
    await panel(page).get_by_label("Name", exact=True).fill(name)
    await panel(page).get_by_label("Tags", exact=True).fill(tags)
    await panel(page).get_by_role("button", name=button, exact=True).click()
    await expect(panel(page).get_by_text("Saved", exact=True)).to_be_visible()


async def link(page: Page) -> str:
    """Where the open prompt is found."""
    return str(await page.evaluate("() => location.pathname + location.hash"))


async def completions(page: Page) -> list[str]:
    """Fills up with what the page runs from now on."""
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "/site/v1/completions" in request.url else None)
    return sent


async def test_what_is_saved_is_there_in_another_browser_with_what_the_model_thought(
    ada: Page, stage: Stage, elsewhere: BrowserContext
) -> None:
    await ada.get_by_role("tab", name="Parameters").click()
    await ada.get_by_label("temperature").fill("0.5")
    await write(ada, "In the beginning")
    await run(ada)
    await save(ada, "a beginning", "verse, first")
    text = await shown(ada)

    page = await signed_in(elsewhere, stage, "ada")
    await ready(page)
    sent = await completions(page)
    await to_saved(page)
    await prompts(page).get_by_role("button", name="a beginning").click()
    await expect(panel(page).get_by_text("Version 1 is open, the newest.")).to_be_visible()
    assert await shown(page) == text
    await page.get_by_role("tab", name="Parameters").click()
    await expect(page.get_by_label("temperature")).to_have_value("0.5")
    await tokens(page).last.click()
    await expect(panel(page)).to_contain_text("surprisal")
    await expect(panel(page).get_by_role("list").first.get_by_role("listitem")).not_to_have_count(0)
    await page.get_by_role("tab", name="Branches").click()
    await expect(page.locator(".branch")).to_have_count(2)
    assert sent == []


async def test_an_opened_prompt_goes_on_by_its_own_ids(ada: Page) -> None:
    await write(ada, "one 🦆 two")
    first = await body_of(ada, lambda: ada.keyboard.press("Control+Enter"))
    await save(ada, "a duck")
    await ada.reload()
    await expect(document(ada)).to_contain_text("one")
    await document(ada).focus()
    second = await body_of(ada, lambda: ada.keyboard.press("Control+Enter"))
    assert second["prompt"][: len(first["prompt"])] == first["prompt"]
    assert len(second["prompt"]) == len(first["prompt"]) + 16
    assert "prompt_logprobs" not in second


async def test_an_older_version_is_opened_and_saved_as_the_newest(ada: Page) -> None:
    await write(ada, "first words")
    await save(ada, "words")
    await write(ada, " and more")
    await expect(panel(ada).get_by_text("Unsaved changes")).to_be_visible()
    await ada.keyboard.press("Control+s")
    await expect(panel(ada).get_by_text("Version 2 is open, the newest.")).to_be_visible()
    await prompts(ada).get_by_role("button", name="Versions").click()
    await panel(ada).get_by_role("button", name="Version 1").click()
    await expect(panel(ada).get_by_text("Version 1 of 2 is open.")).to_be_visible()
    assert await shown(ada) == "first words"
    assert (await link(ada)).endswith("&version=1")
    await panel(ada).get_by_role("button", name="Save as the newest version, 3").click()
    await expect(panel(ada).get_by_text("Version 3 is open, the newest.")).to_be_visible()
    await prompts(ada).get_by_role("button", name="Versions").click()
    await panel(ada).get_by_role("button", name="Version 2").click()
    await expect(panel(ada).get_by_text("Version 2 of 3 is open.")).to_be_visible()
    assert await shown(ada) == "first words and more"


async def test_of_two_pages_the_later_one_is_asked(ada: Page) -> None:
    await write(ada, "mine")
    await save(ada, "both")
    other = await ada.context.new_page()
    await other.goto(ada.url)
    await other.reload()
    await expect(document(other)).to_contain_text("mine")
    await write(other, " of the other page: ")
    await other.keyboard.press("Control+s")
    await expect(other.get_by_text("Saved as version 2.")).to_be_visible()

    await write(ada, " of this page: ")
    await ada.keyboard.press("Control+s")
    await expect(panel(ada).get_by_role("alert")).to_contain_text("Another version was saved meanwhile")
    assert "of this page" in await shown(ada)
    await panel(ada).get_by_role("button", name="Save mine as the newest").click()
    await expect(panel(ada).get_by_text("Version 3 is open, the newest.")).to_be_visible()
    await prompts(ada).get_by_role("button", name="Versions").click()
    await panel(ada).get_by_role("button", name="Version 2").click()
    await expect(document(ada)).to_contain_text("of the other page")


async def test_a_shared_prompt_is_read_by_another_user_who_saves_a_copy(ada: Page, stage: Stage, elsewhere: BrowserContext) -> None:
    await write(ada, "In the beginning")
    await run(ada)
    await save(ada, "for all")
    address, text = await link(ada), await shown(ada)
    eve = await joined(elsewhere, stage, "eve")
    await eve.goto(f"{stage.address}{address}")
    await eve.reload()
    await expect(eve.get_by_role("alert")).to_contain_text("not shared")

    await prompts(ada).get_by_role("button", name="Share", exact=True).click()
    await expect(prompts(ada).get_by_role("button", name="Shared")).to_be_visible()
    await prompts(ada).get_by_role("button", name="Copy link").click()
    assert (await ada.evaluate("() => navigator.clipboard.readText()")) == f"{stage.address}{address}"
    await eve.reload()
    await expect(document(eve)).to_contain_text("In the beginning")
    assert await shown(eve) == text
    await to_saved(eve)
    await expect(panel(eve).get_by_text("By ada, version 1 of 1")).to_be_visible()
    await panel(eve).get_by_role("button", name="Save a copy of your own").click()
    await expect(panel(eve).get_by_text("Version 1 is open, the newest.")).to_be_visible()
    assert await link(eve) != address


async def test_a_prompt_is_found_by_its_tag_and_deleted_after_a_question(ada: Page) -> None:
    await write(ada, "some words")
    await save(ada, "one", "verse")
    await save(ada, "two", "prose", "Save as new")
    await expect(prompts(ada).get_by_role("listitem")).to_have_count(2)
    await prompts(ada).get_by_role("button", name="Only verse").click()
    await expect(prompts(ada).get_by_role("listitem")).to_have_count(1)
    await panel(ada).get_by_role("button", name="No longer only verse").click()
    await expect(prompts(ada).get_by_role("listitem")).to_have_count(2)
    await panel(ada).get_by_label("Search saved prompts").fill("TWO")
    await expect(prompts(ada).get_by_role("listitem")).to_have_count(1)
    await prompts(ada).get_by_role("button", name="Delete").click()
    await expect(ada.get_by_role("dialog")).to_contain_text("all of its versions")
    await ada.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(panel(ada).get_by_text("Nothing found.")).to_be_visible()
    await expect(panel(ada).get_by_text("Nothing saved is open.")).to_be_visible()


async def test_what_the_service_refuses_stands_at_its_field(ada: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    await write(ada, "some words")
    await to_saved(ada)
    await panel(ada).get_by_label("Name").fill("")
    await panel(ada).get_by_role("button", name="Save", exact=True).click()
    await expect(panel(ada).get_by_label("Name")).to_have_attribute("aria-invalid", "true")
    await expect(panel(ada)).to_contain_text("1 to 128 printable characters")
    monkeypatch.setattr("workbench.prompts.MOST_PROMPTS", 0)
    await panel(ada).get_by_label("Name").fill("a name")
    await panel(ada).get_by_role("button", name="Save", exact=True).click()
    await expect(panel(ada).get_by_role("alert")).to_contain_text("Delete one that you do not need")
