from __future__ import annotations

import pytest

from tests.router.errors import assert_error
from tests.workbench.browser import Browser
from workbench.static_files import FOLDER, TYPES

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def test_every_file_of_a_known_kind_is_served_as_what_it_is(browser: Browser) -> None:
    files = [path for path in FOLDER.rglob("*") if path.is_file() and path.suffix in TYPES]
    assert len(files) > 3
    for path in files:
        answer = await browser.get(f"/static/{path.relative_to(FOLDER)}")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == TYPES[path.suffix]
        assert answer.content == path.read_bytes()


async def test_what_the_browser_has_is_not_sent_again(browser: Browser) -> None:
    path = next(path for path in FOLDER.rglob("*.js")).relative_to(FOLDER)
    answer = await browser.get(f"/static/{path}")
    again = await browser.get(f"/static/{path}", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "app",
        "app/",
        "nothing.js",
        "../site.py",
        "..%2fsite.py",
        "%2e%2e/site.py",
        "app/../../site.py",
        "/etc/passwd",
        "%00.js",
        "vendor/preact.d.ts",
    ],
)
async def test_nothing_else_is_served(browser: Browser, path: str) -> None:
    assert_error(await browser.get(f"/static/{path}"), 404, "not_found")
