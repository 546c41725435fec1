"""One point: its Redis and gateways started, asked, counted and stopped."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

from loadtest.bench.alone import cpu_seconds, keys
from loadtest.bench.client import Asked, load, request
from loadtest.gateways import Gateway
from loadtest.growth.sweeps import TOKENS, Point
from loadtest.redis_server import RedisServer

Found = dict[str, float]


@asynccontextmanager
async def world(point: Point) -> AsyncIterator[tuple[list[Gateway], str]]:
    """Gateways, and the address of the Redis that they share."""
    with tempfile.TemporaryDirectory(prefix="bm-") as folder:
        server, path = RedisServer(Path(folder)), Path(folder)
        gateways = [Gateway(server.url, path / "home", more={"models": point.models}) for _ in range(point.gateways)]
        server.start()
        try:
            await asyncio.gather(*(one.start() for one in gateways))
            yield gateways, server.url
        finally:
            for one in gateways:
                one.stop()
            server.kill()


async def measure(point: Point, count: int) -> Found:
    async with world(point) as (gateways, redis_url):
        shown, random = await keys(redis_url, point.key_count), Random("growth")
        warm_up = 2 * point.at_once
        bodies = [point.body(random, number) for number in range(warm_up + max(count, point.at_once, point.key_count))]
        wanted = [request("/v1/completions", body, shown[number % len(shown)]) for number, body in enumerate(bodies)]
        ports = [one.port for one in gateways]
        await load(ports, wanted[:warm_up], point.at_once)
        before = sum(map(cpu_seconds, gateways))
        answers, seconds = await load(ports, wanted[warm_up:], point.at_once)
        return numbers(answers, seconds, sum(map(cpu_seconds, gateways)) - before)


def numbers(answers: list[Asked], seconds: float, cpu: float) -> Found:
    """Raises AssertionError where a token is missing."""
    made = sum(int(one.document["usage"]["completion_tokens"]) for one in answers)
    assert made == len(answers) * TOKENS, f"{made} of {len(answers) * TOKENS} tokens came"
    return {
        "tokens_per_second": round(made / seconds, 1),
        "cpu_us_per_token": round(1e6 * cpu / made, 2),
        "first_ms": round(1000 * statistics.median(one.first or one.seconds for one in answers), 2),
        "whole_ms": round(1000 * statistics.median(one.seconds for one in answers), 2),
    }
