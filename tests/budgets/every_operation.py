"""Everything that this package asks of Redis, once."""

from __future__ import annotations

from redis.asyncio import Redis

from budgets.accounts import Accounts
from budgets.audit import Auditor
from budgets.caps import Caps
from budgets.errors import AccountExists, BudgetExceeded, KeyRefused
from budgets.keys import Keys
from budgets.ledger import Ledger
from budgets.requests import Charge, Extension, Granted, Limits, Outcome, Queued, Reaped, Release, Reservation, Timers
from budgets.usage import Usage
from tests.budgets.ledgers import SECRET, granted


async def run(redis: Redis) -> None:
    account_id, key_id = await accounts_and_keys(redis)
    await requests(redis, account_id, key_id)
    await reaping(redis, account_id, key_id)
    report = await Usage(redis).of_account(account_id)
    assert (report.account.balance.used, report.account.balance.held) == (8, 0)
    assert (await Usage(redis).of_key(account_id, key_id)).by_day == report.by_day
    auditor = Auditor(redis)
    assert await auditor.audit(account_id) == await auditor.rebuild(account_id) == []


async def accounts_and_keys(redis: Redis) -> tuple[str, str]:
    accounts, keys = Accounts(redis), Keys(redis, SECRET)
    await keys.check_secret()
    account = await accounts.create("lab", 1000)
    try:
        await accounts.create("lab")
    except AccountExists:
        await accounts.disable("lab")
    await accounts.enable("lab")
    assert await accounts.list() == [await accounts.named("lab")]
    shown, key = await keys.create(account.id, "key", monthly_tokens=500, concurrency=1)
    await keys.update(account.id, key.id, name="renamed", models=("pico",))
    await keys.pause(account.id, key.id)
    await keys.resume(account.id, key.id)
    _, other = await keys.create(account.id, "other")
    await keys.revoke(account.id, other.id)
    assert [one.id for one in await keys.list(account.id) if one.state == "active"] == [(await keys.find(shown)).id]
    assert await accounts.set_budget("lab", 100) == [key.id]
    assert (await Caps(redis).of(account.id)).monthly_tokens == 100
    return account.id, key.id


async def requests(redis: Redis, account_id: str, key_id: str) -> None:
    ledger, keys = Ledger(redis), Keys(redis, SECRET)
    first, second, third = [Reservation(f"r{number}", account_id, key_id, "pico", 2, 50, "batch") for number in range(3)]
    holder = granted(await ledger.admit(first))
    assert await ledger.admit(second) == Queued(0)
    assert await ledger.admit(third) == Queued(1)
    assert await ledger.abandon(third) is Release.LEFT
    assert await ledger.extend(holder, 1) is Extension.EXTENDED
    assert (await ledger.settle(holder, Charge(2, 3))).outcome is Outcome.SETTLED
    assert isinstance(await ledger.admit(second), Granted)
    assert await ledger.abandon(second) is Release.RELEASED
    for wish, refusal in ((Reservation("large", account_id, key_id, "pico", 2, 101), BudgetExceeded), (None, KeyRefused)):
        if wish is None:
            await keys.pause(account_id, key_id)
        try:
            raise AssertionError(await ledger.admit(wish or Reservation("paused", account_id, key_id, "pico", 2, 5)))
        except refusal:
            pass
    await keys.resume(account_id, key_id)


async def reaping(redis: Redis, account_id: str, key_id: str) -> None:
    """By Redis's own clock: leases that are over at once."""
    ledger = Ledger(redis, Timers(lease=0, grace=0), Limits())
    granted(await ledger.admit(Reservation("lost", account_id, key_id, "pico", 3, 50)))
    assert [await ledger.reap(account_id) for _ in range(2)] == [Reaped(1, 0), Reaped(0, 1)]
