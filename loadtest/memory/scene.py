"""A gateway of its own, what it is asked, and how much memory it takes."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import httpx
import psutil

from loadtest.bench.alone import keys
from loadtest.bench.client import load, request
from loadtest.bench.works import ids
from loadtest.gateways import Gateway
from loadtest.redis_server import RedisServer

MIB = 2**20
AT_ONCE, TOKENS = 32, 8
BATCH = 500
LOOK_SECONDS = 0.1
WAIT_SECONDS = 120.0

Found = dict[str, Any]


@dataclass
class Scene:
    """A gateway, keys for it, and its memory: at the beginning, and the most since."""

    gateway: Gateway
    keys: list[str]
    begun: float = 0.0
    most: float = 0.0

    def begin(self) -> None:
        self.begun = self.most = self.mib

    @property
    def mib(self) -> float:
        assert self.gateway.process is not None
        return float(psutil.Process(self.gateway.process.pid).memory_info().rss) / MIB

    def look(self) -> float:
        self.most = max(self.most, self.mib)
        return self.most

    def told(self, **more: Any) -> Found:
        self.look()
        return {"mib_before": round(self.begun, 1), "mib_most": round(self.most, 1), "ratio": round(self.most / self.begun, 3), **more}

    async def ask(self, bodies: list[dict[str, Any]], at_once: int = AT_ONCE, key: str | None = None) -> None:
        """Raises AssertionError where one is refused."""
        wanted = [request("/v1/completions", body, key or self.keys[at % len(self.keys)]) for at, body in enumerate(bodies)]
        answers, _ = await load(self.gateway.port, wanted, at_once)
        assert all(one.status == 200 for one in answers)

    async def one_ms(self) -> float:
        """How long somebody else's smallest request takes."""
        began = time.perf_counter()
        await self.ask([body(tokens=1)], 1, self.keys[-1])
        return round(1000 * (time.perf_counter() - began), 1)

    async def running(self) -> int:
        async with httpx.AsyncClient() as client:
            return int((await client.get(f"{self.gateway.base}/made", timeout=10)).json()["running"])

    async def until(self, check: Callable[[], Awaitable[bool]]) -> float:
        """Seconds until it is so; its memory is looked at all the while. Raises TimeoutError."""
        began = time.monotonic()
        async with asyncio.timeout(WAIT_SECONDS):
            while not await check():
                self.look()
                await asyncio.sleep(LOOK_SECONDS)
        return round(time.monotonic() - began, 1)


@asynccontextmanager
async def scene(**more: float) -> AsyncIterator[Scene]:
    with tempfile.TemporaryDirectory(prefix="bm-") as folder:
        server = RedisServer(Path(folder))
        gateway = Gateway(server.url, Path(folder) / "home", more=more)
        server.start()
        try:
            await gateway.start()
            one = Scene(gateway, await keys(server.url, 5))
            await one.ask([body() for _ in range(BATCH)])  # what every gateway has in memory once it has worked
            one.begin()
            yield one
        finally:
            gateway.stop()
            server.kill()


def body(tokens: int = TOKENS, stream: bool = False, **fields: Any) -> dict[str, Any]:
    return {"model": "pico", "prompt": ids(Random(), 16), "max_tokens": tokens, "ignore_eos": True, "stream": stream, **fields}
