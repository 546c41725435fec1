"""Counts, levels and distributions of this process, in plain Python objects: a token costs an addition, not a call of Ray.

Who exports them asks for `samples` about once a second (`deployments/metrics.py`). Labels are few and bounded: never a key, an
account, a request or what a user wrote.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

import msgspec

#: Of waits and answers, and of what lies between two tokens, in seconds.
WAITS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0)
GAPS = (0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Sample(msgspec.Struct, frozen=True, array_like=True):
    """One number. Of a distribution there are several: `_bucket` by `le`, `_sum` and `_count`, which all only grow."""

    name: str
    labels: dict[str, str]
    value: float
    about: str = ""


class Counter:
    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0.0

    def add(self, amount: float = 1.0) -> None:
        self.value += amount


class Gauge:
    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0.0

    def set(self, value: float) -> None:
        self.value = float(value)


class Histogram:
    """How often a value was at most each bound, and how often more."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds, self.counts, self.sum = bounds, [0] * (len(bounds) + 1), 0.0

    def observe(self, value: float, times: int = 1) -> None:
        self.counts[bisect_left(self.bounds, value)] += times
        self.sum += value * times


Child = TypeVar("Child", Counter, Gauge, Histogram)


class Family(Generic[Child]):
    """One name, and a child for each combination of its labels' values."""

    def __init__(self, new: Callable[[], Child], name: str, about: str, labels: tuple[str, ...]) -> None:
        self._new: Callable[[], Child] = new
        self.name, self.about, self.labels = name, about, labels
        self._children: dict[tuple[str, ...], Child] = {}

    def of(self, *values: str) -> Child:
        """Kept where it is used often."""
        child = self._children.get(values)
        if child is None:
            assert len(values) == len(self.labels), f"{self.name} has the labels {self.labels}"
            child = self._children[values] = self._new()
        return child

    def samples(self) -> Iterator[Sample]:
        for values, child in list(self._children.items()):
            labels = dict(zip(self.labels, values, strict=True))
            if isinstance(child, Histogram):
                yield from self._distribution(labels, child)
            else:
                yield Sample(self.name, labels, child.value, self.about)

    def _distribution(self, labels: dict[str, str], child: Histogram) -> Iterator[Sample]:
        passed = 0
        for bound, count in zip((*map(str, child.bounds), "+Inf"), child.counts, strict=True):
            passed += count
            yield Sample(f"{self.name}_bucket", {**labels, "le": bound}, passed, self.about)
        yield Sample(f"{self.name}_sum", labels, child.sum, self.about)
        yield Sample(f"{self.name}_count", labels, passed, self.about)


class Registry:
    """The families of one process. A name is taken once."""

    def __init__(self) -> None:
        self.families: dict[str, Family[Any]] = {}

    def counter(self, name: str, about: str, *labels: str) -> Family[Counter]:
        return self._added(Family(Counter, name, about, labels))

    def gauge(self, name: str, about: str, *labels: str) -> Family[Gauge]:
        return self._added(Family(Gauge, name, about, labels))

    def histogram(self, name: str, about: str, *labels: str, bounds: Sequence[float] = WAITS) -> Family[Histogram]:
        return self._added(Family(partial(Histogram, bounds), name, about, labels))

    def _added(self, family: Family[Child]) -> Family[Child]:
        assert family.name not in self.families, f"{family.name} is taken"
        self.families[family.name] = family
        return family

    def samples(self) -> Iterator[Sample]:
        for family in self.families.values():
            yield from family.samples()
