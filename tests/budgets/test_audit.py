from __future__ import annotations

from budgets import redis_keys
from budgets.requests import Charge
from tests.budgets.ledgers import ACCOUNT, KEY, NOON, TIMERS, Bench


async def test_the_audit_names_what_does_not_add_up_and_the_rebuild_mends_it(bench: Bench) -> None:
    await bench.ledger.settle(await bench.grant(), Charge(2, 3))
    await bench.grant(10)
    await bench.redis.hincrby(redis_keys.budget(ACCOUNT), "2026-11/used", 7)
    await bench.redis.hincrby(redis_keys.budget(ACCOUNT), f"2026-11/{KEY}/held", -1)
    faults = ["2026-11/" + KEY + "/held is 9 and should be 10", "2026-11/used is 12 and should be 5"]
    assert await bench.audit() == faults
    assert await bench.auditor.rebuild(ACCOUNT) == faults
    assert await bench.audit() == []
    assert await bench.balance() == (5, 10)


async def test_the_audit_sees_a_charge_above_its_hold(bench: Bench) -> None:
    await bench.ledger.settle(await bench.grant(10), Charge(2, 9))
    assert await bench.audit() == ["2026-11/over: 1 tokens were charged above their holds"]
    assert await bench.balance() == (11, 0)


async def test_the_audit_sees_a_place_without_a_request_and_a_request_without_a_reaper(bench: Bench) -> None:
    await bench.redis.zadd(redis_keys.slots(ACCOUNT, KEY), {"ghost": NOON + 1})
    await bench.grant()
    await bench.pass_ms(TIMERS.lease + TIMERS.grace + 1)
    assert await bench.audit() == ["request ghost has a place but is not open", "request r0 should have been reaped 600001 ms ago"]


async def test_every_key_of_an_account_is_in_its_hash_slot(bench: Bench) -> None:
    await bench.ledger.settle(await bench.grant(), Charge(2, 3))
    await bench.grant()
    names = {str(name) for name in await bench.redis.keys("*")} - {"test:now"}
    assert len(names) >= 6
    assert all(name.startswith(f"bm:{{a:{ACCOUNT}}}:") for name in names)
