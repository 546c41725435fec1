"""The panel of saved prompts in a real browser: it fits, it can be used by all, and what others named is text."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.browser.stage import Stage
from tests.browser.test_accessibility import grave_faults
from tests.browser.test_saved import link, panel, prompts, save, to_saved
from tests.browser.workbench_page import document, run, shown, write
from workbench.prompt_content import packed
from workbench.prompts import PAGE, Draft

OVERFLOW = """() => [...document.querySelectorAll("#side-panel, #side-panel *")].filter((one) => {
  const box = one.getBoundingClientRect();
  return box.right > document.documentElement.clientWidth + 1 && !one.closest(".hidden-text");
}).map((one) => one.outerHTML.slice(0, 120))"""
BLANKS = """() => { for (const one of document.querySelectorAll(".past-text b")) one.firstChild.data = "a" + " ".repeat(90); }"""
HOSTILE = "<img src=x onerror=alert(1)>"
LONG = "a-name-without-any-place-to-break-it-" * 3


async def kept(stage: Stage, name: str, content: str = "{}") -> str:
    """A prompt of ada's that no page of ours made; its id."""
    owner = await stage.site.users.named("ada")
    return (await stage.site.prompts.save(owner.id, Draft(name, (LONG[:32],), await packed(content)))).id


async def test_it_fits_a_phone_and_has_no_serious_fault(ada: Page, stage: Stage) -> None:
    await ada.emulate_media(color_scheme="light", reduced_motion="reduce")
    for name in (LONG, HOSTILE):
        await kept(stage, name)
    await write(ada, "In the beginning")
    await run(ada)
    await save(ada, LONG, "one, two, three")
    await prompts(ada).get_by_role("button", name="Versions").first.click()
    await prompts(ada).get_by_role("button", name="Share", exact=True).first.click()
    for tab in ("Saved", "Runs"):
        await ada.get_by_role("tab", name=tab).click()
        await ada.evaluate(BLANKS)
        for width in (360, 1280):
            await ada.set_viewport_size({"width": width, "height": 800})
            assert await ada.evaluate(OVERFLOW) == [], f"{tab} at {width}"
        assert await grave_faults(ada) == [], tab


async def test_names_are_text_whatever_they_try_to_be(ada: Page, stage: Stage) -> None:
    await kept(stage, HOSTILE)
    await to_saved(ada)
    await expect(prompts(ada).get_by_role("button", name=HOSTILE)).to_be_visible()
    await expect(prompts(ada).locator("img")).to_have_count(0)


async def test_a_content_that_is_damaged_is_said_and_changes_nothing(ada: Page, stage: Stage) -> None:
    await write(ada, "what stays")
    broken = await kept(stage, "broken", '{"format":"basemodel-workbench","version":1,"text":5}')
    await ada.evaluate("id => { location.hash = `#prompt=${id}`; }", broken)
    await expect(ada.get_by_text("This is not a file of the Workbench.")).to_be_visible()
    assert await shown(ada) == "what stays"


async def test_another_prompt_in_the_address_is_opened(ada: Page) -> None:
    await write(ada, "the first")
    await save(ada, "first")
    first = await link(ada)
    await panel(ada).get_by_role("button", name="Begin anew").click()
    await write(ada, "the second")
    await save(ada, "second")
    await ada.evaluate("to => { location.hash = to; }", first.partition("#")[2])
    await expect(document(ada)).to_contain_text("the first")
    await expect(panel(ada).get_by_label("Name")).to_have_value("first")


async def test_a_long_list_comes_by_the_page(ada: Page, stage: Stage) -> None:
    for each in range(PAGE + 3):
        await kept(stage, f"prompt {each}")
    await to_saved(ada)
    await expect(prompts(ada).get_by_role("listitem")).to_have_count(PAGE)
    await panel(ada).get_by_role("button", name="More").click()
    await expect(prompts(ada).get_by_role("listitem")).to_have_count(PAGE + 3)
    await expect(panel(ada).get_by_role("button", name="More")).to_have_count(0)


async def test_the_key_of_saving_asks_for_a_name_first(ada: Page) -> None:
    await write(ada, "some words")
    await ada.keyboard.press("Control+s")
    name = panel(ada).get_by_label("Name")
    await expect(name).to_be_focused()
    await expect(name).to_have_value("some words")
    await ada.keyboard.press("Enter")
    await expect(panel(ada).get_by_text("Version 1 is open, the newest.")).to_be_visible()
