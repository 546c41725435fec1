"""Tasks that take turns, for tests of who has one when."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from deployments.turns import Turn, Turns


@dataclass
class Desk:
    """Lets tasks take turns, notes who has one, and ends them when told."""

    turns: Turns
    having: list[str] = field(default_factory=list)
    came: list[str] = field(default_factory=list)
    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    held: dict[str, Turn] = field(default_factory=dict)
    leaving: dict[str, asyncio.Event] = field(default_factory=dict)

    async def come(self, name: str, room: int = 1, tenant: str = "", cost: int = 1, ahead: bool = False) -> None:
        self.leaving[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._hold(name, self.turns.turn(tenant, cost, room, ahead)))
        await settle()

    async def _hold(self, name: str, turn: Any) -> None:
        async with turn as self.held[name]:
            self.having.append(name)
            self.came.append(name)
            try:
                await self.leaving[name].wait()
            finally:
                self.having.remove(name)

    async def leave(self, *names: str) -> None:
        for name in names:
            self.leaving[name].set()
            await settle()

    async def cancel(self, *names: str) -> None:
        for name in names:
            self.tasks[name].cancel()
        await settle()

    async def end(self) -> None:
        """Everyone leaves in the order in which they came."""
        while self.having:
            await self.leave(self.having[0])


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)
