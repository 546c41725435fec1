"""Who wants which model to run: what wakes a cold one, in Redis, where every gateway writes and the autoscaler reads.

A wish is over when the model is ready, or when nobody repeated it in time. However many ask, one wish is one boot.
"""

from __future__ import annotations

import time

import msgspec
from redis.asyncio import Redis

from budgets.store import fields, reaching

#: Model id -> its wish as JSON.
KEY = "bm:wishes"

#: Whose wish it is where nobody asked.
WARM_WINDOW, ALWAYS = "warm window", "always warm"


class Wish(msgspec.Struct, frozen=True):
    """`waker`: the id of the key that asked first, or what else did. `since` and `until` are Unix seconds."""

    waker: str
    since: float
    until: float


_decoder = msgspec.json.Decoder(Wish)


class Wishes:
    """Every method raises StoreUnavailable."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def add(self, model: str, waker: str, seconds: float) -> Wish:
        """Wants the model for so long; who wanted it first stays its waker. The wish that now holds."""
        now = time.time()
        async with reaching():
            found = await self._redis.hget(KEY, model)
            held = None if found is None else _decoder.decode(found)
            wish = Wish(waker, now, now + seconds) if held is None or held.until < now else Wish(held.waker, held.since, now + seconds)
            await self._redis.hset(KEY, model, msgspec.json.encode(wish).decode())
        return wish

    async def all(self) -> dict[str, Wish]:
        """By model, those that still hold."""
        async with reaching():
            found = fields(await self._redis.hgetall(KEY))
        wishes = {model: _decoder.decode(text) for model, text in found.items()}
        return {model: wish for model, wish in wishes.items() if wish.until > time.time()}

    async def end(self, model: str) -> None:
        """It came true, or is not wanted any more."""
        async with reaching():
            await self._redis.hdel(KEY, model)
