"""Each failure that LiteLLM had in public, not repeated here."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from redis.asyncio import Redis

from budgets.errors import (
    BudgetReserved,
    StoreUnavailable,
)
from budgets.ledger import Ledger
from budgets.requests import Charge, Granted, Limits, Queued, Reservation
from budgets.store import connect
from tests.budgets.ledgers import ACCOUNT, KEY, TIMERS, Bench
from tests.conftest import PATIENCE_SECONDS


async def test_requests_at_the_same_time_do_not_all_pass_before_the_first_is_counted(redis: Redis) -> None:
    """LiteLLM 34732, 40095: check, then record."""
    bench = await Bench(redis, Limits(places=64)).begin(cap=99)
    answers = await asyncio.gather(*(bench.grant(10) for _ in range(32)), return_exceptions=True)
    assert sum(isinstance(answer, Granted) for answer in answers) == 9
    assert sum(isinstance(answer, BudgetReserved) for answer in answers) == 23


async def test_no_end_of_a_request_leaks_its_hold(bench: Bench) -> None:
    """LiteLLM 27639, 29493: BudgetExceeded while nothing was spent."""
    settled, failed, given_up, _vanished = [await bench.grant() for _ in range(4)]
    await bench.ledger.settle(settled, Charge(2, 1))
    await bench.ledger.settle(failed, Charge(0, 0, failed=True))
    await bench.ledger.abandon(given_up.reservation)
    await bench.expire()
    assert await bench.balance() == (5, 0)
    assert await bench.audit() == []


async def test_a_hold_is_never_cut_to_what_is_left(redis: Redis) -> None:
    """LiteLLM 26845, 40002: four of five were admitted and spent more than the cap."""
    bench = await Bench(redis).begin(cap=45)
    answers = [await refusal_or_grant(bench, 15) for _ in range(5)]
    assert [isinstance(answer, Granted) for answer in answers] == [True, True, True, False, False]


async def refusal_or_grant(bench: Bench, hold: int) -> object:
    try:
        return await bench.grant(hold)
    except BudgetReserved as refusal:
        return refusal


async def test_a_redis_that_is_away_admits_nothing(tmp_path: Path) -> None:
    """LiteLLM 33923: failed open."""
    with pytest.raises(StoreUnavailable):
        await Ledger(connect(f"unix://{tmp_path}/none")).admit(Reservation("r", ACCOUNT, KEY, "pico", 1, 1))


async def test_a_new_request_does_not_prolong_the_lease_of_a_lost_one(redis: Redis) -> None:
    """LiteLLM 28160: each INCR refreshed the one TTL, so one leak never ended."""
    bench = await Bench(redis, Limits(places=2)).begin()
    await bench.grant()
    for _ in range(3):
        await bench.pass_ms(TIMERS.lease // 3)
        await bench.ledger.settle(await bench.grant(), Charge(2, 0))
    assert [isinstance(await bench.ledger.admit(bench.wish()), Granted) for _ in range(3)] == [True, True, False]


async def test_a_holder_that_nobody_releases_frees_its_place_under_steady_traffic(redis: Redis) -> None:
    """LiteLLM 20256, 27955: locked until Redis was reset, or for 3,600 s. Nobody reaps here."""
    bench = await Bench(redis, Limits(places=1)).begin()
    await bench.grant()
    waiter, waited = bench.wish(), 0
    while isinstance(await bench.ledger.admit(waiter), Queued):
        await bench.pass_ms(500)
        waited += 500
    assert waited == TIMERS.lease < 15_000


async def test_a_limit_is_one_for_all_processes(redis: Redis, redis_url: str) -> None:
    """LiteLLM 16011: a part of it was counted in each worker."""
    first, elsewhere = await Bench(redis, Limits(places=2)).begin(), connect(redis_url, PATIENCE_SECONDS)
    second = Bench(elsewhere, Limits(places=2))
    grants = [await first.ledger.admit(first.wish()) for _ in range(2)]
    late = Reservation("late", ACCOUNT, KEY, "pico", 2, 10)
    assert [type(grant) for grant in grants] == [Granted, Granted]
    assert await second.ledger.admit(late) == Queued(0)
    await elsewhere.aclose()
