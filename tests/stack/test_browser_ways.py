"""Other ways through the site on the real service: siblings, previews and undoing; tokens in Usage; feedback to its reader."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.workbench_page import document, run, shown, tokens, write
from tests.cluster import Stack
from tests.stack.test_browser import PROMPT, Join, asked, basemodel, chromium, join, set_parameter

__all__ = ["chromium", "join"]

pytestmark = [pytest.mark.stack, pytest.mark.asyncio(loop_scope="module")]


async def test_siblings_come_at_once_and_another_one_beside_them(join: Join) -> None:
    page = await join("many")
    await write(page, PROMPT)
    await set_parameter(page, "n", "3")
    await run(page)
    await page.get_by_role("tab", name="Branches").click()
    branches = page.get_by_role("list", name="Branches").get_by_role("listitem")
    await expect(branches).to_have_count(4)
    await set_parameter(page, "n", "1")
    await run(page, "Shift+Enter")
    await page.get_by_role("tab", name="Branches").click()
    await expect(branches).to_have_count(5)


async def test_a_preview_is_taken_and_predictions_are_undone(join: Join) -> None:
    page = await join("careful")
    await write(page, PROMPT)
    await run(page, "Control+Space")
    ghost = await page.locator(".ghost").text_content() or ""
    await page.keyboard.press("Tab")
    assert await shown(page) == PROMPT + ghost
    await page.keyboard.press("F8")
    assert await shown(page) == PROMPT


async def test_a_text_is_only_read_and_its_lens_covers_the_prompt(join: Join) -> None:
    page = await join("reader")
    await write(page, PROMPT)
    await run(page, "Control+Enter")
    await tokens(page).nth(2).click()
    panel = page.get_by_role("tabpanel")
    await expect(panel).to_contain_text("surprisal")
    await expect(panel).to_contain_text("you")
    await expect(panel).to_contain_text("all others")


async def test_what_a_page_used_stands_in_usage(stack: Stack, join: Join) -> None:
    await basemodel(stack, "accounts", "create", "counted")
    page = await join("counter", account="counted")
    await write(page, PROMPT)
    await set_parameter(page, "min_tokens", "16")
    await run(page)
    used = (await asked(page, "/site/v1/usage"))["key"]["used"]
    assert used > 16
    await page.goto(f"http://127.0.0.1:{stack.port}/usage")
    row = page.get_by_role("row").filter(has_text="workbench")
    await expect(row.get_by_role("cell")).to_have_text(["workbench", "1", str(used - 16), "16", "0"])
    await expect(page.get_by_role("link", name="CSV").or_(page.get_by_role("button", name="CSV"))).to_be_visible()


async def test_feedback_reaches_the_admins_inbox(stack: Stack, join: Join) -> None:
    page = await join("critic")
    await document(page).focus()
    await page.get_by_role("button", name="Feedback").click()
    await page.get_by_label("Your feedback").fill("It rhymes where it should not.")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_text("Thank you.")).to_be_visible()
    invited = await basemodel(stack, "users", "invite", "--admin")
    assert page.context.browser is not None
    context = await page.context.browser.new_context()
    admin = await context.new_page()
    await admin.goto(invited["link"])
    await admin.get_by_label("Name").fill("overseer")
    await admin.get_by_label("Password").fill("correct horse battery")
    await admin.get_by_role("button", name="Join").click()
    await admin.wait_for_url("**/workbench")
    await admin.goto(f"http://127.0.0.1:{stack.port}/admin#feedback")
    await expect(admin.get_by_text("It rhymes where it should not.")).to_be_visible()
    await context.close()
