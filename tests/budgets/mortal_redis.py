"""A Redis with a journal that tests kill, freeze and rob of its last bytes."""

from __future__ import annotations

import asyncio

from loadtest.redis_server import RedisServer


class MortalRedis(RedisServer):
    async def restart(self) -> None:
        await asyncio.to_thread(self.start)
