"""The Workbench in a real browser, over engines that follow a script."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from router.lifecycle import Phase, Standing, State
from tests.browser.conftest import SignIn
from tests.browser.stage import Stage

Open = Callable[[], Awaitable[Page]]

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>\u202eevil\u200b"
EMOJI = "one 🦆 two"
LINES = """lines => lines.map(line => {
    const plain = line.cloneNode(true);
    plain.querySelectorAll(".chip, .ghost, img").forEach(mark => mark.remove());
    return plain.textContent;
})"""


@pytest.fixture
def workbench(sign_in: SignIn) -> Open:
    """The page, ready to be written on."""

    async def opened() -> Page:
        page = await sign_in("ada")
        await expect(page.get_by_role("combobox", name="Model")).to_have_value("pico")
        await expect(document(page)).to_be_focused()
        return page

    return opened


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


async def test_a_text_has_its_ids_before_anything_runs(workbench: Open) -> None:
    page = await workbench()
    await write(page, "In the beginning")
    await expect(tokens(page).first).not_to_contain_text("…")
    assert await count(page) > 1


async def test_a_model_goes_on_with_the_text_and_both_are_read(workbench: Open) -> None:
    page = await workbench()
    await write(page, "In the beginning")
    before = await count(page)
    await run(page)
    assert await count(page) == before + 16
    assert (await shown(page)).startswith("In the beginning")
    await tokens(page).nth(1).click()
    panel = page.get_by_role("tabpanel")
    await expect(panel).to_contain_text("surprisal")
    await expect(panel.get_by_role("list").first.get_by_role("listitem")).not_to_have_count(0)


async def test_what_is_sent_is_the_ids_that_came(workbench: Open) -> None:
    page = await workbench()
    await write(page, "In the beginning")
    first = await body_of(page, lambda: page.keyboard.press("Control+Enter"))
    second = await body_of(page, lambda: page.keyboard.press("Control+Enter"))
    assert second["prompt"][: len(first["prompt"])] == first["prompt"]
    assert len(second["prompt"]) == len(first["prompt"]) + 16
    assert "prompt_logprobs" not in second


async def test_another_token_is_a_branch_and_the_old_one_stays(workbench: Open) -> None:
    page = await workbench()
    await write(page, "In the beginning")
    await run(page)
    old = await shown(page)
    await tokens(page).last.click()
    await body_of(page, lambda: page.get_by_role("tabpanel").locator(".likeliest button:enabled").first.click())
    assert await shown(page) != old
    await page.get_by_role("tab", name="Branches").click()
    branches = page.get_by_role("list", name="Branches").get_by_role("button")
    await expect(branches).to_have_count(5)
    await branches.nth(2).click()  # typed, its continuation but for one token, and that token beside the other one
    assert await shown(page) == old


async def test_n_continuations_are_siblings(workbench: Open) -> None:
    page = await workbench()
    await write(page, "In the beginning")
    await page.get_by_role("tab", name="Parameters").click()
    await page.get_by_label("n", exact=True).fill("3")
    await document(page).focus()
    await run(page)
    await page.get_by_role("tab", name="Branches").click()
    await expect(page.locator(".branch")).to_have_count(4)
    await expect(page.locator(".branch.unseen")).to_have_count(2)


async def test_predictions_are_undone_and_done_again_apart_from_text(workbench: Open) -> None:
    page = await workbench()
    await write(page, "In the beginning")
    await run(page)
    after = await shown(page)
    await page.get_by_role("button", name="Undo prediction").click()
    assert await shown(page) == "In the beginning"
    await page.get_by_role("button", name="Redo prediction").click()
    assert await shown(page) == after


async def test_the_caret_keeps_what_follows_it(workbench: Open) -> None:
    page = await workbench()
    await write(page, "one two")
    for _ in " two":
        await page.keyboard.press("ArrowLeft")
    await run(page, "Control+Shift+Enter")
    text = await shown(page)
    assert text.startswith("one")
    assert text.endswith(" two")
    assert len(text) > len("one two")


async def test_a_preview_is_taken_by_tab(workbench: Open) -> None:
    page = await workbench()
    await write(page, "one two")
    await run(page, "Control+Space")
    ghost = await page.locator(".ghost").inner_text()
    await page.keyboard.press("Tab")
    await expect(page.locator(".ghost")).to_have_count(0)
    assert await shown(page) == "one two" + ghost


async def test_a_split_character_is_shown_once_and_branches_by_its_ids(workbench: Open) -> None:
    page = await workbench()
    await write(page, EMOJI)
    await run(page)
    assert (await shown(page)).startswith(EMOJI)
    parts = tokens(page).filter(has_text="\\x")
    assert await parts.count() > 1
    await parts.nth(1).click()
    body = await body_of(page, lambda: page.get_by_role("tabpanel").locator(".likeliest button:enabled").first.click())
    assert all(isinstance(one, int) for one in body["prompt"])


async def test_a_fault_stands_at_its_field(workbench: Open) -> None:
    page = await workbench()
    await page.get_by_role("tab", name="Parameters").click()
    field = page.get_by_label("temperature")
    await field.fill("0.001")
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_role("alert")).to_contain_text("0.01 to 2")


async def test_text_that_tries_to_be_more_is_text(workbench: Open) -> None:
    page = await workbench()
    await write(page, HOSTILE)
    await expect(page.locator(".cm-content img:not(.cm-widgetBuffer), .cm-content script")).to_have_count(0)
    await expect(page.locator(".escape")).to_have_count(2)
    await expect(page.locator(".escape").first).to_have_text("⟨U+202E⟩")


async def test_a_cold_model_is_waited_for_and_then_runs(stage: Stage, workbench: Open) -> None:
    page = await workbench()
    stage.boot("pico", 0)
    await write(page, "In the beginning")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("progressbar")).to_be_visible()
    stage.fleet.stand("pico", Standing(State.READY, 0, Phase.LOADING))
    await done(page)
    assert (await shown(page)) != "In the beginning"


async def test_scores_and_comparison_and_explorer_answer(workbench: Open) -> None:
    page = await workbench()
    await write(page, "In the beginning")
    await page.get_by_role("tab", name="Score").click()
    await page.get_by_label("Continuations, one a line").fill(" was\n is")
    await page.get_by_role("button", name="Score", exact=True).click()
    await expect(page.get_by_role("table").get_by_role("row")).to_have_count(3)
    await page.get_by_role("tab", name="Compare").click()
    await page.get_by_role("button", name="Compare", exact=True).click()
    await expect(page.get_by_text("Furthest apart")).to_be_visible()
    await page.get_by_role("tab", name="Explore").click()
    await page.get_by_role("button", name="Explore", exact=True).click()
    await expect(page.get_by_role("list", name="Likely continuations")).to_be_visible()


async def test_what_was_sent_is_shown_as_code(workbench: Open) -> None:
    page = await workbench()
    await write(page, "In the beginning")
    await run(page)
    await page.get_by_role("tab", name="Code").click()
    await expect(page.locator("pre")).to_contain_text("$ACS_API_BASE/completions")
    await page.get_by_role("tabpanel").get_by_role("button", name="Python").click()
    await expect(page.locator("pre")).to_contain_text("client.completions.create(")


async def test_the_sheet_of_keys_opens_and_closes(workbench: Open) -> None:
    page = await workbench()
    await page.get_by_role("button", name="Keyboard shortcuts").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Ctrl Shift Enter")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
