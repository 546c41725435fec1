from __future__ import annotations

from redis.asyncio import Redis

from budgets import redis_keys
from budgets.ledger import Ledger
from budgets.reaper import STEPS, Reaper
from budgets.requests import Reaped
from budgets.store import Fields


class Watched(Ledger):
    """Says which accounts were looked at."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis)
        self.reaped: list[str] = []

    async def reap(self, account_id: str) -> Reaped:
        self.reaped.append(account_id)
        return await super().reap(account_id)


async def test_every_account_is_looked_at_in_one_walk_and_those_in_use_in_every_step(redis: Redis) -> None:
    accounts: Fields = {f"name{number}": f"id{number}" for number in range(25)}
    await redis.hset(redis_keys.ACCOUNTS, mapping=accounts)
    ledger = Watched(redis)
    reaper = Reaper(redis, ledger, lambda: ["id0", "of another gateway"])
    for step in range(1, STEPS + 1):
        await reaper.step()
        assert ledger.reaped.count("id0") == step
    assert set(ledger.reaped) == {*accounts.values(), "of another gateway"}
    assert len(ledger.reaped) <= 2 * STEPS + 30


async def test_no_account_is_no_work(redis: Redis) -> None:
    ledger = Watched(redis)
    await Reaper(redis, ledger, list).step()
    assert ledger.reaped == []
