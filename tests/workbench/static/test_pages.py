"""What the policy of the pages forbids is not in them, and every file that a page names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from workbench.shells import PAGES, html
from workbench.static_files import files, root
from workbench.styles import STYLES

SITE = Path(__file__).parents[3] / "workbench"
WRITTEN = {name: html(name) for name in PAGES} | {"docs": (SITE / "pages" / "docs.html").read_text().replace("{{static}}", root())}
SCRIPTS = sorted((SITE / "static/app").rglob("*.js"))
STYLE_FILES = sorted((SITE / "static/app").rglob("*.css"))
STYLES_ON_DISK = [file.relative_to(SITE / "static").as_posix() for file in STYLE_FILES]

NAMED = re.compile(r'(?:src|href)="(/static/[^"]+)"')
IMPORTED = re.compile(r'(?:from|import)\s*\(?\s*"(\.[^"]+)"')
FORBIDDEN_IN_PAGES = re.compile(r"<style|style=|<script(?![^>]*\ssrc=)| on\w+=|javascript:|https?://")
#: Each turns text into a page or a program. Text of models and of people reaches the page by text nodes alone.
FORBIDDEN_IN_SCRIPTS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|DOMParser|setHTML|\beval\(|new Function|srcdoc"
)
LONGEST_FILE = 250


@pytest.mark.parametrize("page", WRITTEN)
def test_a_page_holds_no_script_and_no_style_of_its_own(page: str) -> None:
    assert not FORBIDDEN_IN_PAGES.search(WRITTEN[page])


@pytest.mark.parametrize("page", WRITTEN)
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    named = NAMED.findall(WRITTEN[page])
    assert named
    assert [address for address in named if address.removeprefix(f"{root()}/") not in files()] == []


def test_every_page_has_styles_and_every_style_sheet_a_page() -> None:
    assert STYLES.keys() == WRITTEN.keys()
    used = {path for paths in STYLES.values() for path in paths}
    assert [file for file in STYLES_ON_DISK if file not in used] == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: str(script.relative_to(SITE / "static/app")))
def test_a_script_turns_no_text_into_a_page_and_imports_what_is_there(script: Path) -> None:
    text = script.read_text()
    assert not FORBIDDEN_IN_SCRIPTS.search(text)
    assert [name for name in IMPORTED.findall(text) if not (script.parent / name).resolve().is_file()] == []


@pytest.mark.parametrize("file", [*SCRIPTS, *STYLE_FILES], ids=lambda file: str(file.relative_to(SITE / "static/app")))
def test_a_file_is_short_enough_to_read(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= LONGEST_FILE
