"""The Workbench in a real browser, over engines that follow a script."""

from __future__ import annotations

from playwright.async_api import Page, expect

from router.lifecycle import Phase, Standing, State
from tests.browser.stage import Stage
from tests.browser.workbench_page import body_of, count, document, done, run, shown, tokens, write

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>\u202eevil\u200b"
EMOJI = "one 🦆 two"


async def test_a_text_has_its_ids_before_anything_runs(ada: Page) -> None:
    await write(ada, "In the beginning")
    await expect(tokens(ada).first).not_to_contain_text("…")
    assert await count(ada) > 1


async def test_a_model_goes_on_with_the_text_and_both_are_read(ada: Page) -> None:
    await write(ada, "In the beginning")
    before = await count(ada)
    await run(ada)
    assert await count(ada) == before + 16
    assert (await shown(ada)).startswith("In the beginning")
    await tokens(ada).nth(1).click()
    panel = ada.get_by_role("tabpanel")
    await expect(panel).to_contain_text("surprisal")
    await expect(panel.get_by_role("list").first.get_by_role("listitem")).not_to_have_count(0)


async def test_what_is_sent_is_the_ids_that_came(ada: Page) -> None:
    await write(ada, "In the beginning")
    first = await body_of(ada, lambda: ada.keyboard.press("Control+Enter"))
    second = await body_of(ada, lambda: ada.keyboard.press("Control+Enter"))
    assert second["prompt"][: len(first["prompt"])] == first["prompt"]
    assert len(second["prompt"]) == len(first["prompt"]) + 16
    assert "prompt_logprobs" not in second


async def test_another_token_is_a_branch_and_the_old_one_stays(ada: Page) -> None:
    await write(ada, "In the beginning")
    await run(ada)
    old = await shown(ada)
    await tokens(ada).last.click()
    await body_of(ada, lambda: ada.get_by_role("tabpanel").locator(".likeliest button:enabled").first.click())
    assert await shown(ada) != old
    await ada.get_by_role("tab", name="Branches").click()
    branches = ada.get_by_role("list", name="Branches").get_by_role("button")
    await expect(branches).to_have_count(5)
    await branches.nth(2).click()  # typed, its continuation but for one token, and that token beside the other one
    assert await shown(ada) == old


async def test_n_continuations_are_siblings(ada: Page) -> None:
    await write(ada, "In the beginning")
    await ada.get_by_role("tab", name="Parameters").click()
    await ada.get_by_label("n", exact=True).fill("3")
    await document(ada).focus()
    await run(ada)
    await ada.get_by_role("tab", name="Branches").click()
    await expect(ada.locator(".branch")).to_have_count(4)
    await expect(ada.locator(".branch.unseen")).to_have_count(2)


async def test_predictions_are_undone_and_done_again_apart_from_text(ada: Page) -> None:
    await write(ada, "In the beginning")
    await run(ada)
    after = await shown(ada)
    await ada.get_by_role("button", name="Undo prediction").click()
    assert await shown(ada) == "In the beginning"
    await ada.get_by_role("button", name="Redo prediction").click()
    assert await shown(ada) == after


async def test_the_caret_keeps_what_follows_it(ada: Page) -> None:
    await write(ada, "one two")
    for _ in " two":
        await ada.keyboard.press("ArrowLeft")
    await run(ada, "Control+Shift+Enter")
    text = await shown(ada)
    assert text.startswith("one")
    assert text.endswith(" two")
    assert len(text) > len("one two")


async def test_a_preview_is_taken_by_tab(ada: Page) -> None:
    await write(ada, "one two")
    await run(ada, "Control+Space")
    ghost = await ada.locator(".ghost").text_content()
    await ada.keyboard.press("Tab")
    await expect(ada.locator(".ghost")).to_have_count(0)
    assert await shown(ada) == f"one two{ghost}"


async def test_a_split_character_is_shown_once_and_branches_by_its_ids(ada: Page) -> None:
    await write(ada, EMOJI)
    await run(ada)
    assert (await shown(ada)).startswith(EMOJI)
    parts = tokens(ada).filter(has_text="\\x")
    assert await parts.count() > 1
    await parts.nth(1).click()
    body = await body_of(ada, lambda: ada.get_by_role("tabpanel").locator(".likeliest button:enabled").first.click())
    assert all(isinstance(one, int) for one in body["prompt"])


async def test_a_fault_stands_at_its_field(ada: Page) -> None:
    await ada.get_by_role("tab", name="Parameters").click()
    field = ada.get_by_label("temperature")
    await field.fill("0.001")
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(ada.get_by_role("alert")).to_contain_text("0.01 to 2")


async def test_text_that_tries_to_be_more_is_text(ada: Page) -> None:
    await write(ada, HOSTILE)
    await expect(ada.locator(".cm-content img:not(.cm-widgetBuffer), .cm-content script")).to_have_count(0)
    await expect(ada.locator(".escape")).to_have_count(2)
    await expect(ada.locator(".escape").first).to_have_text("⟨U+202E⟩")


async def test_a_cold_model_is_waited_for_and_then_runs(stage: Stage, ada: Page) -> None:
    stage.boot("pico", 0)
    await write(ada, "In the beginning")
    await ada.keyboard.press("Control+Enter")
    await expect(ada.get_by_role("progressbar")).to_be_visible()
    stage.fleet.stand("pico", Standing(State.READY, 0, Phase.LOADING))
    await done(ada)
    assert (await shown(ada)) != "In the beginning"


async def test_scores_and_comparison_and_explorer_answer(ada: Page) -> None:
    await write(ada, "In the beginning")
    await ada.get_by_role("tab", name="Score").click()
    await ada.get_by_label("Continuations, one a line").fill(" was\n is")
    await ada.get_by_role("button", name="Score", exact=True).click()
    await expect(ada.get_by_role("table").get_by_role("row")).to_have_count(3)
    await ada.get_by_role("tab", name="Compare").click()
    await ada.get_by_role("button", name="Compare", exact=True).click()
    await expect(ada.get_by_text("Furthest apart")).to_be_visible()
    await ada.get_by_role("tab", name="Explore").click()
    await ada.get_by_role("button", name="Explore", exact=True).click()
    await expect(ada.get_by_role("list", name="Likely continuations")).to_be_visible()


async def test_what_was_sent_is_shown_as_code(ada: Page) -> None:
    await write(ada, "In the beginning")
    await run(ada)
    await ada.get_by_role("tab", name="Code").click()
    await expect(ada.locator("pre")).to_contain_text("$ACS_API_BASE/completions")
    await ada.get_by_role("tabpanel").get_by_role("button", name="Python").click()
    await expect(ada.locator("pre")).to_contain_text("client.completions.create(")


async def test_the_sheet_of_keys_opens_and_closes(ada: Page) -> None:
    await ada.get_by_role("button", name="Keyboard shortcuts").click()
    await expect(ada.get_by_role("dialog")).to_contain_text("Ctrl Shift Enter")
    await ada.keyboard.press("Escape")
    await expect(ada.get_by_role("dialog")).to_have_count(0)
