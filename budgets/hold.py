"""One admitted request: what it holds, what its engine has made, and how it ends, exactly once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from budgets.errors import BudgetError
from budgets.flight import Row
from budgets.requests import Charge, Granted


class Hold:
    """`waited`: seconds in the key's queue. Whoever has it ends it, by `settle` or `abandon`; the first of them counts."""

    def __init__(self, granted: Granted, waited: float, row: Row, end: Callable[[Hold, Charge | None], asyncio.Task[None]]) -> None:
        self.granted, self.waited, self.row = granted, waited, row
        self.stopped: BudgetError | None = None
        self._began, self._end = False, end
        self._ended: asyncio.Task[None] | None = None
        self._on_stop: list[Callable[[], None]] = []

    @property
    def so_far(self) -> Charge | None:
        """What it would be charged if this process were killed now."""
        return Charge(self.granted.reservation.prompt, self.row.done, failed=True) if self._began else None

    def started(self) -> None:
        """It goes to an engine: from here on its prompt is charged."""
        self._began = True
        if self._ended is None:
            self.row.started()

    def count(self, tokens: int) -> None:
        """So many more came out of the engine; to be called before they are sent on."""
        if self._ended is None:
            self.row.count(tokens)

    def on_stop(self, callback: Callable[[], None]) -> None:
        """Called once when the request must end before its time; at once if that was said already. `stopped` then says why."""
        if self.stopped is not None:
            callback()
        else:
            self._on_stop.append(callback)

    def stop(self, error: BudgetError) -> None:
        """A heartbeat was answered so."""
        if self.stopped is None and self._ended is None:
            self.stopped = error
            for callback in self._on_stop:
                callback()

    async def settle(self, charge: Charge) -> None:
        """Never raises, and nothing of it is lost when the caller is cancelled."""
        await asyncio.shield(self.end(charge))

    async def abandon(self) -> None:
        """It reached no engine: nothing is charged. Otherwise as `settle`."""
        await asyncio.shield(self.end(None))

    def end(self, charge: Charge | None) -> asyncio.Task[None]:
        if self._ended is None:
            self._ended = self._end(self, charge)
        return self._ended
