"""A request whose model does not run: it wakes the model, and waits where its caller said so, holding no place and no tokens.

Nothing here starts an engine: what is wanted is told to the fleet, and what is waited for is how the model stands.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.datastructures import Headers

from budgets.errors import BudgetError
from router.catalogue import ModelSpec
from router.engine import EngineBroken
from router.errors import ApiError, CircuitOpen, ColdBoot, Fault, InvalidRequest, from_budgets, from_engine
from router.fleet import Fleet
from router.lifecycle import Phase, Standing, State
from router.metering import Meter

HEADER = "x-wait-for-model"
LONGEST_SECONDS = 900
#: How often a held stream is told how far the boot is.
TELL_SECONDS = 10.0
#: How often the wish is repeated while somebody waits.
WISH_SECONDS = 5.0
#: An official SDK that asks again after a `cold_boot` is held: at the usual Retry-After its two retries would not outlast a boot.
RETRY_HEADER, RETRY_SECONDS = "x-stainless-retry-count", (10.0, 60.0)


@dataclass(frozen=True)
class Patience:
    """How long the caller waits, in seconds; `asked` where they said it themselves."""

    seconds: float = 0.0
    asked: bool = False

    @classmethod
    def of(cls, headers: Headers) -> Patience:
        """Raises InvalidRequest."""
        said = headers.get(HEADER)
        if said is not None:
            return cls(_seconds(said), asked=True)
        retried = headers.get(RETRY_HEADER, "0")
        return cls(RETRY_SECONDS[1]) if retried.isascii() and retried.isdigit() and int(retried) else cls()

    def of_a_boot(self, eta_seconds: float | None) -> float:
        """A retry waits about as long as the boot should take; the answer's time-out at the caller is not known."""
        if self.asked or not self.seconds:
            return self.seconds
        return min(max(RETRY_SECONDS[0], 2 * (eta_seconds or self.seconds)), self.seconds)


def _seconds(said: str) -> float:
    if said.isascii() and said.isdigit() and len(said) < 6 and int(said) <= LONGEST_SECONDS:
        return float(said)
    message = f"The header X-Wait-For-Model is whole seconds from 0 to {LONGEST_SECONDS}; {said[:32]!a} is not."
    raise InvalidRequest(Fault("X-Wait-For-Model", "invalid_value", message))


class Wait:
    """One request's wait for its model. Iterate it: once for each time that there is something to tell, until the model is ready.

    Raises ApiError: ColdBoot when the caller's patience is over, CircuitOpen when the model has failed, and whatever the
    budget refuses, before the model is woken.
    """

    def __init__(self, fleet: Fleet, spec: ModelSpec, meter: Meter, patience: Patience) -> None:
        self._fleet, self._spec, self._meter, self._patience = fleet, spec, meter, patience

    @property
    def told(self) -> bool:
        """Whether the caller, of a stream, is told meanwhile. Not one that asks again by itself: it wants a status."""
        return self._patience.asked

    @property
    def standing(self) -> Standing:
        return self._fleet.standing(self._spec)

    async def __aiter__(self) -> AsyncIterator[Standing]:
        if self._ready():
            return
        self._refuse_failed()
        await self._meter.check()
        await self._wake()
        until = time.monotonic() + self._patience.of_a_boot(self.standing.eta_seconds)
        while not self._ready():
            self._refuse_failed()
            if time.monotonic() >= until:
                raise cold(self.standing)
            yield self.standing
            await self._pause(min(until, time.monotonic() + TELL_SECONDS))

    def _ready(self) -> bool:
        return self.standing.state == State.READY

    async def _pause(self, until: float) -> None:
        """Until there is something to tell or to decide; the wish is repeated meanwhile."""
        wished = time.monotonic()
        while self.standing.state not in (State.READY, State.FAILED) and time.monotonic() < until:
            if time.monotonic() - wished >= WISH_SECONDS:
                await self._wake()
                wished = time.monotonic()
            await self._fleet.changed(self._spec, max(0.0, min(until - time.monotonic(), WISH_SECONDS)))

    async def _wake(self) -> None:
        await wake(self._fleet, self._spec, self._meter.tenant)

    def _refuse_failed(self) -> None:
        if self.standing.state == State.FAILED:
            raise CircuitOpen(self.standing.retry_after_seconds or 1.0)


async def wake(fleet: Fleet, spec: ModelSpec, waker: str) -> None:
    """Raises CircuitOpen where the model was woken too often, AccountingUnavailable."""
    try:
        await fleet.wake(spec, waker)
    except EngineBroken as error:
        raise from_engine(error) from error
    except BudgetError as error:
        raise from_budgets(error) from error


def cold(standing: Standing) -> ApiError:
    return ColdBoot(standing.phase or Phase.ALLOCATING, standing.eta_seconds)


def comment(standing: Standing) -> str:
    """What a held stream says, without the colon before it and the line's end."""
    eta = "unknown" if standing.eta_seconds is None else str(max(1, round(standing.eta_seconds)))
    return f"cold_boot phase={standing.phase or Phase.ALLOCATING} eta={eta}"
