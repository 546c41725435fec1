"""A home with its Redis and its site, without Ray: as much of a running service as a backup looks at."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from redis.asyncio import Redis

from basemodel.cluster import embedded_redis
from basemodel.cluster.processes import MARK
from basemodel.cluster.stop import sweep
from budgets.keys import Keys
from budgets.ledger import Ledger
from budgets.requests import Charge, Granted, Reservation, Timers
from budgets.secret import Secret
from budgets.store import connect
from router.settings import embedded_redis_url, read_secret

Answer = TypeVar("Answer")
QUICK = Timers(lease=200, waiter=100, grace=200)


@dataclass
class Machine:
    home: Path

    def start(self) -> None:
        (self.home / "logs").mkdir(exist_ok=True)
        embedded_redis.start(self.home, os.environ | {MARK: str(self.home)})

    def stop(self) -> None:
        sweep(self.home)

    def ask(self, question: Callable[[Redis], Awaitable[Answer]]) -> Answer:
        async def asked() -> Answer:
            redis = connect(embedded_redis_url(self.home))
            try:
                return await question(redis)
            finally:
                await redis.aclose()

        return asyncio.run(asked())

    @property
    def secret(self) -> Secret:
        return read_secret(self.home, {})

    def keys(self, redis: Redis) -> Keys:
        return Keys(redis, self.secret)

    def spend(self, account: str, key: str, name: str, tokens: int) -> None:
        """One request, admitted and settled."""

        async def spent(redis: Redis) -> None:
            ledger = Ledger(redis)
            await ledger.settle(await hold(ledger, account, key, name), Charge(2, tokens - 2))

        self.ask(spent)


async def hold(ledger: Ledger, account: str, key: str, name: str) -> Granted:
    granted = await ledger.admit(Reservation(name, account, key, "pico", 2, 100))
    assert isinstance(granted, Granted)
    return granted
