"""Four processes at once against caps: what was used is the cap exactly, and it all adds up.

A shortened version (10,000 admissions) of the 100,000 that `make chaos` is to do.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import sys
from collections.abc import Iterator

import pytest
from redis.asyncio import Redis

from budgets import redis_keys
from budgets.audit import Auditor
from budgets.errors import BudgetExceeded, BudgetReserved
from budgets.ledger import Ledger
from budgets.requests import Charge, Granted, Limits, Reservation
from budgets.store import connect, fields
from tests.budgets.ledgers import ACCOUNT, KEY, OTHER, Bench, granted
from tests.conftest import PATIENCE_SECONDS

PROCESSES = 4
ADMISSIONS = 2_500
AT_ONCE = 8
KEY_CAP, ACCOUNT_CAP = 3_000, 11_000
LIMITS = Limits(places=1000)


def work(redis_url: str, process: int, seed: int, told: multiprocessing.Queue[int]) -> None:
    """Told: how many tokens this process was told were charged."""
    told.put(asyncio.run(_work(redis_url, process, random.Random(seed + process))))


async def _work(redis_url: str, process: int, rng: random.Random) -> int:
    redis = connect(redis_url, PATIENCE_SECONDS)
    ledger = Ledger(redis, limits=LIMITS)
    # First the key that has a cap of its own, then the one that only the account's holds: both caps are reached.
    asked = iter([(f"{process}-{number}", KEY if number < ADMISSIONS // 2 else OTHER) for number in range(ADMISSIONS)])
    told = await asyncio.gather(*(_client(ledger, asked, rng) for _ in range(AT_ONCE)))
    await redis.aclose()
    return sum(told)


async def _client(ledger: Ledger, asked: Iterator[tuple[str, str]], rng: random.Random) -> int:
    told, largest = 0, 9
    for name, key in asked:
        wish = Reservation(name, ACCOUNT, key, "pico", 1, rng.randint(1, largest))
        largest = 9
        try:
            told += await _run(ledger, granted(await ledger.admit(wish)), rng)
        except BudgetReserved:
            await asyncio.sleep(0.001)
        except BudgetExceeded as refusal:
            largest = max(1, min(9, refusal.cap - refusal.used))
    return told


async def _run(ledger: Ledger, grant: Granted, rng: random.Random) -> int:
    """Every fifth call comes twice, as after a lost answer."""
    charge = Charge(1, rng.randint(0, grant.reservation.hold - 1))
    if rng.random() < 0.2:
        assert granted(await ledger.admit(grant.reservation)).day == grant.day
    change = (await ledger.settle(grant, charge)).change
    if rng.random() < 0.2:
        change += (await ledger.settle(grant, charge)).change
    return change


@pytest.fixture
async def account(redis: Redis) -> str:
    bench = await Bench(redis).begin(cap=ACCOUNT_CAP, key_cap=KEY_CAP)
    await bench.redis.delete("test:now")
    return ACCOUNT


async def test_four_processes_use_the_caps_to_the_last_token_and_not_one_more(redis: Redis, redis_url: str, account: str) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}", file=sys.stderr)
    told = await asyncio.to_thread(_race, redis_url, seed)
    stored = fields(await redis.hgetall(redis_keys.budget(account)))
    used = {name.split("/", 1)[1]: int(value) for name, value in stored.items() if name.endswith("used")}
    assert used == {"used": ACCOUNT_CAP, f"{KEY}/used": KEY_CAP, f"{OTHER}/used": ACCOUNT_CAP - KEY_CAP}
    assert told == ACCOUNT_CAP
    assert await Auditor(redis).audit(account) == []


def _race(redis_url: str, seed: int) -> int:
    spawn = multiprocessing.get_context("spawn")
    told: multiprocessing.Queue[int] = spawn.Queue()
    workers = [spawn.Process(target=work, args=(redis_url, number, seed, told), daemon=True) for number in range(PROCESSES)]
    for worker in workers:
        worker.start()
    total = sum(told.get(timeout=30) for _ in workers)
    for worker in workers:
        worker.join(timeout=10)
    return total
