"""A real Chromium on the site. What a page breaks (its policy, a script, a request) fails the test that opened it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from argon2 import PasswordHasher
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.browser.stage import Stage, staged
from tests.browser.watch import Watch
from tests.browser.workbench_page import ready
from workbench import passwords
from workbench.settings import Links
from workbench.users import USER

CHROMIUM = shutil.which("chromium") or "chromium"
FAR = "lab.example"  # this machine by a name that is not its own
PASSWORD = "correct horse battery"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", f"--host-resolver-rules=MAP {FAR} 127.0.0.1"]

expect.set_options(timeout=20_000)  # of milliseconds; five seconds pass where a machine stands still

SignIn = Callable[..., Awaitable[Page]]


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "PasswordHasher", lambda: PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One event loop for all of these tests, because one browser serves them all."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture
def links() -> Links:
    """The lab's own places: none, where a test does not say otherwise."""
    return Links()


@pytest_asyncio.fixture(loop_scope="session")
async def stage(tmp_path: Path, redis_url: str, links: Links) -> AsyncIterator[Stage]:
    async with staged(tmp_path, redis_url, links=links) as one:
        yield one


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def context(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """One person's browser; what its pages break is told at the end."""
    one = await chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    one.set_default_timeout(20_000)
    watch = await Watch.over(one)
    yield one
    await one.close()
    assert watch.faults == []


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext) -> Page:
    return await context.new_page()


@pytest.fixture
def sign_in(stage: Stage, page: Page) -> SignIn:
    """Somebody new: `await sign_in("ada", role="admin")` ends on the first page. By its page of its own: `test_door.py`."""

    async def signed_in(name: str, role: str = USER) -> Page:
        token = (await stage.invite(role)).partition("#")[2]
        body = {"token": token, "name": name, "password": PASSWORD}
        answer = await page.request.post(f"{stage.address}/site/invites/accept", data=body, headers={"sec-fetch-site": "same-origin"})
        assert answer.ok, await answer.text()
        await page.goto(f"{stage.address}/workbench")
        return page

    return signed_in


@pytest_asyncio.fixture(loop_scope="session")
async def ada(sign_in: SignIn) -> Page:
    """Her Workbench, ready to be written on."""
    return await ready(await sign_in("ada"))
