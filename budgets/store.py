"""The connection to Redis: bounded, without retries, and with one kind of failure."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, RedisClusterException, ResponseError, TimeoutError
from redis.typing import EncodableT, FieldT

from budgets import redis_url
from budgets.errors import StoreUnavailable

#: What HSET takes and HGETALL gives back as `dict[str, str]`.
Fields = dict[FieldT, EncodableT]

TIMEOUT_SECONDS = 1.0
MAX_CONNECTIONS = 64


def connect(url: str, timeout_seconds: float = TIMEOUT_SECONDS) -> Redis:
    """A client for a URL of `budgets/redis_url.py`; opens nothing until it is used. Raises ValueError.

    redis-py's own retries would run one command twice after a pause, so there are none: a time-out
    means "unknown outcome", and callers repeat only what is safe to repeat.
    """
    return redis_url.client(
        url,
        decode_responses=True,
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
        health_check_interval=15,
        max_connections=MAX_CONNECTIONS,
        retry=Retry(NoBackoff(), 0),
    )


#: What redis-py raises when the server is away, frozen, loading or refuses to serve.
UNAVAILABLE = (ConnectionError, TimeoutError, ResponseError, RedisClusterException, OSError)


@asynccontextmanager
async def reaching() -> AsyncIterator[None]:
    """Turns every failure of the server into `StoreUnavailable`."""
    try:
        yield
    except UNAVAILABLE as error:
        raise StoreUnavailable(str(error) or type(error).__name__) from error


def text(reply: bytes | str) -> str:
    """redis-py's types know nothing of `decode_responses`; every reply of ours is text."""
    return reply if isinstance(reply, str) else reply.decode()


def texts(replies: Iterable[bytes | str]) -> list[str]:
    return [text(reply) for reply in replies]


def fields(reply: Mapping[bytes | str, bytes | str]) -> dict[str, str]:
    return {text(name): text(value) for name, value in reply.items()}
