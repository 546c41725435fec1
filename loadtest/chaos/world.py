"""A Redis and two gateways over it, each a process, in a folder of their own."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from basemodel.cluster import embedded_redis
from loadtest.gateways import Gateway, pair
from loadtest.redis_server import RedisServer

SECONDS_PER_TOKEN = 0.02


@dataclass(frozen=True)
class Made:
    """By an engine since its process began; `running` jobs go on making more."""

    tokens: int
    running: int


@dataclass(frozen=True)
class World:
    server: RedisServer
    gateways: tuple[Gateway, Gateway]

    async def made(self, gateway: int) -> Made:
        async with httpx.AsyncClient() as client:
            told = (await client.get(f"{self.gateways[gateway].base}/made", timeout=5)).json()
        return Made(int(told["made"]), int(told["running"]))

    async def made_by_all(self) -> int:
        return sum([(await self.made(number)).tokens for number in range(2)])


@asynccontextmanager
async def world(binary: str | None = None) -> AsyncIterator[World]:
    """Its folder is kept where something fails, for the logs in it."""
    folder = Path(tempfile.mkdtemp(prefix="bm-chaos-"))
    server = RedisServer(folder, binary)
    server.start()
    try:
        async with pair(server.url, folder / "home", SECONDS_PER_TOKEN, folder / "gateways.log") as gateways:
            yield World(server, gateways)
    finally:
        server.thaw()
        server.kill()
    shutil.rmtree(folder)


def version_of(binary: str | None) -> str:
    told = subprocess.run([binary or embedded_redis.server_binary(), "--version"], capture_output=True, text=True, check=True).stdout
    return told.split("v=")[1].split()[0]
