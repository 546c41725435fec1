"""Measures that have no peer: the gateway alone on scripted engines, and what accounting adds to a request.

`gateway` has the engine in its own process, which counts as well, and gets one token at a time. `channelled` has it in a host, as the
product has, which steps whether or not the gateway keeps up: one that is behind takes several tokens of a stream at once.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import psutil
import uvloop

from budgets.accounts import Accounts
from budgets.keys import Keys
from budgets.secret import Secret
from budgets.store import connect
from loadtest import accounting
from loadtest.bench.channelled_gateway import door
from loadtest.bench.client import load, request
from loadtest.bench.works import streams
from loadtest.gateways import CHECKOUT, SECRET, START_SECONDS, Gateway
from loadtest.redis_server import RedisServer

#: Eight requests of a key run at once; the account has no bound that they reach.
PLACES_OF_A_KEY = 8


@dataclass(frozen=True)
class Load:
    """So many streams at once, of so many tokens each."""

    at_once: int
    tokens: int


FEW, MANY = Load(32, 64), Load(128, 256)
#: Of the host: 200 tokens a second for each stream, 25,600 for all.
STEP_SECONDS = 0.005


async def keys(redis_url: str, count: int) -> list[str]:
    async with connect(redis_url) as redis:
        account = (await Accounts(redis).create("load")).id
        made = [await Keys(redis, Secret.parse(SECRET)).create(account, f"key {number}") for number in range(count)]
    return [shown for shown, _ in made]


async def gateway(count: int) -> float:
    """Tokens streamed for each second of its process."""
    async with _redis() as (server, home):
        return await _tokens_per_second(Gateway(server.url, home), server.url, count, FEW)


async def channelled(count: int) -> float:
    """Likewise, of the gateway's process without the engine's."""
    async with _redis() as (server, home):
        with _host(door(home)):
            one = Gateway(server.url, home, module="loadtest.bench.channelled_gateway")
            return await _tokens_per_second(one, server.url, count, MANY)


@asynccontextmanager
async def _redis() -> AsyncIterator[tuple[RedisServer, Path]]:
    """And the home of a gateway."""
    with tempfile.TemporaryDirectory(prefix="bm-") as folder:
        server, home = RedisServer(Path(folder)), Path(folder) / "home"
        home.mkdir()
        server.start()
        try:
            yield server, home
        finally:
            server.kill()


@contextmanager
def _host(path: Path) -> Iterator[None]:
    """A scripted one that listens there."""
    process = subprocess.Popen([sys.executable, "-m", "loadtest.bench.scripted_host", str(path), str(STEP_SECONDS)], cwd=CHECKOUT)
    try:
        until = time.monotonic() + START_SECONDS
        while not path.exists():
            assert process.poll() is None, "the host ended"
            assert time.monotonic() < until, "the host did not start"
            time.sleep(0.05)
        yield
    finally:
        process.kill()
        process.wait()


async def _tokens_per_second(one: Gateway, redis_url: str, count: int, asked: Load) -> float:
    shown = await keys(redis_url, -(-asked.at_once // PLACES_OF_A_KEY))
    bodies = [{"model": "pico", **body} for body in streams(16, asked.tokens)(Random("gateway"), count + asked.at_once)]
    requests = [request("/v1/completions", body, shown[number % len(shown)]) for number, body in enumerate(bodies)]
    try:
        await one.start()
        await load(one.port, requests[: asked.at_once], asked.at_once)
        before = cpu_seconds(one)
        answers, _ = await load(one.port, requests[asked.at_once :], asked.at_once)
        took = cpu_seconds(one) - before
    finally:
        one.stop()
    wrong = [one for one in answers if one.status != 200 or b'data: {"error"' in one.body]
    assert not wrong, f"{len(wrong)} failed: {wrong[0].body[-300:]!r}"
    made = sum(int(answer.document["usage"]["completion_tokens"]) for answer in answers)
    assert made == count * asked.tokens, f"{made} of {count * asked.tokens} tokens came"
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
            return float(uvloop.run(accounting.measure(Path(folder), pairs))["added_ms"]["median"])
        finally:
            server.kill()
