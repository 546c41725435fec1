"""The append-only file of a restarted Redis, written anew before anything is added to it.

Redis before 7.4 keeps half a transaction that a crash left at the end of its journal, and runs it at the restart after
the next. A rewritten journal has no such end.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from budgets import redis_keys
from budgets.connections import servers
from budgets.store import reaching

REWRITE_SECONDS = 30.0
POLL_SECONDS = 0.05
#: One gateway does it for each run of Redis, and all remember that it was done.
REMEMBERED_MS = 7 * 24 * 3_600_000

log = logging.getLogger(__name__)


async def rewrite(redis: Redis, run_id: str) -> None:
    """Once for each run, whichever process comes first; the others wait. Gives up after a while, with a log line.

    Raises StoreUnavailable.
    """
    name, mine, deadline = redis_keys.journal(run_id), secrets.token_hex(8), time.monotonic() + REWRITE_SECONDS
    async with reaching():
        while await redis.get(name) != "done":
            if await redis.set(name, mine, nx=True, px=int(REWRITE_SECONDS * 1000)):
                for server in await servers(redis):
                    await _rewrite(redis, server, deadline)
                await redis.set(name, "done", px=REMEMBERED_MS)
            elif time.monotonic() > deadline:
                log.error("the journal of Redis was not rewritten within %s s; going on", REWRITE_SECONDS)
                return
            else:
                await asyncio.sleep(POLL_SECONDS)


async def _rewrite(redis: Redis, server: dict[str, Any], deadline: float) -> None:
    try:
        if not (await redis.info("persistence", **server))["aof_enabled"]:
            return
        await redis.bgrewriteaof(**server)
    except (ResponseError, KeyError) as error:
        log.warning("Redis does not rewrite its journal for us: %s", error)
        return
    while await _busy(redis, server):
        if time.monotonic() > deadline:
            log.error("Redis still rewrites its journal after %s s; going on", REWRITE_SECONDS)
            return
        await asyncio.sleep(POLL_SECONDS)


async def _busy(redis: Redis, server: dict[str, Any]) -> bool:
    state = await redis.info("persistence", **server)
    return bool(state["aof_rewrite_in_progress"] or state["aof_rewrite_scheduled"])
