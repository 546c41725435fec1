"""The Admin page, and the feedback that it shows."""

from __future__ import annotations

import time

import pytest_asyncio
from playwright.async_api import Page, expect

from router.boots import Boot, Boots
from router.lifecycle import Phase, Standing, State
from router.wishes import Wishes
from tests.browser.conftest import PASSWORD, SignIn
from tests.browser.stage import Stage
from tests.browser.test_accessibility import grave_faults
from tests.browser.test_pages import OVERFLOW, opened
from workbench.audit import Who
from workbench.feedback import Said
from workbench.users import ADMIN

HOSTILE = "<img src=x onerror=alert(1)><b>bold</b>\u202eevil"


@pytest_asyncio.fixture(loop_scope="session")
async def admin(sign_in: SignIn) -> Page:
    return await sign_in("ada", role=ADMIN)


async def go(page: Page, stage: Stage, part: str) -> None:
    await opened(page, f"{stage.address}/admin#{part}")


async def test_only_admins_are_led_there(stage: Stage, sign_in: SignIn) -> None:
    page = await sign_in("eve")
    await expect(page.get_by_role("navigation", name="Pages").get_by_role("link", name="Admin")).to_have_count(0)
    await page.goto(f"{stage.address}/admin")
    await expect(page.get_by_role("heading", name="For admins")).to_be_visible()


async def test_an_account_is_made_given_a_budget_and_disabled(stage: Stage, admin: Page) -> None:
    await admin.get_by_role("navigation", name="Pages").get_by_role("link", name="Admin").click()
    await admin.get_by_role("button", name="New account").click()
    await admin.get_by_label("Name").fill("people")
    await admin.get_by_role("button", name="Create the account").click()
    await expect(admin.locator(".fault")).to_contain_text("exists already")
    await admin.get_by_label("Name").fill("reading group")
    await admin.get_by_label("Monthly budget").fill("250k")
    await admin.get_by_role("button", name="Create the account").click()
    row = admin.get_by_role("row").filter(has_text="reading group")
    await expect(row).to_contain_text("250,000")
    await row.get_by_role("button", name="Budget").click()
    await admin.get_by_label("Monthly budget").fill("1.5M")
    await admin.get_by_role("button", name="Set the budget").click()
    await expect(row).to_contain_text("1,500,000")
    await row.get_by_role("button", name="Disable").click()
    await admin.get_by_role("dialog").get_by_role("button", name="Disable").click()
    await expect(row).to_contain_text("disabled")


async def test_somebody_is_invited_made_admin_and_disabled(stage: Stage, admin: Page) -> None:
    await go(admin, stage, "people")
    await admin.get_by_role("button", name="Invite").click()
    await admin.get_by_role("button", name="Make the link").click()
    link = await admin.locator(".secret code").inner_text()
    await admin.get_by_role("button", name="Done").click()
    open_invites = admin.get_by_role("table", name="Open invites")
    await expect(open_invites.get_by_role("row")).to_have_count(2)
    await join(admin, link, "grace")
    await admin.reload()
    await expect(open_invites).to_have_count(0)
    row = admin.get_by_role("row").filter(has_text="grace")
    await row.get_by_role("button", name="Make admin").click()
    await admin.get_by_role("dialog").get_by_role("button", name="Make admin").click()
    await expect(row).to_contain_text("admin")
    await row.get_by_role("button", name="Disable").click()
    await admin.get_by_role("dialog").get_by_role("button", name="Disable").click()
    await expect(row).to_contain_text("disabled")
    own = admin.get_by_role("row").filter(has_text="ada")
    await expect(own.get_by_role("button")).to_have_count(1)


async def join(page: Page, link: str, name: str) -> None:
    """In another browser."""
    assert page.context.browser is not None
    context = await page.context.browser.new_context()
    other = await context.new_page()
    await other.goto(link)
    await other.get_by_label("Name").fill(name)
    await other.get_by_label("Password").fill(PASSWORD)
    await other.get_by_role("button", name="Join").click()
    await other.wait_for_url("**/workbench")
    await context.close()


async def test_an_invite_is_withdrawn_and_a_reset_link_made(stage: Stage, admin: Page) -> None:
    await stage.invite()
    await go(admin, stage, "people")
    await admin.get_by_role("button", name="Withdraw").click()
    await expect(admin.get_by_text("No invite is open.")).to_be_visible()
    await admin.get_by_role("button", name="Reset link").click()
    await expect(admin.locator(".secret code")).to_contain_text("/reset#")


async def test_feedback_is_one_press_away_on_every_page_and_text_is_only_text(stage: Stage, admin: Page) -> None:
    for name in ("dashboard", "usage", "models", "docs", "admin", "workbench"):
        await opened(admin, f"{stage.address}/{name}")
        await admin.get_by_role("button", name="Feedback").click()
        await admin.get_by_label("Your feedback").fill(f"{HOSTILE} {name}")
        await admin.get_by_role("button", name="Send").click()
        await expect(admin.get_by_text("Thank you.")).to_be_visible()
    await go(admin, stage, "feedback")
    await expect(admin.get_by_text("6 letters not read yet.")).to_be_visible()
    await expect(admin.get_by_text(f"{HOSTILE} models")).to_be_visible()
    letter = admin.get_by_role("article").filter(has_text="/usage")
    await letter.get_by_role("button", name="Mark as read").click()
    await expect(admin.get_by_text("5 letters not read yet.")).to_be_visible()
    await letter.get_by_role("button", name="Delete").click()
    await admin.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(letter).to_have_count(0)


async def test_feedback_from_the_workbench_takes_the_request_along_and_never_the_prompt(stage: Stage, admin: Page) -> None:
    await expect(admin.get_by_role("combobox", name="Model")).to_have_value("pico")
    await admin.get_by_role("textbox", name="Document").click()
    await admin.keyboard.insert_text("A secret beginning")
    await expect(admin.locator(".status .count")).to_contain_text("token")
    async with admin.expect_response(lambda answer: answer.url.endswith("/site/v1/completions")) as run:
        await admin.keyboard.press("Control+Enter")
    request_id = (await run.value).headers["x-request-id"]
    await expect(admin.get_by_role("button", name="Generate", exact=True)).to_be_visible()
    await admin.get_by_role("button", name="Feedback").click()
    await expect(admin.get_by_label("Request id")).to_have_value(request_id)
    await admin.get_by_label("Your feedback").fill("Odd.")
    await admin.get_by_label("Send the parameters").check()
    await admin.get_by_role("button", name="Send").click()
    await expect(admin.get_by_text("Thank you.")).to_be_visible()
    await go(admin, stage, "feedback")
    letter = admin.get_by_role("article")
    await expect(letter).to_contain_text(request_id)
    await letter.get_by_role("button", name="Parameters").click()
    await expect(letter.locator("pre")).to_contain_text('"model": "pico"')
    await expect(letter.locator("pre")).not_to_contain_text('"prompt":')


async def test_models_tell_why_they_fail_what_their_boots_took_and_are_started_and_stopped(stage: Stage, admin: Page) -> None:
    boots, now = Boots(stage.site.redis), time.time()
    await boots.explain("nano", "no node has 2 GPUs free")
    phases = {Phase.LOADING: now - 90, Phase.WARMING: now - 83}
    await boots.keep(Boot("1", "nano", "r", "key-1", now - 100, "forked", phases, ready=now - 80, ended=now - 5, idle=40, reason="idle"))
    stage.fleet.stand("nano", Standing(State.COLD, now))
    stage.fleet.on_wake = lambda spec: stage.boot(spec.id, now)
    await go(admin, stage, "models")
    nano = admin.get_by_role("article", name="nano")
    await expect(nano).to_contain_text("no node has 2 GPUs free")
    await nano.get_by_text("Boot history").click()
    await expect(nano.get_by_role("row").last).to_contain_text("20 s")
    await expect(nano.get_by_role("row").last).to_contain_text("loading 7 s")
    await nano.get_by_role("button", name="Start nano").click()
    await expect(nano.get_by_role("progressbar")).to_be_visible()
    async with admin.expect_response("**/models/nano/stop"):
        await nano.get_by_role("button", name="Stop nano").click()
    await expect(admin.get_by_role("button", name="Stop nano")).to_be_visible()
    assert await Wishes(stage.site.redis).stopped() == {"nano"}
    pico = admin.get_by_role("article", name="pico")
    await expect(pico).to_contain_text("always ready")
    await expect(pico.get_by_role("button")).to_have_count(0)


async def test_with_much_on_it_nothing_overflows_and_everybody_can_read_it(stage: Stage, admin: Page) -> None:
    await crowd(stage)
    await admin.emulate_media(reduced_motion="reduce")
    await admin.set_viewport_size({"width": 360, "height": 800})
    for part in ("accounts", "people", "feedback", "models", "audit"):
        await go(admin, stage, part)
        for word in ("Parameters", "Boot history"):
            for one in await admin.get_by_text(word, exact=True).all():
                await one.click()
        await expect(admin.get_by_text("Loading…")).to_have_count(0)
        assert await admin.evaluate(OVERFLOW) == [], part
        assert await grave_faults(admin) == [], part
    await admin.get_by_role("button", name="Feedback").click()
    await expect(admin.get_by_role("dialog", name="Feedback")).to_be_visible()
    assert (await admin.evaluate(OVERFLOW), await grave_faults(admin)) == ([], [])


async def crowd(stage: Stage) -> None:
    """Names, texts and values as long as they may be."""
    site, ada = stage.site, await stage.site.users.named("ada")
    account = await site.accounts.create("w" * 64, 10**15)
    await site.invites.make(account, ADMIN, Who(ada.id, "w" * 64))
    await site.inbox.add(ada, Said("w" * 10_000, "/" + "w" * 199, "w" * 128, {"stop": ["w" * 256] * 16}))
    await site.audit.tell(Who(ada.id, "w" * 64), "key.changed", "w" * 200, {"models": ["w" * 128] * 8}, {"models": None})
    await Boots(site.redis).explain("nano", "w" * 500)
    await Boots(site.redis).keep(Boot("1", "nano", "r", "w" * 64, 0.0, phases={Phase.LOADING: 1.0}, ended=2.0, reason="w" * 500))


async def test_the_audit_log_tells_who_did_it(stage: Stage, admin: Page) -> None:
    await stage.invite()
    await go(admin, stage, "audit")
    table = admin.get_by_role("table", name="Audit log")
    await expect(table.get_by_role("row").filter(has_text="invite.used")).to_contain_text("ada")
    await expect(table.get_by_role("row").nth(1)).to_contain_text("command line")
