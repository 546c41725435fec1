"""One fault under load: streams and whole answers that run, requests without a token yet, and new ones all the while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from loadtest.faults.asked import COMPLETE, Asked
from loadtest.faults.clients import Clients
from loadtest.faults.ledger import Ledger, ledger
from loadtest.faults.world import World

STREAMS, WHOLE, YOUNG, NEW, COLD = "streams", "whole answers", "no token yet", "new requests", "a cold model"
#: Of these a prompt is so long that the first token takes seconds.
YOUNG_REQUESTS, YOUNG_PROMPT = 4, tuple(range(1, 501))
BEGIN_SECONDS, STEADY_SECONDS = 60.0, 120.0
#: So many new requests in a row must succeed until the service counts as being back.
STEADY = 6


@dataclass(frozen=True)
class Size:
    """Half of `clients` want streams, half whole answers, each of so many seconds; a long stream has `long_seconds`."""

    clients: int = 24
    seconds: float = 20.0
    long_seconds: float = 200.0


QUICK = Size(clients=6, seconds=8.0, long_seconds=25.0)


@dataclass
class Scene:
    """`struck`: when the fault began, in seconds of the clients. `told`: what else there is to say in the table;
    `late`: what did not happen in time."""

    world: World
    clients: Clients
    size: Size
    ledger: Ledger
    struck: float = 0.0
    told: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)

    def of(self, group: str) -> list[Asked]:
        return [one for one in self.clients.asked if one.group == group]

    @property
    def news(self) -> list[Asked]:
        """New requests since the fault."""
        return [one for one in self.of(NEW) if one.began >= self.struck]

    @property
    def served_again(self) -> float:
        """Seconds from the fault to the first new request from which on all were answered; 0 where all were."""
        failed = [one.began for one in self.news if one.outcome != COMPLETE]
        after = [one.ended for one in self.news if not failed or one.began > max(failed)]
        return min(after, default=float("inf")) - self.struck if failed else 0.0

    @property
    def slowest_new(self) -> float:
        return max((one.ended - one.began for one in self.news if one.outcome == COMPLETE), default=0.0)

    @property
    def steady(self) -> bool:
        ended = sorted((one for one in self.news if one.ended), key=lambda one: one.began)
        return len(ended) >= STEADY and all(one.outcome == COMPLETE for one in ended[-STEADY:])

    async def woken(self, model: str) -> None:
        """Asks a model that sleeps until it answers; what the first answer was, and how long it took, is told."""
        began = self.clients.now
        first = await self.clients.ask(COLD, model)
        await eventually(lambda: self._answers(model), STEADY_SECONDS)
        self.told.append(f"cold model: {first.outcome}, Retry-After {first.retry_after}; answers after {self.clients.now - began:.1f} s")

    async def _answers(self, model: str) -> bool:
        return (await self.clients.ask(COLD, model)).outcome == COMPLETE


@asynccontextmanager
async def scene(world: World, size: Size) -> AsyncIterator[Scene]:
    async with ledger(world.redis.url) as account:
        clients = Clients(world.base, account.key)
        try:
            yield Scene(world, clients, size, account)
        finally:
            await clients.close()


async def play(one: Scene, strike: Callable[[Scene], Awaitable[None]], seconds: float) -> None:
    """Load of so many seconds for each answer, the fault in its middle; returns when all is answered and the service is back."""
    enough = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for number in range(one.size.clients):
            streamed = number % 2 == 0
            tasks.create_task(one.clients.ask(STREAMS if streamed else WHOLE, stream=streamed, seconds=seconds))
        await eventually(lambda: _begun(one, STREAMS), BEGIN_SECONDS)
        tasks.create_task(one.clients.probe(NEW, enough))
        await eventually(lambda: _answered(one, NEW), BEGIN_SECONDS)
        for number in range(YOUNG_REQUESTS):
            tasks.create_task(one.clients.ask(YOUNG, stream=number % 2 == 0, seconds=1.0, prompt=YOUNG_PROMPT))
        await asyncio.sleep(1.0)  # on their way to an engine, and far from their first token
        one.struck = one.clients.now
        await strike(one)
        await eventually(lambda: _over(one), STEADY_SECONDS + 2 * seconds)
        enough.set()


async def _begun(one: Scene, group: str) -> bool:
    return all(asked.first is not None for asked in one.of(group))


async def _answered(one: Scene, group: str) -> bool:
    return any(asked.ended for asked in one.of(group))


async def _over(one: Scene) -> bool:
    return one.steady and all(asked.ended for group in (STREAMS, WHOLE, YOUNG) for asked in one.of(group))


async def eventually(check: Callable[[], Awaitable[bool]], seconds: float) -> None:
    """Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not await check():
            await asyncio.sleep(0.1)
