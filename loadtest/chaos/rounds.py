"""One round: a new account, its clients, one fault among them, and everything read once they are done."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from budgets import redis_keys
from budgets.accounts import Accounts
from budgets.audit import Auditor
from budgets.errors import StoreUnavailable
from budgets.keys import ApiKey, Keys
from budgets.requests import Balance
from budgets.secret import Secret
from budgets.usage import Report, Usage
from loadtest.chaos.clients import Client, keep_asking
from loadtest.chaos.faults import SCENARIOS, Scene
from loadtest.chaos.history import Asked, Counts, Fault, Seen
from loadtest.chaos.judge import PROBE
from loadtest.chaos.world import World
from loadtest.gateways import SECRET

CLIENTS = 10
SAMPLE_SECONDS = 0.05
#: What a vanished request may hold its place for.
FREE_SECONDS = 15.0


@dataclass(frozen=True)
class Lab:
    """Three keys of one account, each with a bound of its own, and one of another account for the probes."""

    redis: Redis
    keys: dict[str, ApiKey]
    shown: dict[str, str]

    @classmethod
    async def create(cls, redis: Redis, name: str, rng: random.Random) -> Lab:
        accounts, keys = Accounts(redis), Keys(redis, Secret.parse(SECRET))
        lab = (await accounts.create(name, rng.randint(1000, 5000))).id
        made = {
            "narrow": await keys.create(lab, "narrow", monthly_tokens=rng.randint(100, 900)),
            "few": await keys.create(lab, "few", concurrency=2),
            "wide": await keys.create(lab, "wide"),
            PROBE: await keys.create((await accounts.create(f"{name}-probe")).id, PROBE, concurrency=64),
        }
        return cls(redis, {name: key for name, (_, key) in made.items()}, {name: shown for name, (shown, _) in made.items()})

    @property
    def accounts(self) -> set[str]:
        return {key.account_id for key in self.keys.values()}

    async def reports(self) -> list[Report]:
        return [await Usage(self.redis).of_account(account) for account in self.accounts]

    async def audit(self) -> list[str]:
        return [fault for account in self.accounts for fault in await Auditor(self.redis).audit(account)]

    async def taken(self) -> int:
        """Tokens that are held, places that are taken and requests that wait."""
        held = sum(report.account.balance.held for report in await self.reports())
        ids = [(key.account_id, key.id) for key in self.keys.values()]
        places = [await self.redis.zcard(name(*one)) for one in ids for name in (redis_keys.slots, redis_keys.queue)]
        return held + sum(places)


async def play(world: World, redis: Redis, scenario: str, number: int, seed: str) -> tuple[Lab, list[Asked], Seen, Fault]:
    """Raises TimeoutError where the world does not recover."""
    rng, history = random.Random(seed), list[Asked]()
    lab = await Lab.create(redis, f"round-{number}-{rng.randrange(2**32):08x}", rng)
    client = Client(world.gateways, lab.shown, history)
    before = await world.made_by_all()
    scene = Scene(world, client, rng, number, world.server.journal.stat().st_size)
    seen = Seen()
    async with _sampled(lab, seen):
        async with _load(client, rng):
            await asyncio.sleep(rng.uniform(0.4, 1.2))
            fault = await SCENARIOS[scenario][0](scene)
            await asyncio.sleep(rng.uniform(0.1, 0.5))
        seen.freed = await _freed(lab)
    await _read(lab, client, seen)
    seen.made, seen.spare = await world.made_by_all() + fault.made - before, fault.spare
    await client.close()
    return lab, history, seen, fault


@asynccontextmanager
async def _load(client: Client, rng: random.Random) -> AsyncIterator[None]:
    enough = asyncio.Event()
    keys = ("narrow", "few", "wide", "wide")
    clients = [asyncio.create_task(keep_asking(client, keys, random.Random(rng.random()), enough)) for _ in range(CLIENTS)]
    try:
        yield
    finally:
        enough.set()
        await asyncio.gather(*clients)


@asynccontextmanager
async def _sampled(lab: Lab, seen: Seen) -> AsyncIterator[None]:
    """Not by cancelling, which redis-py swallows at times."""
    enough = asyncio.Event()
    task = asyncio.create_task(_sample(lab, seen, enough))
    try:
        yield
    finally:
        enough.set()
        await task


async def _sample(lab: Lab, seen: Seen, enough: asyncio.Event) -> None:
    """Looks at every cap, as often as Redis answers."""
    while not enough.is_set():
        with suppress(StoreUnavailable):
            await _look(lab, seen)
            seen.samples += 1
        await asyncio.sleep(SAMPLE_SECONDS)


async def _look(lab: Lab, seen: Seen) -> None:
    standings = [one for report in await lab.reports() for one in (report.account, *report.keys)]
    seen.over = max(seen.over, *(_excess(one.balance) for one in standings))


def _excess(balance: Balance) -> int:
    return 0 if balance.cap is None else max(0, balance.used + balance.held - balance.cap)


async def _freed(lab: Lab) -> float | None:
    began = time.monotonic()
    while await lab.taken():
        if time.monotonic() - began > FREE_SECONDS:
            return None
        await asyncio.sleep(0.05)
    return time.monotonic() - began


async def _read(lab: Lab, client: Client, seen: Seen) -> None:
    """What each key was charged, from both gateways; `basemodel usage` and the audit must agree."""
    seen.disagreements += await lab.audit()
    for name, key in lab.keys.items():
        documents = [await client.usage(name, gateway) for gateway in range(2)]
        documents.append((await Usage(lab.redis).of_key(key.account_id, key.id)).document())
        seen.disagreements += [f"two readers tell of {name}: {documents[0]}, {one}" for one in documents if one != documents[0]]
        seen.charged[name] = _counts(documents[0])
    await _look(lab, seen)


def _counts(document: dict[str, Any]) -> Counts:
    """All that a key used was of one model."""
    row = next(iter(document["by_model"]), {"requests": 0, "prompt_tokens": 0, "completion_tokens": 0})
    return Counts(document["key"]["used"], row["requests"], row["prompt_tokens"], row["completion_tokens"])
