"""Text that tries to be more than text, in the Workbench: nothing runs, nothing outside of it is turned around, the page still answers."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import SignIn
from tests.browser.workbench_page import MODULE

MARKUP = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script><svg onload=alert(1)>\" onmouseover=\"alert(2)"
BIDI = "abc\u202edef\u2066ghi\u2067jkl"
SHOW = (
    "async ({text, part}) => { const module = "
    + MODULE
    + """;
    const [{ Document }, stage, state] = await Promise.all(
        ["document", "stage", "state"].map(name => module(`workbench/${name}.js`)));
    const lens = { logprob: -1, rank: 2, top: [[1, -0.5], [2, -1]], model: "pico" };
    const pieces = [{ id: 1, text: "a ", by: "model", lens }, { id: 2, text, by: "model", lens }];
    if (part) pieces.push({ id: 3, text: "", by: "model", spelled: part, part: true, lens });
    stage.show(new Document(pieces, pieces.length));
    state.chosen.value = 1;
}"""
)
PREVIEW = (
    "async (text) => { const module = "
    + MODULE
    + """;
    const state = await module("workbench/state.js");
    state.ghost.value = [{ id: 1, text, by: "model" }];
}"""
)
FLOODS = {"lines": "\n" * 100_000, "zero-width": "\u200b" * 100_000, "one word": "x" * 100_000, "marks": "\u0301" * 20_000}
ANSWER = """async () => {
    const since = performance.now();
    for (let each = 0; each < 2; each++) await new Promise(requestAnimationFrame);
    return performance.now() - since;
}"""


async def opened(sign_in: SignIn) -> Page:
    page = await sign_in("ada")
    await expect(page.get_by_role("combobox", name="Model")).to_have_value("pico")
    await expect(page.get_by_role("textbox", name="Document")).to_be_focused()
    return page


async def show(page: Page, text: str, part: str = "") -> None:
    """As if a model had written it: a token that is looked at, so that the panels show it too."""
    await page.evaluate(SHOW, {"text": text, "part": part})


async def test_markup_of_a_model_is_text_in_the_document_and_in_every_panel(sign_in: SignIn) -> None:
    page = await opened(sign_in)
    title = await page.title()
    await show(page, MARKUP)
    await expect(page.locator(".cm-content")).to_contain_text("<script>")
    await expect(page.get_by_role("tabpanel")).to_contain_text("<img␣src=x")
    await page.get_by_role("textbox", name="Document").click()
    await page.keyboard.press("Control+End")
    await page.keyboard.insert_text("!")
    for tab in ("Branches", "Score", "Compare", "Explore", "Code"):
        await page.get_by_role("tab", name=tab).click()
    await expect(page.locator("main img[src=x], .cm-content script, .cm-content svg, [onmouseover], [onerror]")).to_have_count(0)
    assert await page.title() == title


async def test_an_override_of_direction_turns_nothing_around(sign_in: SignIn) -> None:
    page = await opened(sign_in)
    await show(page, BIDI)
    await expect(page.locator(".cm-content .escape")).to_have_text(["⟨U+202E⟩", "⟨U+2066⟩", "⟨U+2067⟩"])
    outside = await page.evaluate("() => document.body.innerText")
    assert not set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068") & set(outside)


async def test_a_preview_hides_nothing_and_is_no_markup(sign_in: SignIn) -> None:
    page = await opened(sign_in)
    await show(page, "b")
    await page.evaluate(PREVIEW, BIDI + MARKUP)
    await expect(page.locator(".cm-content .ghost")).to_contain_text("abc⟨U+202E⟩def⟨U+2066⟩ghi⟨U+2067⟩jkl<img src=x")
    await expect(page.locator(".cm-content :is(img[src=x], script, svg)")).to_have_count(0)


@pytest.mark.parametrize("text", FLOODS.values(), ids=FLOODS)
async def test_floods_leave_a_page_that_answers(sign_in: SignIn, text: str) -> None:
    page = await opened(sign_in)
    await show(page, text)
    await page.evaluate(ANSWER)
    await page.get_by_role("tab", name="Branches").click()
    await expect(page.get_by_role("tab", name="Branches")).to_have_attribute("aria-selected", "true")
    assert await page.locator(".cm-content *").count() < 20_000
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


async def test_bytes_that_are_no_character_are_spelt_as_bytes(sign_in: SignIn) -> None:
    page = await opened(sign_in)
    await show(page, "b", part="bytes:\\xed\\xa0\\x80")
    await expect(page.locator(".cm-content .chip")).to_have_text("\\xed\\xa0\\x80")
