"""Hands what a process measured to Ray's exporter, once a second, for all that happened meanwhile.

Ray serves it at each node's metrics port under `ray_` and its name (docs/monitoring.md). Everything is handed on as a gauge that is
set to what was counted: Ray's own counter does not exist before its first event, which no alert would see then, and its own
distribution takes one call for each value.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

from ray.util.metrics import Gauge

from router.metrics import Sample

FLUSH_SECONDS = 1.0

log = logging.getLogger("ray.serve")

Read = Callable[[], Iterable[Sample]]


class Exporter:
    """`read` is asked for everything there is. What fails is said once and tried again: nothing depends on it."""

    def __init__(self, read: Read) -> None:
        self._read, self._complained = read, False
        self._gauges: dict[str, Gauge] = {}
        self._task = asyncio.create_task(self._flush_for_ever())

    def close(self) -> None:
        self._task.cancel()

    def flush(self) -> None:
        for sample in self._read():
            self._gauge(sample).set(sample.value, tags=sample.labels)

    async def _flush_for_ever(self) -> None:
        while True:
            try:
                self.flush()
            except Exception:
                if not self._complained:
                    log.exception("the measures of this process are not exported; it goes on without")
                self._complained = True
            await asyncio.sleep(FLUSH_SECONDS)

    def _gauge(self, sample: Sample) -> Gauge:
        known = self._gauges.get(sample.name)
        if known is None:
            known = self._gauges[sample.name] = Gauge(sample.name, sample.about, tag_keys=tuple(sample.labels))
        return known
