"""Whose turn it is where several tenants want one engine: start-time fair queueing.

A tenant is served up to its tag: what it had, and what it was promised for the turns that it holds. The smallest tag is
next, so tenants that always wait get equal shares, whatever the number and length of their requests. Who comes new, or
waits again, starts at the virtual time: what the last one to get a turn had had by then. Time follows what was had, not
what was promised: a promise is the most that a request may take, and most end far earlier.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

#: In order of arrival; who leaves is found at once.
Queue = OrderedDict["Turn", None]

_arrivals = itertools.count()


@dataclass(eq=False)
class Pool:
    """Places, or any other amount that is given out and comes back."""

    free: int


@dataclass
class Tenant:
    """What one tenant has had and was promised, in the unit of costs, how much room it has, and who waits for it."""

    had: int = 0
    promised: int = 0
    room: int = 0
    ahead: Queue = field(default_factory=OrderedDict)
    behind: Queue = field(default_factory=OrderedDict)

    @property
    def tag(self) -> int:
        return self.had + self.promised

    @property
    def waiting(self) -> int:
        return len(self.ahead) + len(self.behind)

    @property
    def head(self) -> Turn:
        return next(iter(self.ahead or self.behind))


@dataclass(eq=False)
class Turn:
    """A wish for some room. `came` is done when it was granted; `tag` is its tenant's at that time."""

    turns: Turns
    tenant: Tenant
    room: int
    cost: int
    queue: Queue
    arrival: int = field(default_factory=lambda: next(_arrivals))
    came: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    pool: Pool | None = None
    tag: int = 0

    def take(self, pool: Pool) -> None:
        self.pool, self.tag = pool, self.tenant.tag
        pool.free -= self.room
        self.tenant.room += self.room
        self.tenant.promised += self.cost
        self.came.set_result(None)

    def leave(self) -> None:
        if self.pool is None:
            return
        self.pool.free += self.room
        self.tenant.room -= self.room
        self.tenant.promised -= self.cost
        self.tenant.had += self.cost
        self.pool = None

    def refund(self, cost: int) -> None:
        """So much of the promise will not be used."""
        self.cost -= cost
        if self.pool is not None:
            self.tenant.promised -= cost

    def release(self) -> None:
        """May be called early, and more than once; also for a turn that never came."""
        self.turns.take_back(self)


class Turns:
    """Room that tenants share fairly, each tenant's turns in order of arrival.

    `reserve` is further room, which only those with little get: a tenant's room may not exceed what the reserve has left
    besides. So one who has nothing finds room at once, though another filled all the rest.
    """

    def __init__(self, room: int, reserve: int = 0) -> None:
        self._size, self._common, self._reserve = room, Pool(room), Pool(reserve)
        self._tenants: dict[str, Tenant] = {}
        self._time = 0

    @property
    def waiting(self) -> int:
        return sum(tenant.waiting for tenant in self._tenants.values())

    @asynccontextmanager
    async def turn(self, name: str, cost: int, room: int = 1, ahead: bool = False) -> AsyncIterator[Turn]:
        """Waits for room; what is more than all there is counts as all, and none needs no turn.

        `ahead` of the tenant's others: for who keeps something back meanwhile that others wait for.
        """
        tenant = self._tenants.setdefault(name, Tenant())
        turn = Turn(self, tenant, min(room, self._size), cost, tenant.ahead if ahead else tenant.behind)
        try:
            self._queue(turn)
            await turn.came
            yield turn
        finally:
            turn.release()

    def _queue(self, turn: Turn) -> None:
        if not turn.room:
            return turn.came.set_result(None)
        if not turn.tenant.waiting:
            turn.tenant.had = max(turn.tenant.had, self._time)
        turn.queue[turn] = None
        self._grant()

    def _grant(self) -> None:
        while (found := next(self._possible(), None)) is not None:
            turn, pool = found
            del turn.queue[turn]
            if turn.came.done():  # its task was cancelled and will say so when it runs
                continue
            if pool is self._common:
                self._time = max(self._time, turn.tenant.had)
            turn.take(pool)

    def _possible(self) -> Iterator[tuple[Turn, Pool]]:
        """Who may go now, and where. The common room is for the next alone: what is large is not overtaken by the small."""
        heads = sorted((one.head for one in self._tenants.values() if one.waiting), key=lambda turn: (turn.tenant.tag, turn.arrival))
        for turn in heads:
            if turn is heads[0] and turn.room <= self._common.free:
                yield turn, self._common
            elif turn.tenant.room + turn.room <= self._reserve.free:
                yield turn, self._reserve

    def take_back(self, turn: Turn) -> None:
        """Also a turn that was cancelled, before it came or just when it did."""
        turn.queue.pop(turn, None)
        turn.leave()
        self._grant()
        self._forget()

    def _forget(self) -> None:
        """Tenants that want and have nothing, once time has passed them or nobody waits to whom they could owe anything."""
        anyone = any(tenant.waiting for tenant in self._tenants.values())
        for name, tenant in list(self._tenants.items()):
            if not (tenant.waiting or tenant.room or (anyone and tenant.had > self._time)):
                del self._tenants[name]
