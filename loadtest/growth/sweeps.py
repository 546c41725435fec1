"""The sweeps: what grows, from where to where, and the world and work of each point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from loadtest.bench.works import Body, ids

TOKENS, LENGTH, AT_ONCE = 64, 16, 32
PLACES_OF_A_KEY = 8


@dataclass(frozen=True)
class Point:
    """One world and its load. `keys` None: as many as the requests at once need."""

    at_once: int = AT_ONCE
    length: int = LENGTH
    logprobs: int | None = None
    keys: int | None = None
    models: int = 1
    gateways: int = 1

    @property
    def key_count(self) -> int:
        return self.keys or -(-self.at_once // PLACES_OF_A_KEY)

    def body(self, random: Random, number: int) -> Body:
        model = "pico" if number % self.models == 0 else f"pico-{number % self.models + 1}"
        fields: dict[str, Any] = {} if self.logprobs is None else {"logprobs": self.logprobs}
        stream = {"stream": True, "stream_options": {"include_usage": True}, "ignore_eos": True, "max_tokens": TOKENS}
        return {"model": model, "prompt": ids(random, self.length), **stream, **fields}


@dataclass(frozen=True)
class Sweep:
    title: str
    places: tuple[int, ...]
    point: Callable[[int], Point]


SWEEPS: dict[str, Sweep] = {
    "concurrency": Sweep("streams at once", (1, 2, 4, 8, 16, 32, 64, 128, 256), lambda at: Point(at_once=at)),
    "prompt": Sweep("tokens of a prompt", (16, 64, 256, 512, 1000, 1500), lambda at: Point(length=at)),
    "logprobs": Sweep("logprobs at each token", (0, 1, 5, 10, 20, 50, 100), lambda at: Point(logprobs=at)),
    "keys": Sweep("keys that ask in turn", (1, 10, 100, 1000, 10_000), lambda at: Point(at_once=min(AT_ONCE, 8 * at), keys=at)),
    "models": Sweep("models", (1, 2, 5, 10, 20, 50), lambda at: Point(models=at)),
    "gateways": Sweep("gateways", (1, 2, 3, 4), lambda at: Point(gateways=at)),
}
