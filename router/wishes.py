"""Who wants which model to run: what wakes a cold one, in Redis, where every gateway writes and the autoscaler reads.

A wish is over when the model is ready, or when nobody repeated it in time. However many ask, through however many gateways,
there is one wish, and one boot.

| key             | type | lifetime | what                                               |
| --------------- | ---- | -------- | -------------------------------------------------- |
| bm:wishes       | hash | for ever | model -> its wish as JSON; what is past counts not |
| bm:wakes:MODEL  | zset | an hour  | when its wishes began, Unix seconds                |
| bm:stops        | hash | for ever | model -> when the operator stopped it, Unix seconds |
"""

from __future__ import annotations

import time

import msgspec
from redis.asyncio import Redis

from budgets.store import fields, reaching

KEY, STOPS = "bm:wishes", "bm:stops"
HOUR = 3600
#: So long after a wish came true a gateway may still believe that the model is cold.
LATE_SECONDS = 3.0
#: So long a stop is believed: whoever has not heard of it until then does not run.
STOP_SECONDS = 30.0

#: Whose wish it is where nobody asked.
WARM_WINDOW, ALWAYS, LOAD, OPERATOR = "warm window", "always warm", "load", "operator"


class Wish(msgspec.Struct, frozen=True):
    """`waker`: the id of the key that asked first, or what else did. `since` and `until` are Unix seconds. `true`: it came true."""

    waker: str
    since: float
    until: float
    true: bool = False


class TooManyBoots(Exception):
    """The model was woken as often in this hour as it may be."""

    def __init__(self, bound: int, retry_after_seconds: float) -> None:
        super().__init__(f"it was woken {bound} times within an hour")
        self.retry_after_seconds = retry_after_seconds


_decoder = msgspec.json.Decoder(Wish)


class Wishes:
    """Every method raises StoreUnavailable."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def add(self, model: str, waker: str, seconds: float, most_an_hour: int | None = None) -> Wish:
        """Wants the model for so long; who wanted it first stays its waker. The wish that now holds, or that has just come true.

        Raises TooManyBoots.
        """
        now = time.time()
        new = Wish(waker, now, now + seconds)
        async with reaching():
            if await self._redis.hsetnx(KEY, model, _text(new)):
                return await self._begun(model, new, most_an_hour)
            found = await self._redis.hget(KEY, model)
            held = new if found is None else _decoder.decode(found)
            if held.until < now:
                await self._redis.hset(KEY, model, _text(new))
                return await self._begun(model, new, most_an_hour)
            if held.true:
                return held
            wish = Wish(held.waker, held.since, now + seconds)
            await self._redis.hset(KEY, model, _text(wish))
        return wish

    async def _begun(self, model: str, wish: Wish, most: int | None) -> Wish:
        """Counted, or taken back where there were too many in this hour."""
        wakes = f"bm:wakes:{model}"
        await self._redis.zremrangebyscore(wakes, "-inf", wish.since - HOUR)
        if most is not None and await self._redis.zcard(wakes) >= most:
            await self._redis.hdel(KEY, model)
            first = await self._redis.zrange(wakes, 0, 0, withscores=True)
            raise TooManyBoots(most, float(first[0][1]) + HOUR - wish.since)
        await self._redis.hdel(STOPS, model)
        await self._redis.zadd(wakes, {f"{wish.since}": wish.since})
        await self._redis.expire(wakes, HOUR)
        return wish

    async def all(self) -> dict[str, Wish]:
        """By model, those that still hold."""
        async with reaching():
            found = fields(await self._redis.hgetall(KEY))
        wishes = {model: _decoder.decode(text) for model, text in found.items()}
        return {model: wish for model, wish in wishes.items() if wish.until > time.time() and not wish.true}

    async def end(self, model: str) -> None:
        """It came true. Who has not heard of that yet, and wishes again, changes nothing."""
        async with reaching():
            found = await self._redis.hget(KEY, model)
            if found is not None:
                met = msgspec.structs.replace(_decoder.decode(found), until=time.time() + LATE_SECONDS, true=True)
                await self._redis.hset(KEY, model, _text(met))

    async def stop(self, model: str) -> None:
        """Nobody wants the model until somebody wishes for it again."""
        async with reaching():
            await self._redis.hdel(KEY, model)
            await self._redis.hset(STOPS, model, str(time.time()))

    async def stopped(self) -> frozenset[str]:
        """The models that were stopped a moment ago."""
        async with reaching():
            found = fields(await self._redis.hgetall(STOPS))
        return frozenset(model for model, moment in found.items() if time.time() - float(moment) < STOP_SECONDS)


def _text(wish: Wish) -> str:
    return msgspec.json.encode(wish).decode()
