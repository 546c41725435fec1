"""Clients that vanish at every point and gateways that are killed: what was made is charged, once, and every place comes back."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from budgets import redis_keys
from budgets.accounts import Accounts
from budgets.audit import Auditor
from budgets.keys import ApiKey, Keys
from budgets.usage import Usage
from loadtest.gateways import Gateway, pair

#: Tokens of the prompt.
PROMPT = 3
EACH, KILLS = 25, 5
#: More at once than a gateway has connections to Redis.
BURST = 200
SECONDS_PER_TOKEN = 0.01


class Lab:
    """An account, a client, and what the ledger says at the end."""

    def __init__(self, redis: Redis, keys: Keys, both: tuple[Gateway, Gateway], shown: str, key: ApiKey) -> None:
        self.redis, self.keys, self.both, self.key = redis, keys, both, key
        limits = httpx.Limits(max_connections=500, max_keepalive_connections=0)
        self.client = httpx.AsyncClient(headers={"x-api-key": shown}, timeout=30, limits=limits)

    async def post(self, number: int = 0, **fields: Any) -> httpx.Response:
        return await self.client.post(f"{self.both[number % 2].base}/v1/completions", json=body(**fields))

    async def read(self, number: int, until: Callable[[int, str], bool], **fields: Any) -> int:
        """Streams until a condition on the count of tokens and the event, then drops the connection; the tokens that came."""
        tokens = 0
        url = f"{self.both[number % 2].base}/v1/completions"
        async with self.client.stream("POST", url, json=body(stream=True, **fields)) as response:
            async for line in response.aiter_lines():
                tokens += '"text":' in line
                if line and until(tokens, line):
                    break
        return tokens

    async def free(self, seconds: float) -> None:
        """Waits until no place is taken, nobody waits and nothing is held."""
        deadline = time.monotonic() + seconds
        while True:
            account = self.key.account_id
            report = await Usage(self.redis).of_key(account, self.key.id)
            assert report.key is not None
            slots = await self.redis.zcard(redis_keys.slots(account, self.key.id))
            waiting = await self.redis.zcard(redis_keys.queue(account, self.key.id))
            left = (slots, waiting, report.key.balance.held)
            if left == (0, 0, 0):
                return
            assert time.monotonic() < deadline, left
            await asyncio.sleep(0.02)

    async def charged(self) -> tuple[int, int, int]:
        """Requests, prompt and completion tokens, after a look at the ledger's sums."""
        assert await Auditor(self.redis).audit(self.key.account_id) == []
        report = await Usage(self.redis).of_key(self.key.account_id, self.key.id)
        counts = report.by_model[0].counts if report.by_model else {}
        return counts.get("requests", 0), counts.get("prompt_tokens", 0), counts.get("completion_tokens", 0)

    async def made(self) -> int:
        return sum([int((await self.client.get(f"{one.base}/made")).json()["made"]) for one in self.both])


def body(**fields: Any) -> dict[str, Any]:
    return {"model": "pico", "prompt": "hi", "max_tokens": 20, "ignore_eos": True, **fields}


@pytest.fixture
async def lab(redis: Redis, redis_url: str, keys: Keys, tmp_path: Path) -> AsyncIterator[Lab]:
    account = await Accounts(redis).create("lab")
    shown, key = await keys.create(account.id, "first")
    async with pair(redis_url, tmp_path, SECONDS_PER_TOKEN) as both:
        one = Lab(redis, keys, both, shown, key)
        yield one
        await one.client.aclose()


async def test_many_at_once_never_pass_the_cap(lab: Lab) -> None:
    need = PROMPT + 20
    await lab.keys.update(lab.key.account_id, lab.key.id, monthly_tokens=64 * need - 1, concurrency=64)
    answers = await asyncio.gather(*(lab.post(number) for number in range(64)))
    codes = [answer.status_code for answer in answers]
    assert (codes.count(200), codes.count(429)) == (63, 1)
    assert await lab.charged() == (63, 63 * PROMPT, 63 * 20)


async def test_a_key_that_was_just_made_runs_eight_at_once_and_serves_all(lab: Lab) -> None:
    answers = await asyncio.gather(*(lab.post(number) for number in range(64)))
    assert {answer.status_code for answer in answers} == {200}
    assert sum(int(answer.headers["x-queue-wait-ms"]) < 50 for answer in answers) <= 16
    assert await lab.charged() == (64, 64 * PROMPT, 64 * 20)


async def test_a_burst_of_a_key_that_nobody_has_seen_is_served_whole(lab: Lab) -> None:
    answers = await asyncio.gather(*(lab.post(number, max_tokens=1) for number in range(BURST)))
    assert {answer.status_code for answer in answers} == {200}
    assert (await lab.charged())[0] == BURST


def at_random(rng: random.Random) -> Callable[[int, str], bool]:
    last = rng.randint(1, 19)
    return lambda tokens, line: tokens >= last


PHASES: dict[str, Callable[[random.Random], Callable[[int, str], bool]]] = {
    "at the first token": lambda rng: lambda tokens, line: tokens == 1,
    "midway": at_random,
    "after the last token": lambda rng: lambda tokens, line: tokens == 20,
    "after the end": lambda rng: lambda tokens, line: line == "data: [DONE]",
}


@pytest.mark.parametrize("phase", PHASES)
async def test_who_leaves_pays_what_was_made_once(lab: Lab, phase: str) -> None:
    rng = random.Random(7)
    tokens = await asyncio.gather(*(lab.read(number, PHASES[phase](rng)) for number in range(EACH)))
    await lab.free(1)
    requests, prompt, completion = await lab.charged()
    assert (requests, prompt) == (EACH, EACH * PROMPT)
    assert completion == await lab.made() >= sum(tokens)


async def test_who_leaves_before_anything_came_frees_its_place(lab: Lab) -> None:
    rng = random.Random(8)
    await lab.keys.update(lab.key.account_id, lab.key.id, concurrency=EACH)

    async def leave(number: int) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(rng.uniform(0, 2 * SECONDS_PER_TOKEN)):
                await lab.post(number)

    await asyncio.gather(*(leave(number) for number in range(EACH)))
    await lab.free(1)
    assert (await lab.charged())[2] == await lab.made()


async def test_who_leaves_while_waiting_frees_its_place_and_pays_nothing(lab: Lab) -> None:
    """Eight run for a while; those behind them leave."""
    running = [asyncio.create_task(lab.post(number, max_tokens=100)) for number in range(8)]
    async with asyncio.timeout(10):
        while await lab.redis.zcard(redis_keys.slots(lab.key.account_id, lab.key.id)) < 8:
            await asyncio.sleep(0.01)
    waiting = [asyncio.create_task(lab.post(number)) for number in range(EACH)]
    async with asyncio.timeout(10):
        while await lab.redis.zcard(redis_keys.queue(lab.key.account_id, lab.key.id)) < EACH:
            await asyncio.sleep(0.01)
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await asyncio.gather(*running)
    await lab.free(1)
    assert await lab.charged() == (8, 8 * PROMPT, 800)


class Counter:
    """Of the tokens of a stream that may break at any moment."""

    def __init__(self) -> None:
        self.tokens = 0

    def more(self, tokens: int, line: str) -> bool:
        self.tokens = tokens
        return False


async def test_what_a_killed_gateway_ran_is_charged_when_the_next_one_starts(lab: Lab) -> None:
    """Nothing that reached a client is free, and what was made beyond that is a token or two for each stream."""
    rng = random.Random(9)
    delivered = streams = 0
    victim = lab.both[0]
    for _ in range(KILLS):
        counters = [Counter() for _ in range(8)]
        tasks = [asyncio.create_task(lab.read(0, counter.more, max_tokens=200)) for counter in counters]
        await asyncio.sleep(rng.uniform(0.05, 0.6))  # the moment of the kill, not a wait for anything
        victim.kill()
        await asyncio.gather(*tasks, return_exceptions=True)
        delivered += sum(counter.tokens for counter in counters)
        streams += sum(counter.tokens > 0 for counter in counters)
        await victim.start()
        await lab.free(5)
    requests, prompt, completion = await lab.charged()
    assert streams <= requests <= 8 * KILLS
    assert prompt == requests * PROMPT
    assert delivered <= completion <= delivered + 4 * requests
