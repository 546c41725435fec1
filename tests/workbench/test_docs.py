"""The pages of docs/: each with a title, in the side list once, and without a dead link."""

from __future__ import annotations

import re

import pytest

from router.app import KEYED
from router.errors import ApiError
from workbench.docs import FOLDER, NAMES, Page, page
from workbench.docs_reference import error_kinds, error_table
from workbench.docs_site import ERROR_TABLE

WRITTEN = {file.stem: page(file.stem, file.read_text()) for file in FOLDER.glob("*.md")}
#: Made from the program, with no file.
MADE = {"reference"}
SITE_PATHS = {"/openapi.json", "/docs", "/docs/reference"}


def links(one: Page) -> list[str]:
    return re.findall(r'href="([^"]+)"', one.html)


def test_the_side_list_has_every_page_once() -> None:
    assert sorted(NAMES) == sorted({*WRITTEN, *MADE})


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_a_link_leads_to_a_page_and_a_heading_that_are_there(name: str) -> None:
    for link in links(WRITTEN[name]):
        path, _, heading = link.partition("#")
        target = path.removeprefix("/docs/") if path.startswith("/docs/") else name if not path else "index"
        assert link.startswith("https://") or path in SITE_PATHS or target in WRITTEN, link
        if heading and target in WRITTEN:
            assert heading in {part.id for part in WRITTEN[target].parts}, link


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_a_page_begins_with_its_only_title_and_names_each_heading_once(name: str) -> None:
    one = WRITTEN[name]
    assert [part.level for part in one.parts].count(1) == 1
    assert one.title
    assert len({part.id for part in one.parts}) == len(one.parts)


def test_a_page_without_a_title_is_refused() -> None:
    with pytest.raises(ValueError, match="title"):
        page("bad", "Only words.\n\n## And a heading\n")


def test_html_in_a_page_and_addresses_of_scripts_stay_text() -> None:
    html = page("bad", '# T\n\n<script>x</script> <b onclick="y">z</b> [go](javascript:alert(1))\n\n```"onload=x\n<i>\n```\n').html
    assert not re.search(r"<script|<b|<i>|href=|[\"']onload", html)


def test_equal_headings_have_different_ids() -> None:
    assert [part.id for part in page("p", "# A\n\n## B\n\n## B\n\n## `C d`\n").parts] == ["a", "b", "b-2", "c-d"]


def test_the_errors_page_names_every_error() -> None:
    text = WRITTEN["errors"].markdown
    assert ERROR_TABLE in text
    assert len(list(error_kinds())) > len(KEYED)
    assert [one.code for one in error_kinds() if one.code != ApiError.code and f"`{one.code}`" not in text] == []
    assert all(f"`{one.code}`" in error_table() for one in error_kinds())
