"""The branches of a document in a real browser: judged, split, hoisted, reached without a mouse."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.browser.conftest import SignIn


async def written(sign_in: SignIn, text: str) -> Page:
    """The page with a text on it that a model went on with."""
    page = await sign_in("ada")
    await expect(page.get_by_role("combobox", name="Model")).to_have_value("pico")
    await page.get_by_role("textbox", name="Document").click()
    await page.keyboard.insert_text(text)
    await expect(page.locator(".status .count")).to_contain_text("token")
    async with page.expect_response("**/site/v1/completions"):
        await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("button", name="Generate", exact=True)).to_be_visible()
    return page


async def test_a_thumb_is_shown_in_the_map_and_taken_back(sign_in: SignIn) -> None:
    page = await written(sign_in, "In the beginning")
    await page.get_by_role("tab", name="Branches").click()
    await page.get_by_role("button", name="Thumb up", exact=True).click()
    await expect(page.get_by_role("list", name="Branches").get_by_label("thumb up")).to_have_count(1)
    await page.get_by_role("button", name="Thumb up", exact=True).click()
    await expect(page.get_by_role("list", name="Branches").get_by_label("thumb up")).to_have_count(0)


async def test_a_branch_is_split_at_the_caret_merged_again_and_hoisted(sign_in: SignIn) -> None:
    page = await written(sign_in, "In the beginning")
    await page.get_by_role("tab", name="Branches").click()
    rows = page.get_by_role("list", name="Branches").get_by_role("listitem")
    await expect(rows).to_have_count(2)
    await page.get_by_role("group", name="Tokens around the caret").get_by_role("button").nth(6).click()
    await page.get_by_role("tab", name="Branches").click()
    await page.get_by_role("button", name="Split at caret").click()
    await expect(rows).to_have_count(3)
    await page.get_by_role("button", name="Hoist").click()
    await expect(rows).to_have_count(1)
    await page.get_by_role("button", name="Show all").click()
    await page.get_by_role("button", name="Merge with parent").click()
    await expect(rows).to_have_count(2)


async def test_another_token_is_taken_without_a_mouse(sign_in: SignIn) -> None:
    page = await written(sign_in, "In the beginning")
    await page.keyboard.press("Control+.")
    first = page.locator(".likeliest button:enabled").first
    await expect(first).to_be_focused()
    await page.keyboard.press("Control+.")
    await expect(page.locator(".likeliest button:enabled").nth(1)).to_be_focused()
    await page.keyboard.press("Control+,")
    await expect(first).to_be_focused()
    async with page.expect_response("**/site/v1/completions"):
        await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Generate", exact=True)).to_be_visible()
    await page.get_by_role("tab", name="Branches").click()
    assert await page.get_by_role("list", name="Branches").get_by_role("listitem").count() > 2


async def test_predictions_are_undone_by_keys_that_no_desktop_keeps(sign_in: SignIn) -> None:
    page = await written(sign_in, "In the beginning")
    count = page.locator(".status .count")
    after = await count.inner_text()
    await page.keyboard.press("F8")
    await expect(count).not_to_have_text(after)
    await page.keyboard.press("Shift+F8")
    await expect(count).to_have_text(after)


async def test_two_settings_go_on_side_by_side_and_leave_the_text_alone(sign_in: SignIn) -> None:
    page = await written(sign_in, "In the beginning")
    before = await page.locator(".status .count").inner_text()
    await page.get_by_role("tab", name="Compare").click()
    await page.get_by_label("Second temperature").fill("0.001")
    await expect(page.get_by_role("button", name="Sample both")).to_be_disabled()
    await page.get_by_label("Second temperature").fill("0")
    await page.get_by_role("button", name="Sample both").click()
    samples = page.get_by_role("list", name="Samples").get_by_role("listitem")
    await expect(samples).to_have_count(2)
    await expect(samples.first).to_contain_text("mean logprob")
    assert await page.locator(".status .count").inner_text() == before
