"""What commands change in Redis, told to the site's audit log right after it."""

from __future__ import annotations

import asyncio
from typing import Any

from basemodel import console
from basemodel.store import SECONDS
from router.settings import BadSetting

NOT_TOLD = "This is done, but not in the audit log: the site's database does not answer, or BASEMODEL_DATABASE_URL is wrong."


def tell(what: str, target: str, before: Any = None, after: Any = None) -> None:
    """What is done stays done; a log that cannot be written is said."""
    from workbench.errors import SiteUnavailable  # the site takes half a second to import: not for commands that only look

    try:
        asyncio.run(_tell(what, target, before, after))
    except (SiteUnavailable, BadSetting, TimeoutError):
        console.complaints.print(NOT_TOLD)


async def _tell(what: str, target: str, before: Any, after: Any) -> None:
    from workbench import audit
    from workbench.database import Database
    from workbench.settings import SiteSettings

    database = Database(SiteSettings.read().database_url)
    try:
        async with asyncio.timeout(SECONDS), database.writing() as session:
            await audit.note(session, audit.COMMAND_LINE, what, target, before, after)
    finally:
        await database.close()
