"""The accounting store as commands use it: opened for one question, its failures turned into sentences."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from redis.asyncio import Redis

from basemodel.failure import Failure
from budgets.errors import AccountExists, SecretMismatch, StoreUnavailable, UnknownAccount
from budgets.secret import Secret
from budgets.store import connect
from router.settings import Settings, embedded_redis_url

Answer = TypeVar("Answer")


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
        return await question(Store(redis, settings.secret))
    except UnknownAccount as error:
        raise Failure(f"There is no account {error}; `basemodel accounts list` shows those there are.") from error
    except AccountExists as error:
        raise Failure(f"An account {error} exists already; choose another name.") from error
    except SecretMismatch as error:
        raise Failure(str(error)) from error
    except StoreUnavailable as error:
        raise Failure(unreachable(settings)) from error
    finally:
        await redis.aclose()


def unreachable(settings: Settings) -> str:
    if settings.redis_url == embedded_redis_url(settings.home):
        return "The embedded Redis does not run; start it with `basemodel up`, or set BASEMODEL_REDIS_URL."
    return "The Redis of BASEMODEL_REDIS_URL does not answer; start it or correct the URL."
