from __future__ import annotations

import pytest

from tests.router.errors import assert_error
from tests.workbench.browser import Browser
from workbench.static_files import FOLDER, KEPT, TYPES, root

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
    again = await browser.get(f"/static/{path}", headers={"if-none-match": f'"another", {answer.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")


async def test_an_address_with_the_version_is_never_asked_for_again(browser: Browser) -> None:
    answer = await browser.get(f"{root()}/app/api.js")
    assert answer.content == (FOLDER / "app/api.js").read_bytes()
    assert answer.headers["cache-control"] == KEPT


@pytest.mark.parametrize("before", ["", "/v-0123456789abcdef"])
async def test_without_this_version_there_is_what_is_there_now_until_the_next_time(browser: Browser, before: str) -> None:
    answer = await browser.get(f"/static{before}/app/api.js")
    assert answer.content == (FOLDER / "app/api.js").read_bytes()
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(("takes", "packed"), [("gzip, br", True), ("br;q=1, gzip;q=0.5", True), ("gzip;q=0", False), ("", False)])
async def test_a_browser_that_takes_it_packed_gets_it_packed(browser: Browser, takes: str, packed: bool) -> None:
    answer = await browser.get("/static/vendor/codemirror.js", headers={"accept-encoding": takes})
    assert answer.content == (FOLDER / "vendor/codemirror.js").read_bytes()
    assert answer.headers["vary"] == "accept-encoding"
    assert (int(answer.headers["content-length"]) < len(answer.content) // 2) == packed


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
        "v-0123456789abcdef",
        "v-0123456789abcdef/vendor/preact.d.ts",
        "v-1/app/api.js",
    ],
)
async def test_nothing_else_is_served(browser: Browser, path: str) -> None:
    assert_error(await browser.get(f"/static/{path}"), 404, "not_found")
