"""Connections of our own to the Redis that a client names, each of which learns which run of the server it reached."""

from __future__ import annotations

import re
from collections.abc import Callable

from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.exceptions import ResponseError

from budgets.store import text


def beside(redis: Redis, most: int, greet: Callable[[str], None] | None = None) -> Redis:
    """A client of the same server with its own pool of at most `most` connections. `greet` hears the server's run id on each
    new connection, before its first command, and may refuse the connection by raising ConnectionError."""
    given = redis.connection_pool
    settings = dict(given.connection_kwargs)
    if greet is not None:
        settings["redis_connect_func"] = _greeting(greet)
    return Redis.from_pool(ConnectionPool(given.connection_class, max_connections=most, **settings))


def _greeting(greet: Callable[[str], None]) -> object:
    async def connected(connection: AbstractConnection) -> None:
        await connection.on_connect()
        await connection.send_command("INFO", "server")
        try:
            reply = text(await connection.read_response())
        except ResponseError:
            reply = ""  # not allowed to ask: then all runs look alike
        found = re.search(r"run_id:(\w+)", reply)
        greet(found[1] if found else "")

    return connected
