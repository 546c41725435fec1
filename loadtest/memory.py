"""What a gateway's memory does: `python -m loadtest.memory`, on the scripted engine, one process of its own for each scene.

    requests   many, one after the other: does it stay as it was after the first of them?
    idle       connections that are open and say nothing
    waiting    requests in line for the places of one key
    readers    streams whose readers take nothing: the buffer is bounded, and the engine stops

Prints one JSON object. MiB are of the gateway's resident memory; `ratio` is the most over what it was when the scene began.
"""

from __future__ import annotations

import asyncio
import json
import resource
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Annotated, Any

import httpx
import psutil
import typer

from loadtest.bench.alone import keys
from loadtest.bench.client import load, request
from loadtest.bench.works import ids
from loadtest.gateways import Gateway
from loadtest.redis_server import RedisServer

MIB = 2**20
AT_ONCE, TOKENS = 32, 8
BATCH = 500
#: Bytes that the kernel keeps for a reader that takes nothing; and its stream: eight kilobytes for each token.
RECEIVED, READER_TOKENS, READER_LOGPROBS = 1 << 14, 2000, 100
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


async def requests(count: int) -> Found:
    """The second half must add nothing to the first."""
    async with scene() as one:
        samples = []
        for _ in range(max(2, count // BATCH)):
            await one.ask([body(stream=number % 2 == 0) for number in range(BATCH)])
            samples.append(round(one.mib, 1))
            one.look()
        half = len(samples) // 2
        later = round(max(samples[half:]) / max(samples[:half]), 3)
        return one.told(requests=BATCH * len(samples), second_half_over_first=later, samples=samples[:: max(1, len(samples) // 20)])


async def idle(count: int) -> Found:
    async with scene() as one:
        alone = await one.one_ms()
        connections = [socket.create_connection(("127.0.0.1", one.gateway.port)) for _ in range(count)]
        await asyncio.sleep(1.0)
        beside = await one.one_ms()
        found = one.told(connections=count, kib_each=round(1024 * (one.mib - one.begun) / count, 1), alone_ms=alone, beside_ms=beside)
        for connection in connections:
            connection.close()
        return found


async def waiting(count: int) -> Found:
    """All of one key, which has eight places; and somebody else's request meanwhile."""
    async with scene(**{"seconds-per-delta": 0.02}) as one:
        alone = await one.one_ms()
        async with asyncio.TaskGroup() as tasks:
            line = tasks.create_task(one.ask([body() for _ in range(count)], count, one.keys[0]))
            await asyncio.sleep(1.0)
            beside, begun = await one.one_ms(), not line.done()
            await one.until(partial(_over, line))
        return one.told(waiting=count, waited=begun, alone_ms=alone, beside_ms=beside)


async def _over(task: asyncio.Task[None]) -> bool:
    return task.done()


async def readers(count: int, stall_seconds: float) -> Found:
    """`got_mib`: the most that one was sent. `stopped`: seconds until no engine worked for them; `whole`: streams that look complete."""
    async with scene(**{"stall-seconds": stall_seconds}) as one:
        asked = request("/v1/completions", body(READER_TOKENS, stream=True, logprobs=READER_LOGPROBS), one.keys[0])
        sockets = [_reader(one.gateway.port, asked) for _ in range(count)]
        await asyncio.sleep(min(2.0, stall_seconds / 2))
        running = await one.running()
        stopped = await one.until(lambda: _idle(one))
        ends = [await asyncio.to_thread(_rest, each) for each in sockets]
        most = round(max(map(len, ends)) / MIB, 2)
        return one.told(readers=count, running=running, stopped=stopped, got_mib=most, whole=sum(map(_whole, ends)))


async def _idle(one: Scene) -> bool:
    return await one.running() == 0


def _reader(port: int, asked: bytes) -> socket.socket:
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVED)
    one.connect(("127.0.0.1", port))
    one.sendall(asked)
    return one


def _rest(reader: socket.socket) -> bytes:
    """What still comes of a stream, to its end or to where it was cut."""
    received = bytearray()
    with closing(reader):
        reader.settimeout(10)
        try:
            while data := reader.recv(1 << 16):
                received += data
        except OSError:
            pass
    return bytes(received)


def _whole(received: bytes) -> bool:
    return b"data: [DONE]" in received and b'"error"' not in received


def main(
    count: Annotated[int, typer.Option("--requests")] = 200_000,
    connections: Annotated[int, typer.Option()] = 2000,
    line: Annotated[int, typer.Option(help="requests that wait")] = 500,
    slow: Annotated[int, typer.Option(help="readers that take nothing")] = 8,
    stall_seconds: Annotated[float, typer.Option()] = 30.0,
) -> None:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # the gateway inherits it
    scenes = {"idle": idle(connections), "waiting": waiting(line), "readers": readers(slow, stall_seconds), "requests": requests(count)}
    found = {name: asyncio.run(each) for name, each in scenes.items()}
    typer.echo(json.dumps(found, indent=2))


if __name__ == "__main__":
    typer.run(main)
