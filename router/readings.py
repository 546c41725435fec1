"""What stands at this moment rather than happens: read off the services just before the measures are exported."""

from __future__ import annotations

import time
from collections.abc import Iterator

from router import measures
from router.breaker import Circuit
from router.catalogue import ModelSpec
from router.lifecycle import Standing, State
from router.metrics import Sample
from router.routes.health import package_version
from router.services import Parts


class Readings:
    """Of one gateway. `promised`: when each booting model would be ready, by the first ETA that it had (Unix seconds)."""

    def __init__(self, parts: Parts, engine: str) -> None:
        self._accounting, self._fleet = parts.services.accounting, parts.fleet
        self._promised: dict[str, float] = {}
        measures.BUILD.of(package_version(), engine).set(1)

    def __call__(self) -> Iterator[Sample]:
        """Everything that this gateway has to export."""
        self.take()
        return measures.REGISTRY.samples()

    def take(self) -> None:
        self._take_accounting()
        for spec in self._fleet.catalogue.models:
            self._take_model(spec)
        for model, circuit in self._fleet.circuits().items():
            for state in Circuit:
                measures.BREAKER.of(model, state.value).set(state == circuit)

    def _take_accounting(self) -> None:
        standing = self._accounting.standing
        measures.RUNNING.of().set(standing.running)
        measures.WAITING.of().set(standing.waiting)
        measures.SPOOL.of().set(standing.spooled)
        measures.ADMITS.of().set(standing.open)
        measures.REDIS.of().set(standing.reachable)

    def _take_model(self, spec: ModelSpec) -> None:
        now = self._fleet.standing(spec)
        for state in State:
            measures.STATE.of(spec.id, state.value).set(state == now.state)
        measures.zero(spec.id)
        self._judge_eta(spec.id, now)

    def _judge_eta(self, model: str, now: Standing) -> None:
        """A boot whose first ETA came late is judged by that one; one that failed is judged by none."""
        if now.state == State.STARTING and now.eta_seconds is not None:
            self._promised.setdefault(model, time.time() + now.eta_seconds)
        elif now.state != State.STARTING:
            promised = self._promised.pop(model, None)
            if promised is not None and now.state == State.READY:
                measures.ETA_ERROR.of(model).observe(abs(now.since - promised))
