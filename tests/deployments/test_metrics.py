from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from deployments import metrics
from deployments.metrics import Exporter
from router.metrics import Registry, Sample
from tests.router.server import until


class Gauges:
    """In the place of Ray's."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, ...], float] = {}
        self.made: list[str] = []

    def __call__(self, name: str, about: str, tag_keys: tuple[str, ...]) -> Gauges.One:
        self.made.append(name)
        return Gauges.One(self, name, tag_keys)

    class One:
        def __init__(self, gauges: Gauges, name: str, labels: tuple[str, ...]) -> None:
            self._gauges, self._name, self._labels = gauges, name, labels

        def set(self, value: float, tags: dict[str, str]) -> None:
            assert tuple(tags) == self._labels
            self._gauges.values[self._name, *tags.values()] = value


@pytest.fixture
def gauges(monkeypatch: pytest.MonkeyPatch) -> Gauges:
    made = Gauges()
    monkeypatch.setattr(metrics, "Gauge", made)
    monkeypatch.setattr(metrics, "FLUSH_SECONDS", 0.01)
    return made


async def test_what_was_counted_is_told_again_and_again(gauges: Gauges) -> None:
    registry = Registry()
    made = registry.counter("made_total", "about", "model").of("pico")
    exporter = Exporter(registry.samples)
    await until(lambda: gauges.values.get(("made_total", "pico")) == 0.0)
    made.add(7)
    await until(lambda: gauges.values["made_total", "pico"] == 7.0)
    exporter.close()
    assert gauges.made == ["made_total"], "made once"


async def test_a_failure_ends_nothing_and_is_said_once(gauges: Gauges, caplog: pytest.LogCaptureFixture) -> None:
    calls = 0

    def read() -> Iterator[Sample]:
        nonlocal calls
        calls += 1
        if calls < 4:
            raise RuntimeError("not yet")
        yield Sample("up", {}, 1.0)

    caplog.set_level("ERROR", logger="ray.serve")
    metrics.log.addHandler(caplog.handler)
    exporter = Exporter(read)
    await until(lambda: gauges.values.get(("up",)) == 1.0)
    exporter.close()
    metrics.log.removeHandler(caplog.handler)
    said = {id(record) for record in caplog.records if "not exported" in record.message}  # heard twice where the logger propagates
    assert len(said) == 1


async def test_once_closed_nothing_is_told(gauges: Gauges) -> None:
    exporter = Exporter(lambda: [Sample("up", {}, 1.0)])
    exporter.close()
    await asyncio.sleep(0.05)
    assert gauges.values == {}
