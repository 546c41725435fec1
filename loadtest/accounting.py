"""What accounting adds to a request: the same requests with it and without it, in pairs, on the scripted engine.

    python -m loadtest.accounting --requests 2000

Prints one JSON object: medians and 95th percentiles in milliseconds, and the median of the differences within pairs. The target
is a median of at most 1 ms. Redis is one of its own, with the settings of the embedded one; the event loop is the one of the
gateways.
"""

from __future__ import annotations

import json
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any, cast

import httpx
import typer
import uvloop
from fastapi import FastAPI
from redis.asyncio import Redis

from budgets.accounting import Accounting
from budgets.accounts import Accounts
from budgets.keys import Keys
from budgets.requests import Balance, Charge, Granted, Reservation
from budgets.secret import Secret
from budgets.store import connect
from loadtest.gateway import SPEC
from loadtest.redis_server import RedisServer
from router.app import Services, create_app
from router.catalogue import EMBEDDED, Catalogue
from router.scripted_engine import ScriptedEngine, ScriptedFleet
from router.tokens import Vocabulary

BODY = {"model": "pico", "prompt": "In the beginning", "max_tokens": 8, "seed": 1}
WARM_UP = 50


class NoHold:
    """Grants, counts and settles nothing."""

    waited, stopped = 0.0, None

    def __init__(self, wanted: Reservation) -> None:
        self.granted = Granted(wanted, "2026-01-01", Balance(None, 0, 0), Balance(1, 0, 0))

    def started(self) -> None: ...

    def count(self, tokens: int) -> None: ...

    def on_stop(self, callback: Any) -> None: ...

    async def settle(self, charge: Charge) -> None: ...

    async def abandon(self) -> None: ...


class NoAccounting:
    async def admit(self, wanted: Reservation) -> NoHold:
        return NoHold(wanted)


def main(requests: Annotated[int, typer.Option(help="pairs to measure")] = 2000) -> None:
    with tempfile.TemporaryDirectory(prefix="bm-") as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            typer.echo(json.dumps(uvloop.run(measure(Path(folder), requests)), indent=2))
        finally:
            server.kill()


async def measure(folder: Path, requests: int) -> dict[str, Any]:
    redis = connect(f"unix://{folder / 'redis.sock'}")
    accounting = Accounting(redis, folder / "accounting")
    await accounting.start()
    keys = Keys(redis, Secret.parse(Secret.generate()))
    shown, _ = await keys.create((await Accounts(redis).create("lab")).id, "first")
    with_it, without = (application(redis, keys, one) for one in (accounting, cast(Accounting, NoAccounting())))
    try:
        pairs = await timed(client(with_it, shown), client(without, shown), requests)
    finally:
        await accounting.close()
        await redis.aclose()
    return summary(pairs)


def application(redis: Redis, keys: Keys, accounting: Accounting) -> FastAPI:
    fleet = ScriptedFleet(Catalogue(models=(SPEC,)), {SPEC.id: ScriptedEngine(Vocabulary.load(str(EMBEDDED / "pico")))})
    return create_app(Services(keys=keys, accounting=accounting, fleet=fleet, redis=redis, engine_version="scripted"))


def client(app: FastAPI, key: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api", headers={"x-api-key": key})


async def timed(one: httpx.AsyncClient, other: httpx.AsyncClient, requests: int) -> list[tuple[float, float]]:
    """Milliseconds with and without, in an order that is drawn for each pair."""
    pairs = []
    for number in range(requests + WARM_UP):
        order = [one, other] if random.random() < 0.5 else [other, one]
        took = {id(client): await ask(client) for client in order}
        if number >= WARM_UP:
            pairs.append((took[id(one)], took[id(other)]))
    return pairs


async def ask(client: httpx.AsyncClient) -> float:
    began = time.perf_counter()
    response = await client.post("/v1/completions", json=BODY)
    response.raise_for_status()
    return (time.perf_counter() - began) * 1000


def summary(pairs: list[tuple[float, float]]) -> dict[str, Any]:
    with_it, without = zip(*pairs, strict=True)
    added = [one - other for one, other in pairs]
    return {
        "pairs": len(pairs),
        "with_ms": spread(with_it),
        "without_ms": spread(without),
        "added_ms": spread(added),
    }


def spread(values: Any) -> dict[str, float]:
    ordered = sorted(values)
    return {"median": round(statistics.median(ordered), 3), "p95": round(ordered[int(len(ordered) * 0.95)], 3)}


if __name__ == "__main__":
    typer.run(main)
