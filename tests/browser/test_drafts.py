"""Unsaved work in a real browser: kept there, offered again, never lost to something else that is opened."""

from __future__ import annotations

from playwright.async_api import Dialog, Page, expect

from tests.browser.test_saved import completions, panel, prompts, save
from tests.browser.workbench_page import document, ready, run, shown, tokens, write

#: All of the browser's room, to the last characters.
FILL = """() => {
  for (let size = 1 << 23; size; size >>= 1) {
    try {
      for (let each = 0; ; each++) localStorage.setItem(`filler ${size} ${each}`, "x".repeat(size));
    } catch {
      continue;
    }
  }
}"""


async def test_what_was_not_saved_is_offered_again(ada: Page) -> None:
    await write(ada, "In the beginning")
    await run(ada)
    text = await shown(ada)
    await ada.reload()
    await expect(ada.get_by_text("Not saved, from")).to_contain_text("In the beginning")
    sent = await completions(ada)
    await ada.get_by_role("button", name="Open it again").click()
    await expect(ada.get_by_text("Not saved, from")).to_have_count(0)
    assert await shown(ada) == text
    await tokens(ada).last.click()
    await expect(panel(ada)).to_contain_text("surprisal")
    assert sent == []
    await ada.reload()
    await ada.get_by_role("button", name="Drop it").click()
    await ada.reload()
    await expect(ada.get_by_role("combobox", name="Model")).to_have_value("pico")
    await expect(ada.get_by_text("Not saved, from")).to_have_count(0)


async def test_what_another_page_works_on_is_not_offered(ada: Page) -> None:
    await write(ada, "words of the first page")
    await ada.wait_for_function("() => Object.keys(localStorage).some(name => name.startsWith('workbench.draft.'))")
    other = await ada.context.new_page()
    await other.goto(ada.url)
    await ready(other)
    await expect(other.get_by_text("Not saved, from")).to_have_count(0)


async def test_opening_another_prompt_loses_nothing(ada: Page) -> None:
    await write(ada, "saved words")
    await save(ada, "saved")
    await panel(ada).get_by_role("button", name="Begin anew").click()
    await expect(panel(ada).get_by_text("Nothing saved is open.")).to_be_visible()
    await write(ada, "words that are not")
    await prompts(ada).get_by_role("button", name="saved", exact=True).click()
    await expect(document(ada)).to_contain_text("saved words")
    await expect(ada.get_by_text("Not saved, from")).to_contain_text("words that are not")
    await ada.get_by_role("button", name="Open it again").click()
    assert await shown(ada) == "words that are not"


async def test_leaving_is_asked_about_where_the_browser_has_no_room(ada: Page) -> None:
    await ada.evaluate(FILL)
    await write(ada, "words that have no other place")
    asked: list[str] = []

    async def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.dismiss()

    ada.on("dialog", stay)
    await ada.close(run_before_unload=True)
    for _ in range(50):
        await ada.wait_for_timeout(100)
        if asked:
            break
    assert asked == ["beforeunload"]
    await ada.evaluate("() => localStorage.clear()")
    await expect(document(ada)).to_contain_text("words that have no other place")
