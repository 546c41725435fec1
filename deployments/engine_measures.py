"""What a replica measures of its engine: its boots, whether it lives, and what its model host counted."""

from __future__ import annotations

import time
from collections.abc import Iterator

from deployments.boot_listener import Listener
from deployments.host_process import HostProcess
from deployments.launched import How
from router import measures
from router.lifecycle import Phase
from router.metrics import Sample


class MeasuredBoots:
    """A `boot_listener.Listener` that counts, and then tells the one that it was given."""

    def __init__(self, model: str, listener: Listener) -> None:
        self._model, self._listener = model, listener
        self._began: dict[Phase, float] = {}

    def began(self, how: How) -> None:
        self._began = {Phase.ALLOCATING: time.monotonic()}
        self._listener.began(how)

    def phase(self, phase: Phase, done: int, total: int) -> None:
        self._began.setdefault(phase, time.monotonic())
        self._listener.phase(phase, done, total)

    def ready(self) -> None:
        ends = [*list(self._began.values())[1:], time.monotonic()]
        for (phase, began), ended in zip(self._began.items(), ends, strict=True):
            measures.BOOT_PHASE.of(self._model, phase.value).observe(ended - began)
        measures.BOOTS.of(self._model, "ready").add()
        self._listener.ready()

    def failed(self, reason: str, retry_after: float) -> None:
        measures.BOOTS.of(self._model, "failed").add()
        self._listener.failed(reason, retry_after)

    def lost(self, reason: str) -> None:
        measures.DEATHS.of(self._model).add()
        self._listener.lost(reason)


class EngineMeasures:
    """Call it for everything that this replica has to export."""

    def __init__(self, model: str, host: HostProcess) -> None:
        self._model, self._host = model, host
        for outcome in ("ready", "failed"):
            measures.BOOTS.of(model, outcome)
        measures.DEATHS.of(model)

    def __call__(self) -> Iterator[Sample]:
        load = self._host.load
        measures.ENGINE_UP.of(self._model).set(self._host.booted)
        measures.ENGINE_RUNNING.of(self._model).set(load["running"])
        measures.ENGINE_PREFILL.of(self._model).set(load["prefill"])
        yield from measures.REGISTRY.samples()
        for sample in self._host.measured:
            yield Sample(sample.name, {"model": self._model, **sample.labels}, sample.value, sample.about)
