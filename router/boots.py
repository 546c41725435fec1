"""The boots of models, in Redis: those of the engines that live now, and the history from which the next one's end is guessed.

Each replica writes its own, so whatever a gateway or the controller forgets, this is what happened.

| key               | type | what                                                                     |
| ----------------- | ---- | ------------------------------------------------------------------------ |
| bm:boots:now      | hash | MODEL/REPLICA -> its boot as JSON; believed for BELIEVED_SECONDS after `beat` |
| bm:boots:MODEL    | hash | id -> a boot that became ready, failed or ended as JSON; the KEPT latest |
| bm:boots:reasons  | hash | model -> why its boot has found no place yet, for the operator           |
"""

from __future__ import annotations

import time

import msgspec
from redis.asyncio import Redis

from budgets.store import fields, reaching
from router.lifecycle import Phase

NOW, REASONS = "bm:boots:now", "bm:boots:reasons"
#: A replica says every BEAT_SECONDS that it lives; one that is silent for longer than the second is gone.
BEAT_SECONDS, BELIEVED_SECONDS = 2.0, 8.0
KEPT = 100


class Boot(msgspec.Struct):
    """One engine from the wish for it to its end. Times are Unix seconds, amounts of weights bytes.

    `waker`: the id of the key that asked for it, or what else did. `how`: the process was `forked` or `spawned`. `phases`: when
    each began, `allocating` with the wish. `failures` before this try, `next_try` and `reason` where it failed. `idle`: seconds
    ready without work, so far. `id`s sort by time.
    """

    id: str
    model: str
    replica: str
    waker: str
    asked: float
    how: str = ""
    phases: dict[Phase, float] = {}
    done: int = 0
    total: int = 0
    ready: float | None = None
    ended: float | None = None
    failures: int = 0
    next_try: float | None = None
    reason: str = ""
    idle: float = 0.0
    beat: float = 0.0

    @property
    def phase(self) -> Phase:
        """The one it is in, or was in when it ended."""
        return [Phase.ALLOCATING, *(phase for phase in Phase if phase in self.phases)][-1]


_decoder = msgspec.json.Decoder(Boot)


def history(model: str) -> str:
    return f"bm:boots:{model}"


class Boots:
    """Every method raises StoreUnavailable."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def tell(self, boot: Boot) -> None:
        """How a living engine stands."""
        boot.beat = time.time()
        async with reaching():
            await self._redis.hset(NOW, f"{boot.model}/{boot.replica}", _text(boot))

    async def keep(self, boot: Boot) -> None:
        """What is worth remembering; again for a boot that is there already."""
        async with reaching():
            await self._redis.hset(history(boot.model), boot.id, _text(boot))
            ids = sorted(fields(await self._redis.hgetall(history(boot.model))))
            if ids[:-KEPT]:
                await self._redis.hdel(history(boot.model), *ids[:-KEPT])

    async def forget(self, boot: Boot) -> None:
        """The replica ends."""
        async with reaching():
            await self._redis.hdel(NOW, f"{boot.model}/{boot.replica}")

    async def now(self) -> list[Boot]:
        """Of every engine that lives, and of every one that is being started. Those of dead replicas are removed."""
        async with reaching():
            found = fields(await self._redis.hgetall(NOW))
            boots = {name: _decoder.decode(text) for name, text in found.items()}
            dead = [name for name, boot in boots.items() if boot.beat < time.time() - BELIEVED_SECONDS]
            if dead:
                await self._redis.hdel(NOW, *dead)
        return [boot for name, boot in boots.items() if name not in dead]

    async def explain(self, model: str, reason: str) -> None:
        """Why the model finds no place; "" once it has one."""
        async with reaching():
            await (self._redis.hset(REASONS, model, reason) if reason else self._redis.hdel(REASONS, model))

    async def reasons(self) -> dict[str, str]:
        async with reaching():
            return fields(await self._redis.hgetall(REASONS))

    async def troubles(self) -> dict[str, str]:
        """Why models do not start, by model: they find no place, or their last try failed."""
        failing = {boot.model: boot.reason for boot in await self.now() if boot.ready is None and boot.reason}
        return {**await self.reasons(), **failing}

    async def past(self, model: str) -> list[Boot]:
        """The latest first."""
        async with reaching():
            found = fields(await self._redis.hgetall(history(model)))
        return [_decoder.decode(found[boot_id]) for boot_id in sorted(found, reverse=True)]


def _text(boot: Boot) -> str:
    return msgspec.json.encode(boot).decode()
