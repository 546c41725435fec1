"""What stands on every page: the lab's own places, where it has some."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from workbench.settings import Links

CHAT, BUGS = "https://chat.example/lab", "https://bugs.example/new"


async def test_no_place_of_the_lab_is_linked_that_is_not_set(ada: Page) -> None:
    await expect(ada.get_by_role("button", name="Feedback")).to_be_visible()
    await expect(ada.get_by_role("button", name="Community")).to_have_count(0)


@pytest.mark.parametrize("links", [Links(chat=CHAT, bugs=BUGS)])
async def test_the_labs_own_places_are_a_press_away(ada: Page) -> None:
    await ada.get_by_role("button", name="Community").click()
    await expect(ada.get_by_role("link", name="Community chat")).to_have_attribute("href", CHAT)
    await expect(ada.get_by_role("link", name="Report a bug")).to_have_attribute("href", BUGS)
    await expect(ada.get_by_role("link", name="Feedback channel")).to_have_count(0)
