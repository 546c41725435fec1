"""The fleet behind circuit breakers: a model whose engine dies again and again stands as failed, and its requests are refused."""

from __future__ import annotations

from dataclasses import replace

from router.breaker import Breaker, Circuit
from router.catalogue import Catalogue, ModelSpec
from router.engine import Engine
from router.fleet import Fleet
from router.lifecycle import Standing, State


class GuardedFleet:
    """A fleet, as requests see it."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._breakers: dict[str, tuple[ModelSpec, Breaker]] = {}

    @property
    def catalogue(self) -> Catalogue:
        return self._fleet.catalogue

    def engine(self, spec: ModelSpec) -> Engine:
        return self._breaker(spec).guarded()

    def standing(self, spec: ModelSpec) -> Standing:
        standing, (known, breaker) = self._fleet.standing(spec), self._breakers.get(spec.id, (None, None))
        seconds = breaker.retry_after_seconds if breaker is not None and known == spec else None
        if breaker is None or seconds is None or standing.state != State.READY:
            return standing
        reason = "its engine died several times in a row"
        return replace(standing, state=State.FAILED, since=breaker.since, retry_after_seconds=seconds, reason=reason)

    def circuits(self) -> dict[str, Circuit]:
        """Of the models that were asked for since this process began."""
        return {model: breaker.circuit for model, (_, breaker) in self._breakers.items()}

    async def wake(self, spec: ModelSpec, waker: str) -> None:
        await self._fleet.wake(spec, waker)

    async def changed(self, spec: ModelSpec, seconds: float) -> None:
        await self._fleet.changed(spec, seconds)

    async def problem(self) -> str | None:
        return await self._fleet.problem()

    def _breaker(self, spec: ModelSpec) -> Breaker:
        """A model whose spec changed begins anew."""
        known = self._breakers.get(spec.id)
        if known is None or known[0] != spec:
            if known is not None:
                known[1].close()
            known = self._breakers[spec.id] = spec, Breaker(spec.id, self._fleet.engine(spec))
        return known[1]
