"""What anybody gets at /docs and /llms.txt."""

from __future__ import annotations

import re

import pytest

from tests.router.errors import assert_error
from tests.workbench.browser import Browser
from workbench.docs import NAMES, path_of
from workbench.services import Site
from workbench.settings import SiteSettings

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize("name", NAMES)
async def test_a_page_is_whole_without_scripts_and_without_a_sign_in(browser: Browser, name: str) -> None:
    answer = await browser.get(path_of(name))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=)|\{\{", answer.text)
    assert answer.text.count("<h1") == 1
    assert answer.text.partition("<main")[0].count('<li><a href="') == len(NAMES)
    assert f'<a href="{path_of(name)}" aria-current="page">' in answer.text


async def test_every_link_of_the_side_list_and_every_file_of_a_page_is_there(browser: Browser) -> None:
    text = (await browser.get("/docs")).text
    for address in set(re.findall(r'(?:href|src)="(/(?:docs|static|llms)[^"#]*)', text)):
        assert (await browser.get(address)).status_code == 200, address


async def test_the_search_knows_every_heading(browser: Browser) -> None:
    entries = (await browser.get("/docs/search.json")).json()
    assert {one["address"].partition("#")[0] for one in entries} == {path_of(name) for name in NAMES}
    assert [one["address"] for one in entries if "X-Wait-For-Model" in one["text"]]


async def test_one_text_has_all_pages(browser: Browser) -> None:
    answer = await browser.get("/llms.txt")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert len(re.findall(r"^# ", re.sub(r"```.*?```", "", answer.text, flags=re.DOTALL), re.MULTILINE)) == len(NAMES)
    for told in ("ACS_API_KEY", "ACS_API_BASE", "| `cold_boot` | 503 |", "## POST /v1/completions"):
        assert told in answer.text, told


async def test_the_reference_names_every_route_and_every_field(browser: Browser) -> None:
    document, text = (await browser.get("/openapi.json")).json(), (await browser.get("/docs/reference")).text
    for path, verbs in document["paths"].items():
        assert [verb for verb in verbs if f">{verb.upper()} {path}</h2>" not in text] == []
    for schema in document["components"]["schemas"].values():
        assert [name for name in schema.get("properties", ()) if f"<code>{name}</code>" not in text] == []
    headings = set(re.findall(r'id="([^"]+)"', text))
    assert [link for link in re.findall(r'href="#([^"]+)"', text) if link not in headings] == []


async def test_what_is_no_page_is_told_so(browser: Browser) -> None:
    assert_error(await browser.get("/docs/nothing"), 404, "not_found")
    assert_error(await browser.get("/docs/..%2fpyproject"), 404, "not_found")
    assert_error(await browser.post("/docs"), 405, "method_not_allowed")
    assert (await browser.get("/docs/index")).headers["location"] == "/docs"


class TestAtAPublicAddress:
    @pytest.fixture
    def site_settings(self, database_url: str) -> SiteSettings:
        return SiteSettings(database_url, "https://models.example")

    async def test_examples_name_the_address_of_the_service(self, browser: Browser, site: Site) -> None:
        text = (await browser.get("/docs")).text
        assert "ACS_API_BASE=https://models.example/v1" in text
        assert "127.0.0.1:8000/" not in text
