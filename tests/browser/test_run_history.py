"""The runs of a page in a real browser: listed, searched, opened again, as code; on that page alone."""

from __future__ import annotations

from playwright.async_api import Locator, Page, expect

from tests.browser.test_saved import panel
from tests.browser.workbench_page import body_of, document, run, shown, tokens, write


def runs(page: Page) -> Locator:
    return panel(page).get_by_role("list", name="Past runs").get_by_role("listitem")


async def to_runs(page: Page) -> None:
    await page.get_by_role("tab", name="Runs").click()


async def test_every_run_is_there_with_its_figures_and_found_by_its_text(ada: Page) -> None:
    await write(ada, "In the beginning")
    await run(ada)
    await ada.get_by_role("button", name="Regenerate").click()
    await expect(ada.get_by_role("button", name="Generate", exact=True)).to_be_visible()
    await ada.get_by_role("tab", name="Parameters").click()
    await ada.get_by_label("temperature").fill("0.25")
    await document(ada).focus()
    await run(ada)
    await to_runs(ada)
    await expect(runs(ada)).to_have_count(3)
    newest = runs(ada).first
    await expect(newest).to_contain_text("+ 16 tokens")
    await expect(newest).to_contain_text("first after")
    await expect(newest).to_contain_text("tokens/s")
    await expect(newest).to_contain_text("length")
    await expect(newest).to_contain_text("seed ")
    await panel(ada).get_by_label("Search past runs").fill("BEGINNING temperature")
    await expect(runs(ada)).to_have_count(1)
    await panel(ada).get_by_label("Search past runs").fill("no such words")
    await expect(panel(ada).get_by_text("Nothing found.")).to_be_visible()


async def test_a_run_is_opened_as_a_branch_and_its_parameters_are_used_again(ada: Page) -> None:
    await ada.get_by_role("tab", name="Parameters").click()
    await ada.get_by_label("temperature").fill("0.25")
    await write(ada, "one 🦆 two")
    first = await body_of(ada, lambda: ada.keyboard.press("Control+Enter"))
    text = await shown(ada)
    await ada.get_by_role("tab", name="Parameters").click()
    await ada.get_by_label("temperature").fill("0.75")
    await ada.get_by_role("button", name="Regenerate").click()
    await expect(ada.get_by_role("button", name="Generate", exact=True)).to_be_visible()
    await to_runs(ada)
    await runs(ada).nth(1).get_by_role("button", name="Open").click()
    assert await shown(ada) == text
    await ada.get_by_role("tab", name="Branches").click()
    await expect(ada.locator(".branch")).to_have_count(3)
    await to_runs(ada)
    await runs(ada).nth(1).get_by_role("button", name="Use its parameters").click()
    await expect(ada.get_by_label("temperature")).to_have_value("0.25")
    await expect(ada.get_by_label("seed", exact=True)).to_have_value(str(first["seed"]))


async def test_a_run_is_opened_with_the_model_that_made_it(ada: Page) -> None:
    await write(ada, "In the beginning")
    await run(ada)
    text, model = await shown(ada), ada.get_by_role("combobox", name="Model")
    await model.select_option("nano")
    await document(ada).focus()
    await run(ada)
    await to_runs(ada)
    await runs(ada).nth(1).get_by_role("button", name="Open").click()
    assert await shown(ada) == text
    await expect(model).to_have_value("pico")
    await tokens(ada).last.click()
    await expect(panel(ada)).to_contain_text("surprisal")


async def test_a_run_is_code_and_ends_with_its_page(ada: Page) -> None:
    await write(ada, "In the beginning")
    await run(ada)
    await to_runs(ada)
    await runs(ada).first.get_by_role("button", name="Python").click()
    assert "client.completions.create(" in str(await ada.evaluate("() => navigator.clipboard.readText()"))
    await ada.reload()
    await to_runs(ada)
    await expect(panel(ada).get_by_text("Nothing ran yet.")).to_be_visible()
