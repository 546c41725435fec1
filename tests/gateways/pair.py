"""Two gateways with scripted engines, each a process, and a Redis that they share."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.cluster import CHECKOUT, free_port

SECRET = "1:" + "5a" * 32
START_SECONDS = 30


@dataclass
class Gateway:
    """One process; `start` may be called again after it was killed, and finds what the dead one left in its home."""

    redis_url: str
    home: Path
    seconds_per_delta: float = 0.0
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self.process = process = self._launch()
        async with asyncio.timeout(START_SECONDS), httpx.AsyncClient() as client:
            while not await self._answers(client):
                assert process.poll() is None, "the gateway ended"
                await asyncio.sleep(0.05)

    def _launch(self) -> subprocess.Popen[bytes]:
        options = {"port": self.port, "redis-url": self.redis_url, "home": self.home, "seconds-per-delta": self.seconds_per_delta}
        command = [sys.executable, "-m", "loadtest.gateway", *(f"--{name}={value}" for name, value in options.items())]
        return subprocess.Popen(command, cwd=CHECKOUT, env={**os.environ, "BASEMODEL_SECRET": SECRET})

    async def _answers(self, client: httpx.AsyncClient) -> bool:
        try:
            return (await client.get(f"{self.base}/health")).status_code == 200
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)


@asynccontextmanager
async def pair(redis_url: str, folder: Path, seconds_per_delta: float) -> AsyncIterator[tuple[Gateway, Gateway]]:
    """Both on one node, so each may sweep what the other left."""
    both = Gateway(redis_url, folder, seconds_per_delta), Gateway(redis_url, folder, seconds_per_delta)
    try:
        await asyncio.gather(*(one.start() for one in both))
        yield both
    finally:
        for one in both:
            if one.process is not None and one.process.poll() is None:
                one.stop()
