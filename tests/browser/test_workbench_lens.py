"""The lens in the Workbench, and what is asked of a place: any text, words of a preview, the tree of continuations."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.browser.workbench_page import body_of, document, run, shown, tokens, write

SHADED = """(spans) => spans.flatMap((one) => {
    const shade = [...one.classList].find((name) => /^s[0-9]+$/.test(name));
    return shade ? [`${one.textContent} ${shade}`] : [];
})"""


async def gone_on(page: Page) -> None:
    await write(page, "In the beginning")
    await run(page)


async def shades(page: Page) -> list[str]:
    """Of each token that has one."""
    found: list[str] = await page.locator(".cm-content span").evaluate_all(SHADED)
    return found


async def test_colours_and_grains_are_switched(ada: Page) -> None:
    await gone_on(ada)
    seen = []
    for colour in ("surprisal", "probability", "rank", "entropy", "relative"):
        await ada.get_by_role("combobox", name="Colour", exact=True).select_option(colour)
        seen.append(await shades(ada))
    assert len({tuple(each) for each in seen}) > 2
    await ada.get_by_label("Colour each").select_option("line")
    by_line = {each.rpartition(" ")[2] for each in await shades(ada)}
    assert len(by_line) <= (await shown(ada)).count("\n") + 1
    await ada.get_by_role("combobox", name="Colour", exact=True).select_option("off")
    assert await shades(ada) == []
    await expect(ada.get_by_label("Colour each")).to_be_disabled()


async def test_a_blank_at_the_end_is_warned_of(ada: Page) -> None:
    await write(ada, "In the beginning")
    await expect(ada.get_by_text("ends in a blank")).to_have_count(0)
    await ada.keyboard.insert_text(" ")
    await expect(ada.get_by_text("ends in a blank")).to_be_visible()


async def test_any_text_is_asked_for_at_a_place_and_branches_there(ada: Page) -> None:
    await gone_on(ada)
    await tokens(ada).nth(2).click()
    await ada.get_by_label("Another text here").fill(" wholly other")
    async with ada.expect_response("**/site/v1/score") as caught:
        await ada.get_by_role("button", name="Ask").click()
    [score] = (await (await caught.value).json())["results"]
    told = ada.get_by_role("tabpanel").get_by_role("status")
    await expect(told).to_contain_text(f"{score['sum_logprob']:.4f}")
    await body_of(ada, lambda: ada.get_by_role("button", name="Branch", exact=True).click())
    assert " wholly other" in await shown(ada)


async def test_brackets_signs_and_the_star_lead_through_the_branches(ada: Page) -> None:
    await write(ada, "In the beginning")
    await ada.get_by_role("tab", name="Parameters").click()
    await ada.get_by_label("n", exact=True).fill("2")
    await document(ada).focus()
    await run(ada)
    first = await shown(ada)
    await ada.get_by_role("tab", name="Branches").focus()
    await ada.keyboard.press("]")
    second = await shown(ada)
    assert second != first
    await ada.keyboard.press("[")
    assert await shown(ada) == first
    await ada.keyboard.press("-")
    assert await shown(ada) == "In the beginning"
    await ada.keyboard.press("+")
    assert await shown(ada) == first
    await ada.keyboard.press("*")
    await ada.get_by_role("tab", name="Branches").click()
    await ada.get_by_role("button", name="Bookmarks only").click()
    await expect(ada.get_by_role("list", name="Branches").get_by_role("listitem")).to_have_count(1)


async def test_a_preview_is_taken_word_by_word_and_goes_with_the_caret(ada: Page) -> None:
    await write(ada, "one two")
    await run(ada, "Control+Space")
    whole = await ada.locator(".ghost").text_content() or ""
    await ada.keyboard.press("Control+ArrowRight")
    rest = await ada.locator(".ghost").text_content() or ""
    taken = (await shown(ada)).removeprefix("one two")
    assert taken
    assert taken + rest == whole
    await ada.keyboard.press("ArrowLeft")
    await expect(ada.locator(".ghost")).to_have_count(0)
    assert await shown(ada) == f"one two{taken}"


async def test_the_tree_of_continuations_is_looked_into(ada: Page) -> None:
    await write(ada, "In the beginning")
    await ada.get_by_role("tab", name="Explore").click()
    await ada.get_by_label("cut", exact=True).fill("0")
    await ada.get_by_role("button", name="Explore", exact=True).click()
    rows = ada.get_by_role("list", name="Likely continuations").get_by_role("listitem")
    await expect(rows).to_have_count(4 + 16 + 64)
    await ada.get_by_role("button", name="Look after").first.click()
    await expect(rows).to_have_count(4 + 16)
    await ada.get_by_label("logarithmic bars").check()
    await rows.first.get_by_role("button").first.click()
    assert len((await shown(ada)).removeprefix("In the beginning")) > 1
    await ada.get_by_role("button", name="Show all").click()
    await expect(rows).to_have_count(4 + 16 + 64)
