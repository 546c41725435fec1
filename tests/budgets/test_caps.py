from __future__ import annotations

import pytest

from budgets import redis_keys
from budgets.caps import Caps, KeyCaps
from budgets.errors import BudgetExceeded, CapAboveAccount, CapOutOfBounds
from budgets.requests import MAX_TOKENS
from tests.budgets.ledgers import ACCOUNT, KEY, OTHER, Bench


async def test_the_caps_of_an_account_are_read_with_those_of_its_keys(bench: Bench) -> None:
    await bench.keys.update(ACCOUNT, KEY, monthly_tokens=500, concurrency=3)
    caps = await Caps(bench.redis).of(ACCOUNT)
    assert (caps.monthly_tokens, caps.keys) == (1000, {KEY: KeyCaps(500, 3), OTHER: KeyCaps(None, 8)})


async def test_a_key_gets_no_cap_above_its_accounts_and_keeps_the_one_it_had(bench: Bench) -> None:
    await bench.keys.update(ACCOUNT, KEY, monthly_tokens=1000)
    with pytest.raises(CapAboveAccount) as refused:
        await bench.keys.update(ACCOUNT, KEY, name="never stored", monthly_tokens=1001)
    assert refused.value.account_cap == 1000
    assert (await bench.caps.of(ACCOUNT)).keys[KEY].monthly_tokens == 1000
    assert [key.name for key in await bench.keys.list(ACCOUNT) if key.id == KEY] == ["key"]


async def test_a_key_can_be_unbounded_again(bench: Bench) -> None:
    await bench.keys.update(ACCOUNT, KEY, monthly_tokens=5)
    await bench.keys.update(ACCOUNT, KEY, monthly_tokens=None)
    await bench.grant(1000)


async def test_lowering_the_accounts_cap_is_never_refused_and_says_which_keys_are_above_it(bench: Bench) -> None:
    """The lower of the two holds: an operator who stops what runs away must not have to find the keys first."""
    await bench.keys.update(ACCOUNT, KEY, monthly_tokens=500)
    assert await bench.caps.set_account(ACCOUNT, 500) == []
    assert await bench.caps.set_account(ACCOUNT, 499) == [KEY]
    with pytest.raises(BudgetExceeded) as refused:
        await bench.grant(500)
    assert (refused.value.scope, refused.value.cap) == ("account", 499)


@pytest.mark.parametrize("tokens", [-1, MAX_TOKENS + 1, 10**30])
async def test_a_cap_beyond_what_a_double_holds_exactly_is_refused(bench: Bench, tokens: int) -> None:
    with pytest.raises(CapOutOfBounds, match="0 to 1,000,000,000,000,000 tokens"):
        await bench.caps.set_account(ACCOUNT, tokens)
    with pytest.raises(CapOutOfBounds, match="0 to 1,000,000,000,000,000 tokens"):
        await bench.keys.update(ACCOUNT, KEY, monthly_tokens=tokens)
    assert (await bench.caps.of(ACCOUNT)).monthly_tokens == 1000


@pytest.mark.parametrize("tokens", [0, MAX_TOKENS])
async def test_the_bounds_themselves_are_caps(bench: Bench, tokens: int) -> None:
    await bench.caps.set_account(ACCOUNT, tokens)
    await bench.keys.update(ACCOUNT, KEY, monthly_tokens=tokens)
    caps = await bench.caps.of(ACCOUNT)
    assert caps.monthly_tokens == caps.keys[KEY].monthly_tokens == tokens


@pytest.mark.parametrize("number", [0, 1001])
async def test_a_key_runs_at_least_one_request_at_once_and_not_any_number(bench: Bench, number: int) -> None:
    with pytest.raises(CapOutOfBounds, match="1 to 1,000 requests"):
        await bench.keys.update(ACCOUNT, KEY, concurrency=number)


async def test_a_key_without_a_cap_may_use_nothing(bench: Bench) -> None:
    await bench.redis.delete(redis_keys.caps(ACCOUNT))
    assert (await bench.caps.of(ACCOUNT)).of_key(KEY) == KeyCaps(0, 8)
    with pytest.raises(BudgetExceeded):
        await bench.grant(2)
