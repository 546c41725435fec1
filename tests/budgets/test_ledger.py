from __future__ import annotations

import calendar
from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis

from budgets.errors import (
    BudgetExceeded,
    BudgetReserved,
    CapAboveAccount,
)
from budgets.ledger import Ledger, month_after
from budgets.requests import Charge, Outcome, Reservation
from budgets.scripts import COMMON
from tests.budgets.ledgers import ACCOUNT, KEY, OTHER, Bench, records


async def test_the_worst_case_is_held_and_the_real_use_is_charged(bench: Bench) -> None:
    grant = await bench.grant(hold=100)
    assert (grant.day, grant.key.remaining, grant.account.remaining) == ("2026-11-22", None, 900)
    assert await bench.balance() == (0, 100)
    assert (await bench.ledger.settle(grant, Charge(2, 30))).change == 32
    assert await bench.balance() == (32, 0)
    assert await bench.audit() == []


async def test_a_settlement_is_usage_of_the_key_the_model_and_the_day(bench: Bench) -> None:
    await bench.ledger.settle(await bench.grant(), Charge(2, 3))
    await bench.ledger.settle(await bench.grant(), Charge(2, 0, failed=True))
    assert await bench.usage() == {
        f"2026-11-22/{KEY}/prompt_tokens/pico": 4,
        f"2026-11-22/{KEY}/completion_tokens/pico": 3,
        f"2026-11-22/{KEY}/requests/pico": 2,
        f"2026-11-22/{KEY}/errors/pico": 1,
    }


async def test_what_can_never_fit_says_so_with_all_the_numbers(bench: Bench) -> None:
    await bench.ledger.settle(await bench.grant(100), Charge(2, 98))
    await bench.grant(50)
    with pytest.raises(BudgetExceeded) as refused:
        await bench.grant(901)
    fault = refused.value
    assert (fault.scope, fault.cap, fault.used, fault.held, fault.remaining, fault.needed) == ("account", 1000, 100, 50, 850, 901)
    assert fault.resets_at == datetime(2026, 12, 1, tzinfo=UTC)


async def test_what_is_only_held_is_another_refusal_than_what_is_spent(bench: Bench) -> None:
    """LiteLLM 38647: worst-case holds looked like spent money."""
    holder = await bench.grant(600)
    with pytest.raises(BudgetReserved):
        await bench.grant(500)
    await bench.ledger.settle(holder, Charge(2, 8))
    await bench.grant(500)


async def test_a_key_has_its_own_cap(redis: Redis) -> None:
    bench = await Bench(redis).begin(cap=1000, key_cap=100)
    await bench.ledger.settle(await bench.grant(90), Charge(2, 88))
    with pytest.raises(BudgetExceeded) as refused:
        await bench.grant(11)
    assert refused.value.scope == "key"
    await bench.grant(11, key=OTHER)


async def test_never_wins_over_not_now_whichever_scope_says_it(redis: Redis) -> None:
    bench = await Bench(redis).begin(cap=100, key_cap=100)
    await bench.ledger.settle(await bench.grant(50, key=OTHER), Charge(2, 48))
    await bench.grant(45)
    with pytest.raises(BudgetExceeded) as refused:
        await bench.grant(60)
    assert refused.value.scope == "account"


async def test_without_a_cap_nothing_is_admitted(redis: Redis) -> None:
    await records(redis)
    ledger = Ledger(redis)
    with pytest.raises(BudgetExceeded) as refused:
        await ledger.admit(Reservation("r", ACCOUNT, KEY, "pico", 1, 1))
    assert refused.value.cap == 0


async def test_a_keys_cap_may_not_exceed_the_accounts(bench: Bench) -> None:
    with pytest.raises(CapAboveAccount) as refused:
        await bench.keys.update(ACCOUNT, KEY, monthly_tokens=1001)
    assert refused.value.account_cap == 1000


async def test_a_cap_below_what_is_used_stops_only_what_is_new(bench: Bench) -> None:
    grant = await bench.grant(500)
    await bench.caps.set_account(ACCOUNT, 10)
    assert (await bench.ledger.settle(grant, Charge(2, 400))).outcome is Outcome.SETTLED
    with pytest.raises(BudgetExceeded) as refused:
        await bench.grant(3)
    assert (refused.value.used, refused.value.remaining) == (402, 0)


async def test_the_month_of_the_admission_pays_whenever_it_ends(redis: Redis) -> None:
    last_second = calendar.timegm((2026, 12, 31, 23, 59, 59)) * 1000
    bench = await Bench(redis).begin(cap=100, now=last_second)
    grant = await bench.grant(100)
    await bench.pass_ms(1000)
    assert (await bench.grant(100)).day == "2027-01-01"
    await bench.ledger.settle(grant, Charge(2, 8))
    assert (await bench.balance("2026-12"), await bench.balance("2027-01")) == ((10, 0), (0, 100))
    assert await bench.audit() == []


async def test_lua_and_python_agree_on_every_edge_of_a_month(redis: Redis) -> None:
    edges = [calendar.timegm((year, month, 1, 0, 0, 0)) for year in range(1970, 2110) for month in range(1, 13)]
    times = [edge + shift for edge in edges for shift in (-1, 0, 86400 * 28)][1:]
    body = COMMON + "local days = {} for i = 1, #ARGV do days[i] = day_of(tonumber(ARGV[i]) * 1000) end return days"
    for start in range(0, len(times), 1000):
        part = times[start : start + 1000]
        days = await redis.eval(body, 0, *map(str, part))
        assert days == [datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d") for time in part]


@pytest.mark.parametrize(("day", "resets"), [("2026-11-22", (2026, 12)), ("2026-12-31", (2027, 1)), ("2028-02-29", (2028, 3))])
def test_a_budget_resets_with_the_next_month(day: str, resets: tuple[int, int]) -> None:
    assert month_after(day) == datetime(*resets, 1, tzinfo=UTC)


async def test_amounts_stay_exact_where_floats_would_not(redis: Redis) -> None:
    """LiteLLM 38647: 25.000000000000004."""
    bench = await Bench(redis).begin(cap=10**15)
    for _ in range(3):
        await bench.ledger.settle(await bench.grant(123_456_789_012_345), Charge(2, 123_456_789_012_343))
    assert await bench.balance() == (370_370_367_037_035, 0)
    assert await bench.audit() == []


@pytest.mark.parametrize(("prompt", "hold"), [(-1, 5), (6, 5), (0, 0), (0, 10**15 + 1)])
def test_a_hold_that_is_no_hold_cannot_be_written_down(prompt: int, hold: int) -> None:
    with pytest.raises(ValueError, match="a hold of"):
        Reservation("r", ACCOUNT, KEY, "pico", prompt, hold)


def test_a_workload_that_is_none_cannot_be_written_down() -> None:
    with pytest.raises(ValueError, match="a workload of 'a/b'"):
        Reservation("r", ACCOUNT, KEY, "pico", 1, 1, "a/b")
