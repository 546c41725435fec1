"""The money movements: `lua/*.lua`, each run by its file's name in one round trip, which several may share (`batches.py`).

redis-py sends a script's hash, and its text only where Redis does not know it (after a restart).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from redis.asyncio import Redis
from redis.commands.core import AsyncScript

from budgets.batches import Batches
from budgets.store import reaching

FOLDER = Path(__file__).parent / "lua"
CLOCK = (FOLDER / "clock.lua").read_text()
COMMON = (FOLDER / "common.lua").read_text()

#: What a script answers: whole numbers and words.
Reply = list[str | int]
Args = list[str | int]


class Scripts:
    """`clock` is the Lua text that defines `now_ms`. Only tests give another than Redis's own, so that what ships has no
    argument, key or setting by which anybody could move the ledger's time."""

    def __init__(self, redis: Redis, clock: str = CLOCK) -> None:
        self._redis, self._clock, self._batches = redis, clock, Batches(redis)
        self._scripts: dict[str, AsyncScript] = {}

    async def run(self, name: str, keys: Sequence[str], args: Args) -> Reply:
        """Raises StoreUnavailable: then nobody knows whether it ran, and every script may be run again."""
        async with reaching():
            return cast("Reply", await self._batches.run(self._script(name), keys, args))

    def _script(self, name: str) -> AsyncScript:
        if name not in self._scripts:
            text = "\n".join((self._clock, COMMON, (FOLDER / f"{name}.lua").read_text()))
            self._scripts[name] = self._redis.register_script(text)
        return self._scripts[name]
