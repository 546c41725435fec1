"""Workers seen from the test that starts, commands and kills them, and what their logs say must have been charged."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from redis.asyncio import Redis

from budgets import redis_keys
from budgets.store import fields
from tests.budgets.ledgers import ACCOUNT
from tests.budgets.worker import LARGEST_STEP
from tests.cluster import CHECKOUT

ANSWER_SECONDS = 20.0


class RemoteWorker:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def say(self, line: str) -> str:
        self.send(line)
        return await self.hear()

    def send(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")

    async def hear(self) -> str:
        assert self._process.stdout is not None
        async with asyncio.timeout(ANSWER_SECONDS):
            return (await self._process.stdout.readline()).decode().strip()

    async def kill(self) -> None:
        self._process.kill()
        await self._process.wait()


@asynccontextmanager
async def worker(redis_url: str, folder: Path) -> AsyncIterator[RemoteWorker]:
    pipe = asyncio.subprocess.PIPE
    command = [sys.executable, "-m", "tests.budgets.worker", redis_url, str(folder)]
    process = await asyncio.create_subprocess_exec(*command, cwd=CHECKOUT, stdin=pipe, stdout=pipe)
    one = RemoteWorker(process)
    try:
        assert await one.hear() == "started"
        yield one
    finally:
        if process.returncode is None:
            await one.kill()


async def wrongs(redis: Redis, log: Path) -> list[str]:
    """One sentence for each logged request that was charged something else than what its worker made."""
    found = []
    for request_id, (least, most) in _bounds(log).items():
        stored = fields(await redis.hgetall(redis_keys.request(ACCOUNT, request_id)))
        charged = int(stored.get("prompt_tokens", -1)) + int(stored.get("completion_tokens", 0))
        if not least <= charged <= most:
            found.append(f"{request_id} is {stored.get('state', 'unknown')}, charged {charged}, and made {least} to {most}")
    return found


def _bounds(log: Path) -> dict[str, tuple[int, int]]:
    """Between the last logged step and the one after it."""
    prompts: dict[str, int] = {}
    bounds: dict[str, tuple[int, int]] = {}
    for line in log.read_text().splitlines():
        event, request_id, *numbers = line.split()
        if event == "granted":
            prompts[request_id] = int(numbers[0])
            bounds[request_id] = 0, prompts[request_id] + LARGEST_STEP  # 0: no engine had begun yet
        elif event == "counted":
            made = prompts[request_id] + int(numbers[0])
            bounds[request_id] = made, made + LARGEST_STEP
        else:
            made = int(numbers[0]) + int(numbers[1])
            bounds[request_id] = made, made
    return bounds
