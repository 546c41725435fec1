"""Keys on the Dashboard, and what they used on the Usage page."""

from __future__ import annotations

from playwright.async_api import expect

from budgets.keys import Keys
from tests.browser.conftest import SignIn
from tests.browser.stage import BUDGET, Stage
from tests.browser.workbench_page import MODULE


async def test_a_key_is_paused_resumed_renamed_and_revoked(stage: Stage, sign_in: SignIn) -> None:
    await Keys(stage.site.redis, stage.site.secret).create(stage.account.id, "evals")
    page = await sign_in("ada")
    await page.goto(f"{stage.address}/dashboard")
    await page.get_by_role("button", name="Pause evals").click()
    await expect(page.get_by_role("row").filter(has_text="evals")).to_contain_text("paused")
    await page.get_by_role("button", name="Resume evals").click()
    await expect(page.get_by_role("row").filter(has_text="evals")).to_contain_text("active")
    await page.get_by_role("button", name="Edit evals").click()
    await page.get_by_label("Name").fill("probes")
    await page.get_by_role("button", name="Save").click()
    await page.get_by_role("button", name="Revoke probes").click()
    await page.get_by_role("button", name="Revoke for good").click()
    await page.get_by_text("Revoked and expired keys (1)").click()
    await expect(page.get_by_role("row").filter(has_text="probes")).to_contain_text("revoked")


async def test_a_fault_is_shown_at_its_field_and_what_was_typed_stays(stage: Stage, sign_in: SignIn) -> None:
    page = await sign_in("ada")
    await page.goto(f"{stage.address}/dashboard")
    await page.get_by_role("button", name="New key").click()
    await page.get_by_label("Name").fill("evals")
    for cap, told in [("a lot", "as in 250000"), (str(BUDGET + 1), "at most")]:
        await page.get_by_label("Monthly cap").fill(cap)
        await page.get_by_role("button", name="Create the key").click()
        await expect(page.locator(".fault")).to_contain_text(told)
        await expect(page.get_by_label("Monthly cap")).to_be_focused()
        await expect(page.get_by_label("Monthly cap")).to_have_value(cap)
    await expect(page.get_by_label("Name")).to_have_value("evals")


async def test_the_month_is_drawn_and_told_by_model_and_key(stage: Stage, sign_in: SignIn) -> None:
    page = await sign_in("ada")
    used = await page.evaluate(COMPLETION)
    await page.goto(f"{stage.address}/usage")
    await expect(page.get_by_role("img", name="Tokens by day")).to_be_visible()
    await expect(page.get_by_role("region", name="By model")).to_contain_text("pico")
    await expect(page.get_by_role("region", name="By key")).to_contain_text("workbench")
    await expect(page.get_by_text("Tokens", exact=True).locator("xpath=following-sibling::dd[1]")).to_have_text(str(used))
    async with page.expect_download() as download:
        await page.get_by_role("link", name="CSV").click()
    assert (await download.value).suggested_filename.endswith(".csv")


#: What the Workbench's pages do, by their own api.js.
COMPLETION = (
    "async () => { const module = "
    + MODULE
    + """;
  const { post } = await module("api.js");
  await module("session.js").then((session) => session.known());
  const answer = await post("/site/v1/completions", { model: "pico", prompt: "Once", max_tokens: 7 });
  return answer.usage.total_tokens;
}"""
)
