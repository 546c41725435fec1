from __future__ import annotations

import time

import pytest
from sqlalchemy import func, select

from tests.workbench.conftest import SignUp
from workbench import sessions
from workbench.services import Site
from workbench.sessions import SiteSession, begin


async def begun(site: Site, times: int) -> list[str]:
    user = await site.users.named("ada")
    cookies = []
    for _ in range(times):
        async with site.database.writing() as session:
            cookies.append(await begin(session, user))
    return cookies


async def count(site: Site) -> int:
    async with site.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(SiteSession)) or 0


async def test_a_user_has_so_many_sessions_and_the_oldest_go(sign_up: SignUp, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = await sign_up("ada")
    later = time.time() + 1
    monkeypatch.setattr(time, "time", lambda: later)
    newest = (await begun(site, sessions.MOST_OF_ONE_USER + 5))[-1]
    assert await count(site) == sessions.MOST_OF_ONE_USER
    assert await site.sessions.find(newest) is not None
    assert await ada.user() is None


async def test_sessions_that_are_over_are_cleared_away(sign_up: SignUp, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    await sign_up("ada")
    later = time.time() + 2 * sessions.LONGEST_SECONDS
    monkeypatch.setattr(time, "time", lambda: later)
    await begun(site, 1)
    assert await count(site) == 1


async def test_a_session_is_written_at_most_once_a_minute(sign_up: SignUp, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    cookie = (await sign_up("ada")).cookie or ""
    seen: list[int] = []

    async def see(self: object, digest: str, now: int) -> None:
        seen.append(now)

    monkeypatch.setattr(sessions.Sessions, "_see", see)
    for _ in range(3):
        assert await site.sessions.find(cookie) is not None
    assert seen == []
    later = time.time() + sessions.SEEN_SECONDS
    monkeypatch.setattr(time, "time", lambda: later)
    await site.sessions.find(cookie)
    assert seen == [int(later)]


async def test_what_is_no_cookie_of_ours_opens_nothing(site: Site) -> None:
    for cookie in ("", "x", "é" * 64, "'; DROP TABLE sessions; --"):
        assert await site.sessions.find(cookie) is None
