from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import delete

from tests.workbench.browser import Browser
from tests.workbench.conftest import SignUp
from workbench.audit import Entry
from workbench.services import Site
from workbench.users import ADMIN

Told = Callable[[], Awaitable[list[tuple[str, str, str | None, str | None, str | None]]]]


@pytest.fixture
async def grace(sign_up: SignUp) -> Browser:
    """An admin."""
    return await sign_up("grace", ADMIN)


@pytest.fixture
def told(site: Site) -> Told:
    """The audit log since it was asked for the last time, the oldest first."""

    async def read() -> list[tuple[str, str, str | None, str | None, str | None]]:
        found = (await site.audit.page())[::-1]
        async with site.database.writing() as session:
            await session.execute(delete(Entry))
        return [(entry.who, entry.what, entry.target, entry.before, entry.after) for entry in found]

    return read
