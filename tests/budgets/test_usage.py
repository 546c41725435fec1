from __future__ import annotations

import asyncio
import dataclasses

import pytest
from redis.asyncio import Redis

from budgets.errors import UnknownAccount, UnknownKey
from budgets.requests import MAX_TOKENS, Charge, Granted, Outcome
from budgets.usage import Usage
from tests.budgets.ledgers import ACCOUNT, CLOCK, KEY, OTHER, Bench, granted
from tests.budgets.test_ledger_repeats import forget

DAY = 86_400_000


@pytest.fixture
async def usage(bench: Bench) -> Usage:
    return Usage(bench.redis, CLOCK)


async def run(bench: Bench, prompt: int, completion: int, key: str = KEY, model: str = "pico", workload: str = "") -> None:
    wish = dataclasses.replace(bench.wish(100, prompt, key), model=model, workload=workload)
    grant = granted(await bench.ledger.admit(wish))
    await bench.ledger.settle(grant, Charge(prompt, completion, failed=completion == 0))


async def test_the_report_of_a_key_is_the_contracts(bench: Bench, usage: Usage) -> None:
    await bench.keys.update(ACCOUNT, KEY, monthly_tokens=500)
    await run(bench, 5, 3, workload="batch")
    await run(bench, 7, 0, model="lab/nano", workload="interactive")
    await run(bench, 1, 1, key=OTHER)
    await bench.pass_ms(DAY)
    await run(bench, 2, 2)
    await bench.grant(100)
    none = {"batch": 0, "interactive": 0, "unspecified": 0}
    first = {"requests": 1, "prompt_tokens": 5, "completion_tokens": 3, "errors": 0, "workloads": {**none, "batch": 1}}
    second = {"requests": 1, "prompt_tokens": 2, "completion_tokens": 2, "errors": 0, "workloads": {**none, "unspecified": 1}}
    both = {"requests": 2, "prompt_tokens": 7, "completion_tokens": 5, "errors": 0, "workloads": {**none, "batch": 1, "unspecified": 1}}
    failed = {"requests": 1, "prompt_tokens": 7, "completion_tokens": 0, "errors": 1, "workloads": {**none, "interactive": 1}}
    assert (await usage.of_key(ACCOUNT, KEY)).document() == {
        "month": "2026-11",
        "resets_at": "2026-12-01T00:00:00Z",
        "key": {"name": "key", "cap": 500, "used": 19, "held": 100, "remaining": 381},
        "account": {"name": "bench", "cap": 1000, "used": 21, "held": 100, "remaining": 879},
        "by_model": [{"model": "lab/nano", **failed}, {"model": "pico", **both}],
        "by_day": [
            {"day": "2026-11-22", "model": "lab/nano", **failed},
            {"day": "2026-11-22", "model": "pico", **first},
            {"day": "2026-11-23", "model": "pico", **second},
        ],
    }


async def test_the_report_of_an_account_lists_its_keys_and_counts_them_all(bench: Bench, usage: Usage) -> None:
    await run(bench, 5, 3)
    await run(bench, 1, 1, key=OTHER)
    document = (await usage.of_account(ACCOUNT)).document()
    assert document["key"] is None
    assert document["keys"] == [
        {"id": KEY, "name": "key", "cap": None, "used": 8, "held": 0, "remaining": None},
        {"id": OTHER, "name": "other", "cap": None, "used": 2, "held": 0, "remaining": None},
    ]
    assert [(row["model"], row["requests"], row["prompt_tokens"]) for row in document["by_model"]] == [("pico", 2, 6)]


async def test_a_month_can_be_chosen_and_the_running_one_is_by_the_clock_of_redis(bench: Bench, usage: Usage) -> None:
    await run(bench, 5, 3)
    await bench.pass_ms(9 * DAY)
    await run(bench, 1, 1)
    for report in (await usage.of_account(ACCOUNT), await usage.of_key(ACCOUNT, KEY)):
        assert (report.month, report.account.balance.used) == ("2026-12", 2)
    past, never = await usage.of_account(ACCOUNT, "2026-11"), await usage.of_account(ACCOUNT, "1999-01")
    assert (past.account.balance.used, never.account.balance.used, never.document()["by_day"]) == (8, 0, [])
    assert (past.document()["resets_at"], never.document()["resets_at"]) == ("2026-12-01T00:00:00Z", "1999-02-01T00:00:00Z")


@pytest.mark.parametrize("month", ["2026", "2026-13", "2026-00", "2026-1", "2026-11-22", "0000-01", "2026-11\n", "²026-11"])
async def test_a_month_that_is_none_is_refused(usage: Usage, month: str) -> None:
    with pytest.raises(ValueError, match="YYYY-MM"):
        await usage.of_account(ACCOUNT, month)


async def test_nobody_has_no_usage(usage: Usage) -> None:
    with pytest.raises(UnknownAccount):
        await usage.of_account("e" * 16)
    with pytest.raises(UnknownKey):
        await usage.of_key(ACCOUNT, "f" * 16)


async def test_the_last_month_of_all_has_an_end(usage: Usage) -> None:
    assert (await usage.of_account(ACCOUNT, "9998-12")).resets_at.year == 9999


async def test_the_largest_numbers_are_exact(bench: Bench, usage: Usage) -> None:
    await bench.caps.set_account(ACCOUNT, MAX_TOKENS)
    await bench.ledger.settle(await bench.grant(MAX_TOKENS - 1), Charge(2, MAX_TOKENS - 3))
    balance = (await usage.of_account(ACCOUNT)).account.balance
    assert (balance.cap, balance.used, balance.remaining) == (MAX_TOKENS, MAX_TOKENS - 1, 1)


async def test_every_report_adds_up_while_requests_are_settled(redis: Redis) -> None:
    bench = await Bench(redis).begin(cap=10**6)
    usage = Usage(redis, CLOCK)

    async def settle() -> None:
        for _ in range(50):
            await run(bench, 3, 4)

    work = asyncio.gather(*(settle() for _ in range(4)))
    seen = set()
    while not work.done():
        report = await usage.of_account(ACCOUNT)
        assert sum(row.counts["prompt_tokens"] + row.counts["completion_tokens"] for row in report.by_day) == report.account.balance.used
        seen.add(report.account.balance.used)
    await work
    assert len(seen) > 10


async def test_a_workload_is_counted_once_also_when_the_reaper_came_first(bench: Bench, usage: Usage) -> None:
    wish = dataclasses.replace(bench.wish(), workload="batch")
    grant = granted(await bench.ledger.admit(wish))
    await bench.expire()
    forgetful = Granted(dataclasses.replace(wish, workload=""), grant.day, grant.key, grant.account)
    assert (await bench.ledger.settle(forgetful, Charge(2, 3))).outcome is Outcome.CORRECTED
    assert await workloads(usage) == {"batch": 1, "interactive": 0, "unspecified": 0}


async def test_a_workload_survives_that_redis_forgot_its_request(bench: Bench, usage: Usage) -> None:
    for reasserted in (True, False):
        grant = granted(await bench.ledger.admit(dataclasses.replace(bench.wish(), workload="interactive")))
        await forget(bench, grant)
        if reasserted:
            await bench.ledger.extend(grant, 1)
        await bench.ledger.settle(grant, Charge(2, 3))
    assert await workloads(usage) == {"batch": 0, "interactive": 2, "unspecified": 0}


async def workloads(usage: Usage) -> dict[str, int]:
    (row,) = (await usage.of_account(ACCOUNT)).by_model
    counts: dict[str, int] = row.document()["workloads"]
    return counts
