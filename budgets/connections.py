"""Connections of our own to the Redis that a client names, each of which learns which run of the server it reached."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.exceptions import ResponseError

from budgets.store import text


def beside(redis: Redis, most: int, greet: Callable[[str], None] | None = None) -> Redis:
    """A client of the same server with its own pool of at most `most` connections. `greet` hears the server's run id on each
    new connection, before its first command, and may refuse the connection by raising ConnectionError. A Cluster's client is
    shared instead, and nobody greets: there a restart is only seen by whoever asks for it."""
    if isinstance(redis, RedisCluster):
        return redis
    given = redis.connection_pool
    settings = dict(given.connection_kwargs)
    if greet is not None:
        settings["redis_connect_func"] = _greeting(greet)
    return Redis.from_pool(ConnectionPool(given.connection_class, max_connections=most, **settings))


async def servers(redis: Redis) -> list[dict[str, Any]]:
    """What to add to a command so that it goes to the server, or to each that may be written to in a Cluster."""
    if not isinstance(redis, RedisCluster):
        return [{}]
    await redis.initialize()
    return [{"target_nodes": node} for node in redis.get_primaries()]


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
