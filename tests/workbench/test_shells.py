from __future__ import annotations

import re

import pytest

from tests.router.errors import assert_error
from tests.workbench.browser import Browser
from tests.workbench.conftest import SignUp
from workbench.shells import PAGES

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def test_the_first_page_is_the_workbench_or_the_way_in(browser: Browser, sign_up: SignUp) -> None:
    for who, where in ((browser, "/sign-in"), (await sign_up("ada"), "/workbench")):
        answer = await who.get("/")
        assert (answer.status_code, answer.headers["location"]) == (303, where)


@pytest.mark.parametrize("page", PAGES)
async def test_a_page_is_html_whose_scripts_and_styles_are_files_of_ours(browser: Browser, page: str) -> None:
    answer = await browser.get(f"/{page}")
    assert f"<title>{PAGES[page]} " in answer.text
    assert "$" not in answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=)", answer.text)
    for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', answer.text):
        assert (await browser.get(address)).status_code == 200, address


async def test_a_page_takes_no_other_method(browser: Browser) -> None:
    assert_error(await browser.post("/sign-in"), 405, "method_not_allowed")
    assert (await browser.head("/sign-in")).status_code == 200
