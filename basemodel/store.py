"""The accounting store as commands use it: opened for one question, its failures turned into sentences."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from redis.asyncio import Redis

from basemodel.failure import Failure
from budgets.errors import AccountExists, BudgetError, CapAboveAccount, KeyRevoked, StoreUnavailable, UnknownAccount, UnknownKey
from budgets.secret import Secret
from budgets.store import connect
from router.settings import Settings, embedded_redis_url

Answer = TypeVar("Answer")

#: Each call of Redis has a time-out of its own; this bounds a command that makes many.
SECONDS = 30.0


@dataclass(frozen=True)
class Store:
    redis: Redis
    secret: Secret


def run(question: Callable[[Store], Awaitable[Answer]]) -> Answer:
    """Raises Failure."""
    return asyncio.run(_run(question, Settings.read()))


async def _run(question: Callable[[Store], Awaitable[Answer]], settings: Settings) -> Answer:
    redis = connect(settings.redis_url)
    try:
        async with asyncio.timeout(SECONDS):
            return await question(Store(redis, settings.secret))
    except (BudgetError, TimeoutError) as error:
        raise Failure(sentence(error, settings)) from error
    finally:
        await redis.aclose()


def sentence(error: BudgetError | TimeoutError, settings: Settings) -> str:
    match error:
        case UnknownAccount():
            return f"There is no account {error}; `basemodel accounts list` shows those there are."
        case AccountExists():
            return f"An account {error} exists already; choose another name."
        case UnknownKey():
            return f"There is no key {error}; `basemodel keys list` shows those there are."
        case KeyRevoked():
            return f"The key {error} was revoked, which is for ever; `basemodel keys create` makes another."
        case CapAboveAccount():
            have = f"Its account has {error.account_cap:,} tokens a month, and a key cannot have more"
            return f"{have}; `basemodel accounts set-budget` raises that."
        case StoreUnavailable() | TimeoutError():
            return unreachable(settings)
        case _:
            return str(error)


def unreachable(settings: Settings) -> str:
    if settings.redis_url == embedded_redis_url(settings.home):
        return "The embedded Redis does not run; start it with `basemodel up`, or set BASEMODEL_REDIS_URL."
    return "The Redis of BASEMODEL_REDIS_URL does not answer; start it or correct the URL."
