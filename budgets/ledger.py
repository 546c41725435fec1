"""The ledger: what each key and account has used and holds, and who may run now.

A request moves through the states of `STATES`; every arrow is one script of `lua/`, safe to run twice, so a call whose
answer was lost is simply made again. Time is Redis's.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum

from redis.asyncio import Redis

from budgets import redis_keys
from budgets.errors import BudgetExceeded, BudgetReserved, KeyRefused, QueueFull, RequestEnded, RequestMismatch
from budgets.requests import (
    Balance,
    Charge,
    Extension,
    Granted,
    Limits,
    Outcome,
    Queued,
    Reaped,
    Release,
    Reservation,
    Settled,
    Timers,
)
from budgets.scripts import CLOCK, Args, Reply, Scripts


class State(Enum):
    """Of a request that Redis knows; one in the queue has none yet."""

    OPEN = "open"
    ORPHANED = "orphaned"
    EXPIRED = "expired"
    SETTLED = "settled"
    ABANDONED = "abandoned"


#: (state, script) -> state. None: unknown to Redis. What is not here changes nothing.
STATES: dict[tuple[State | None, str], State] = {
    (None, "admit"): State.OPEN,
    (None, "extend"): State.OPEN,
    (None, "settle"): State.SETTLED,
    (None, "abandon"): State.ABANDONED,
    (State.OPEN, "extend"): State.OPEN,
    (State.OPEN, "reap"): State.ORPHANED,
    (State.OPEN, "settle"): State.SETTLED,
    (State.OPEN, "abandon"): State.ABANDONED,
    (State.ORPHANED, "extend"): State.OPEN,
    (State.ORPHANED, "reap"): State.EXPIRED,
    (State.ORPHANED, "settle"): State.SETTLED,
    (State.ORPHANED, "abandon"): State.ABANDONED,
    (State.EXPIRED, "settle"): State.SETTLED,
    (State.ABANDONED, "settle"): State.SETTLED,
}

REAPED_AT_ONCE = 100


class Ledger:
    """Every method raises StoreUnavailable."""

    def __init__(self, redis: Redis, timers: Timers | None = None, limits: Limits | None = None, clock: str = CLOCK) -> None:
        self._scripts, self._timers, self._limits = Scripts(redis, clock), timers or Timers(), limits or Limits()

    async def admit(self, wanted: Reservation) -> Granted | Queued:
        """Raises KeyRefused, BudgetExceeded, BudgetReserved, QueueFull, RequestEnded, RequestMismatch."""
        account, key = wanted.account_id, wanted.key_id
        keys = [*_states(account, key), redis_keys.caps(account), *_money(account, key, wanted.request_id), *_line(account, key)]
        args: Args = [wanted.request_id, key, wanted.hold, wanted.prompt, wanted.model, wanted.workload]
        args += [self._timers.lease, self._timers.waiter, self._limits.places, self._limits.queue]
        return _admission(wanted, await self._scripts.run("admit", keys, args))

    async def fits(self, wanted: Reservation) -> Granted:
        """What `admit` would grant now, places aside; nothing is held. Raises KeyRefused, BudgetExceeded, BudgetReserved."""
        keys = [*_states(wanted.account_id, wanted.key_id), redis_keys.caps(wanted.account_id), redis_keys.budget(wanted.account_id)]
        answer = _admission(wanted, await self._scripts.run("fits", keys, [wanted.key_id, wanted.hold]))
        assert isinstance(answer, Granted), "fits.lua never queues"
        return answer

    async def extend(self, granted: Granted, done: int) -> Extension:
        """The heartbeat: `done` completion tokens so far. Raises RequestEnded: then the request must stop; KeyRefused:
        then it must stop and be settled."""
        wanted = granted.reservation
        keys = [*_states(wanted.account_id, wanted.key_id), *_money(wanted.account_id, wanted.key_id, wanted.request_id)]
        args: Args = [wanted.request_id, wanted.key_id, granted.day, wanted.hold, wanted.prompt, wanted.model, wanted.workload]
        return _extension(await self._scripts.run("extend", keys, [*args, done, self._timers.lease]))

    async def settle(self, granted: Granted, charge: Charge) -> Settled:
        """Raises RequestMismatch."""
        wanted = granted.reservation
        keys = [*_money(wanted.account_id, wanted.key_id, wanted.request_id), _usage(wanted.account_id, granted.day)]
        args: Args = [wanted.request_id, wanted.key_id, granted.day, wanted.hold, wanted.model, wanted.workload]
        args += [charge.prompt, charge.completion, int(charge.failed), self._timers.tombstone]
        outcome, change = await self._scripts.run("settle", keys, args)
        if outcome == "MISMATCH":
            raise RequestMismatch(wanted.request_id)
        return Settled(Outcome(outcome), int(change))

    async def abandon(self, wanted: Reservation) -> Release:
        """Gives up a request that reached no engine; also one whose admission has an unknown outcome."""
        keys = [*_money(wanted.account_id, wanted.key_id, wanted.request_id), *_line(wanted.account_id, wanted.key_id)]
        args: Args = [wanted.request_id, wanted.key_id, self._timers.tombstone, self._timers.grace]
        return Release((await self._scripts.run("abandon", keys, args))[0])

    async def reap(self, account_id: str) -> Reaped:
        """Moves each request whose owner is silent one step towards its end; anybody may, at any time."""
        overdue = await self._scripts.run("overdue", [redis_keys.open_requests(account_id)], [REAPED_AT_ONCE])
        steps = [await self._step(account_id, str(name)) for name in overdue]
        return Reaped(steps.count("ORPHANED"), steps.count("EXPIRED"))

    async def _step(self, account_id: str, name: str) -> str:
        day, key, request_id = name.split("/", 2)
        keys = [*_money(account_id, key, request_id), _usage(account_id, day)]
        args: Args = [request_id, key, day, self._timers.grace, self._timers.tombstone]
        return str((await self._scripts.run("reap", keys, args))[0])


def month_after(day: str) -> datetime:
    """The first instant of the month that follows this day, UTC."""
    year, month = int(day[:4]), int(day[5:7])
    return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)


def _states(account_id: str, key_id: str) -> list[str]:
    return [redis_keys.account(account_id), redis_keys.key(account_id, key_id)]


def _money(account_id: str, key_id: str, request_id: str) -> list[str]:
    return [
        redis_keys.budget(account_id),
        redis_keys.request(account_id, request_id),
        redis_keys.open_requests(account_id),
        redis_keys.slots(account_id, key_id),
    ]


def _line(account_id: str, key_id: str) -> list[str]:
    return [redis_keys.queue(account_id, key_id), redis_keys.waiting(account_id, key_id)]


def _usage(account_id: str, day: str) -> str:
    return redis_keys.usage(account_id, day[:7])


def _extension(reply: Reply) -> Extension:
    match reply:
        case ["ENDED", state]:
            raise RequestEnded(str(state))
        case ["REFUSED", state]:
            raise KeyRefused(str(state))
        case _:
            return Extension(reply[0])


def _admission(wanted: Reservation, reply: Reply) -> Granted | Queued:
    match reply:
        case ["GRANTED", day, *amounts]:
            return Granted(wanted, str(day), _balance(amounts[:3]), _balance(amounts[3:]))
        case ["QUEUED", ahead]:
            return Queued(int(ahead))
        case _:
            raise _refusal(wanted, reply)


def _refusal(wanted: Reservation, reply: Reply) -> Exception:
    match reply:
        case ["EXCEEDED" | "RESERVED" as status, scope, day, cap, used, held]:
            refusal = BudgetExceeded if status == "EXCEEDED" else BudgetReserved
            return refusal(str(scope), int(cap), int(used), int(held), wanted.hold, month_after(str(day)))
        case ["FULL", bound]:
            return QueueFull(int(bound))
        case ["REFUSED", state]:
            return KeyRefused(str(state))
        case ["ENDED", state]:
            return RequestEnded(str(state))
        case _:
            return RequestMismatch(wanted.request_id)


def _balance(amounts: Reply) -> Balance:
    cap, used, held = amounts
    return Balance(None if cap == "" else int(cap), int(used), int(held))
