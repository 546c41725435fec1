"""Processes of `loadtest/gateway.py`, as seen by who starts, kills and asks them."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

CHECKOUT = Path(__file__).parent.parent
SECRET = "1:" + "5a" * 32
START_SECONDS = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Gateway:
    """One process; `start` may be called again after it was killed, and finds what the dead one left in its home. `more`: options;
    `module`: of its program."""

    redis_url: str
    home: Path
    seconds_per_delta: float = 0.0
    log: Path | None = None
    more: dict[str, float] = field(default_factory=dict)
    module: str = "loadtest.gateway"
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
        words = [f"--{name}={value}" for name, value in (options | self.more).items()]
        command = [sys.executable, "-m", self.module, *words]
        with ExitStack() as files:
            log = files.enter_context(self.log.open("ab")) if self.log else None
            return subprocess.Popen(command, cwd=CHECKOUT, env={**os.environ, "BASEMODEL_SECRET": SECRET}, stderr=log)

    async def _answers(self, client: httpx.AsyncClient) -> bool:
        try:
            return (await client.get(f"{self.base}/health")).status_code == 200
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
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
async def pair(redis_url: str, folder: Path, seconds_per_delta: float, log: Path | None = None) -> AsyncIterator[tuple[Gateway, Gateway]]:
    """Both on one node, so each may sweep what the other left."""
    one, other = (Gateway(redis_url, folder, seconds_per_delta, log) for _ in range(2))
    with ExitStack() as running:  # which stops the second also where stopping the first is interrupted
        running.callback(one.stop)
        running.callback(other.stop)
        await asyncio.gather(one.start(), other.start())
        yield one, other
