"""What a request may use and what it has used: held before its engine is asked, counted while it runs, settled at its end.

Order of effects: the hold, then the engine, then what is sent. The settlement comes before the last bytes, so that
whoever reads an answer to its end finds it in `/v1/usage`.
"""

from __future__ import annotations

import random
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from datetime import datetime
from time import perf_counter
from types import TracebackType
from typing import Self

import anyio
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from budgets import errors as budget_errors
from budgets.accounting import Accounting
from budgets.keys import ApiKey
from budgets.ledger import month_after
from budgets.requests import WORKLOADS, Balance, Charge, Granted, Reservation
from router import measures
from router.engine import Delta, Engine, Job
from router.errors import ApiError, BudgetExceeded, BudgetReserved, ColdBoot, QueueFull, from_budgets
from router.need import Need
from router.noted import Note
from router.timing import Timing

#: Seconds after which a request that did not fit beside others may be sent again; drawn, so that not all come back at once.
SOON = (2, 10)
QUEUE_RETRY_SECONDS = 10
#: How long the end of a request waits for its settlement, which goes on without it.
SETTLE_SECONDS = 5.0


#: What a client causes by hanging up or reading nothing; a cancellation is no Exception at all.
LEFT = (ClientDisconnect, OSError)
#: What is no failure of an engine: it does not run yet.
NOT_OURS = (*LEFT, ColdBoot)


class Meter:
    """One request's accounting. Use it as a context: what is held at the beginning is settled at the end, whatever the end."""

    def __init__(
        self, accounting: Accounting, key: ApiKey, model: str, need: Need, workload: str = "", note: Note | None = None
    ) -> None:
        self._accounting, self._need, self.note = accounting, need, note or Note(model)
        self._wanted = Reservation(need.request_id, key.account_id, key.id, model, need.prompt, need.tokens, workload=workload)
        self._made, self._began, self._answered, self._failed = 0, False, False, False

    @property
    def tenant(self) -> str:
        return self._wanted.key_id

    async def check(self) -> dict[str, str]:
        """Whether the request would be let in now, but for the key's turn. The headers of its response. Raises ApiError."""
        try:
            return _headers(0.0, await self._accounting.check(self._wanted))
        except budget_errors.BudgetError as error:
            raise refusal(error, self._need) from error

    async def __aenter__(self) -> Self:
        """Waits for the key's turn. Raises ApiError."""
        try:
            self._hold = await self._accounting.admit(self._wanted)
        except budget_errors.BudgetError as error:
            raise refusal(error, self._need) from error
        measures.admitted(self._wanted.model, self._wanted.hold, self._hold.waited)
        self._note_hold()
        return self

    def _note_hold(self) -> None:
        """The wait in line ends where the hold begins, as far as it is known: their sum is."""
        now, before = perf_counter(), self.note.steps[-1][1] if self.note.steps else self.note.began
        self.note.steps += [("queue", min(now, before + self._hold.waited)), ("hold", now)]

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        ours = isinstance(error, Exception) and not isinstance(error, NOT_OURS) and self._hold.stopped is None
        with anyio.move_on_after(SETTLE_SECONDS, shield=True):
            self.note.step("decode" if self._answered else "prefill")
            await self._end(failed=self._failed or ours, finished=error is None, cold=isinstance(error, ColdBoot))
            self.note.step("settle")

    async def _end(self, failed: bool, finished: bool, cold: bool) -> None:
        """Who leaves pays what was made for them; who got nothing because of our failure, or before the model ran, pays nothing."""
        pays = finished or self._answered or (self._began and not failed and not cold)
        charge = Charge(self._need.prompt if pays else 0, self._made, failed) if pays or failed else None
        measures.ended(self._wanted.model, charge)
        if charge is not None:
            await self._hold.settle(charge)
        else:
            await self._hold.abandon()

    def timing(self, job: Job) -> Timing:
        return Timing(self._wanted.model, self.note.began, len(job.seeds))

    def fail(self) -> None:
        """The request ended with an error after its headers were sent; that of a key that was paused is not ours."""
        self._failed = self._hold.stopped is None

    def engine(self, engine: Engine) -> Engine:
        return Metered(engine, self)

    def began(self) -> None:
        """The request was given to an engine."""
        self._began = True
        self._hold.started()

    def count(self, delta: Delta) -> None:
        if not self._answered:
            self._answered = True
            self.note.step("prefill")
        self._made += len(delta.token_ids)
        self._hold.count(len(delta.token_ids))

    @contextmanager
    def until_stopped(self) -> Iterator[None]:
        """Ends the work inside as soon as the request must stop: its key was paused, say. Raises ApiError then."""
        with anyio.CancelScope() as scope:
            self._hold.on_stop(scope.cancel)
            yield
        if scope.cancelled_caught and self._hold.stopped is not None:
            raise refusal(self._hold.stopped, self._need)

    @property
    def headers(self) -> dict[str, str]:
        return _headers(self._hold.waited, self._hold.granted)


class Metered:
    """An engine whose tokens are counted as they come out, whether or not they are delivered."""

    def __init__(self, engine: Engine, meter: Meter) -> None:
        self._engine, self._meter = engine, meter

    async def generate(self, job: Job) -> AsyncGenerator[Delta]:
        self._meter.began()
        stream, timing = self._engine.generate(job), self._meter.timing(job)
        try:
            async for delta in stream:
                self._meter.count(delta)
                timing.came(delta)
                yield delta
        finally:
            await stream.aclose()


def workload(headers: Headers) -> str:
    """What the caller says this is part of. It is recorded with the usage; an unknown word is as none."""
    said = headers.get("x-acs-workload", "")
    return said if said in WORKLOADS else ""


def refusal(error: budget_errors.BudgetError, need: Need) -> ApiError:
    match error:
        case budget_errors.BudgetExceeded():
            return BudgetExceeded(error.scope, _exceeded(error, need), _details(error))
        case budget_errors.BudgetReserved():
            return BudgetReserved(error.scope, _details(error), random.randint(*SOON))
        case budget_errors.WaitedTooLong():
            return QueueFull(f"This request's turn did not come within {error.seconds:.0f} s. Send it again later.", QUEUE_RETRY_SECONDS)
        case budget_errors.QueueFull():
            message = f"{error.bound} requests of this key wait already, the most that may. Send it again later."
            return QueueFull(message, QUEUE_RETRY_SECONDS)
        case _:
            return from_budgets(error)


def _details(error: budget_errors.BudgetExceeded | budget_errors.BudgetReserved) -> dict[str, int | str]:
    return {
        "cap": error.cap,
        "used": error.used,
        "held": error.held,
        "remaining": error.remaining,
        "needed": error.needed,
        "resets_at": _instant(error.resets_at),
    }


def _exceeded(error: budget_errors.BudgetExceeded, need: Need) -> str:
    """The refusal's message, with the largest max_tokens that would fit."""
    left = max(0, error.cap - error.used)
    said = f"This request may use {need.tokens} tokens, and the {error.scope}'s budget has {left} of {error.cap} left until "
    said += f"{_instant(error.resets_at)}. "
    if left < need.prompt or not need.sequences:
        return said + f"Its prompt alone has {need.prompt}."
    return said + f"The largest max_tokens that would fit is {(left - need.prompt) // need.sequences}."


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _headers(waited: float, granted: Granted) -> dict[str, str]:
    """Of the response: the wait in the key's queue, and the month's budget, of the tighter of key and account."""
    return {"x-queue-wait-ms": str(round(waited * 1000)), **_rate_limit(granted)}


def _rate_limit(granted: Granted) -> dict[str, str]:
    balance = min((granted.key, granted.account), key=_remaining)
    if balance.cap is None:
        return {}
    seconds = max(0, int(month_after(granted.day).timestamp() - time.time()))
    return {
        "x-ratelimit-limit-tokens": str(balance.cap),
        "x-ratelimit-remaining-tokens": str(balance.remaining),
        "x-ratelimit-reset-tokens": f"{seconds}s",
    }


def _remaining(balance: Balance) -> float:
    return float("inf") if balance.remaining is None else balance.remaining
