"""The site's people as commands use them: opened for one question, its failures turned into sentences."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from basemodel.failure import Failure
from basemodel.store import SECONDS, sentence
from budgets.errors import BudgetError
from budgets.store import connect
from router.settings import Settings
from workbench.errors import SiteUnavailable, UserUnknown
from workbench.services import Site
from workbench.settings import SiteSettings

Answer = TypeVar("Answer")

UNKNOWN = "There is no such user; `basemodel users list` shows those there are."
UNAVAILABLE = "The site's database does not answer; start it, or correct BASEMODEL_DATABASE_URL."


def run(question: Callable[[Site], Awaitable[Answer]]) -> Answer:
    """Raises Failure."""
    return asyncio.run(_run(question, Settings.read()))


async def _run(question: Callable[[Site], Awaitable[Answer]], settings: Settings) -> Answer:
    try:
        async with asyncio.timeout(SECONDS), opened(settings) as site:
            return await question(site)
    except UserUnknown as error:
        raise Failure(UNKNOWN) from error
    except SiteUnavailable as error:
        raise Failure(UNAVAILABLE) from error
    except (BudgetError, TimeoutError) as error:
        raise Failure(sentence(error, settings)) from error


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Site]:
    """Raises BadSetting."""
    redis = connect(settings.redis_url)
    site = Site.of(SiteSettings.read(), settings.secret, redis)
    try:
        yield site
    finally:
        await site.close()
        await redis.aclose()
