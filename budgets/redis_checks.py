"""Whether a Redis may hold accounts and money: it must keep every key whatever the memory, and put what it acknowledges on disk.

`appendfsync everysec` is enough for the promise that a killed Redis loses no token, and loses up to two seconds with the power;
`always` loses nothing, and its price is a sync of the disk before each answer.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis, RedisCluster
from redis.exceptions import ConnectionError, ResponseError

from budgets.errors import UnsafeRedis
from budgets.store import reaching

#: Set to 1, for a Redis whose loss is no loss.
ALLOW_UNSAFE = "BASEMODEL_REDIS_UNSAFE"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Durability:
    """As Redis names its settings; `appendfsync` None where it could not be seen."""

    maxmemory_policy: str
    appendonly: bool
    appendfsync: str | None


async def refuse_unsafe(redis: Redis, environment: Mapping[str, str] = os.environ) -> None:
    """To be called before anything is stored. Raises UnsafeRedis with what to do, StoreUnavailable."""
    if environment.get(ALLOW_UNSAFE) == "1":
        return
    for server in await _servers(redis):
        _refuse(faults(await durability(redis, **server)))


def _refuse(wrong: list[str]) -> None:
    if wrong:
        sentence = f"This Redis would lose accounts: {' and '.join(wrong)}."
        raise UnsafeRedis(f"{sentence} Set that, or {ALLOW_UNSAFE}=1 where a loss does not matter.")


def faults(found: Durability) -> list[str]:
    """What must be set, and why."""
    wrong = []
    if found.maxmemory_policy != "noeviction":
        wrong.append(f"it drops keys when memory is short (maxmemory-policy must be noeviction and is {found.maxmemory_policy})")
    if not found.appendonly:
        wrong.append("it writes no journal (appendonly must be yes)")
    elif found.appendfsync not in ("always", "everysec", None):
        wrong.append(f"it leaves the journal in memory (appendfsync must be always or everysec and is {found.appendfsync})")
    return wrong


async def durability(redis: Redis, **server: Any) -> Durability:
    """By CONFIG, or by INFO where an ACL forbids that. Raises UnsafeRedis where both are forbidden, StoreUnavailable."""
    async with reaching():
        try:
            return await _by_config(redis, server)
        except ConnectionError:
            raise
        except ResponseError:
            log.warning("This user of Redis may not run CONFIG, so whether its journal is synced (appendfsync) was not checked.")
        try:
            return await _by_info(redis, server)
        except (ResponseError, KeyError) as error:
            raise UnsafeRedis(f"This Redis cannot be checked; allow its user INFO or CONFIG GET, or set {ALLOW_UNSAFE}=1.") from error


async def _servers(redis: Redis) -> list[dict[str, Any]]:
    """How redis-py is told which server to ask: each primary of a Cluster, or the only one there is."""
    cluster: object = redis
    if not isinstance(cluster, RedisCluster):
        return [{}]
    async with reaching():
        await cluster.initialize()
    return [{"target_nodes": node} for node in cluster.get_primaries()]


async def _by_config(redis: Redis, server: dict[str, Any]) -> Durability:
    names = ("maxmemory-policy", "appendonly", "appendfsync")
    policy, appendonly, appendfsync = [(await redis.config_get(name, **server))[name] for name in names]
    return Durability(str(policy), appendonly == "yes", appendfsync)


async def _by_info(redis: Redis, server: dict[str, Any]) -> Durability:
    memory, persistence = await redis.info("memory", **server), await redis.info("persistence", **server)
    return Durability(str(memory["maxmemory_policy"]), persistence["aof_enabled"] == 1, None)
