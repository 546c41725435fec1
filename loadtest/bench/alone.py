"""Two measures that have no peer: the gateway alone on the scripted engine, and what accounting adds to a request."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from random import Random

import psutil

from budgets.accounts import Accounts
from budgets.keys import Keys
from budgets.secret import Secret
from budgets.store import connect
from loadtest import accounting
from loadtest.bench.client import load, request
from loadtest.bench.works import streams
from loadtest.gateways import SECRET, Gateway
from loadtest.redis_server import RedisServer

CLIENTS, TOKENS = 32, 64
#: The account of the requests has no bound that they reach.
KEYS = 4


async def keys(redis_url: str, count: int = KEYS) -> list[str]:
    async with connect(redis_url) as redis:
        account = (await Accounts(redis).create("load")).id
        made = [await Keys(redis, Secret.parse(SECRET)).create(account, f"key {number}") for number in range(count)]
    return [shown for shown, _ in made]


async def gateway(count: int) -> float:
    """Tokens streamed for each second of its process."""
    with tempfile.TemporaryDirectory(prefix="bm-") as folder:
        server, one = RedisServer(Path(folder)), Gateway(f"unix://{folder}/redis.sock", Path(folder) / "home")
        server.start()
        try:
            await one.start()
            return await _tokens_per_second(one, await keys(server.url), count)
        finally:
            one.stop()
            server.kill()


async def _tokens_per_second(one: Gateway, shown: list[str], count: int) -> float:
    bodies = [{"model": "pico", **body} for body in streams(16, TOKENS)(Random("gateway"), count + CLIENTS)]
    requests = [request("/v1/completions", body, shown[number % len(shown)]) for number, body in enumerate(bodies)]
    await load(one.port, requests[:CLIENTS], CLIENTS)
    before = cpu_seconds(one)
    answers, _ = await load(one.port, requests[CLIENTS:], CLIENTS)
    took = cpu_seconds(one) - before
    made = sum(int(answer.document["usage"]["completion_tokens"]) for answer in answers)
    assert made == count * TOKENS, f"{made} of {count * TOKENS} tokens came"
    return made / took


def cpu_seconds(one: Gateway) -> float:
    assert one.process is not None
    times = psutil.Process(one.process.pid).cpu_times()
    return float(times.user + times.system)


def added_ms(pairs: int) -> float:
    """By admission and settlement, in the median pair."""
    with tempfile.TemporaryDirectory(prefix="bm-") as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            return float(asyncio.run(accounting.measure(Path(folder), pairs))["added_ms"]["median"])
        finally:
            server.kill()
