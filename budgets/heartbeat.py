"""Says for every running request of this process that it lives, what it has made, and hears whether it may go on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from budgets.errors import BudgetError, StoreUnavailable
from budgets.hold import Hold
from budgets.ledger import Ledger

AT_ONCE = 8


async def beat(ledger: Ledger, holds: Iterable[Hold]) -> None:
    """One round over all of them. Raises StoreUnavailable: then the rest of the round is left out, and all run on."""
    waiting = iter(list(holds))

    async def extend_in_turn() -> None:
        for hold in waiting:
            await _extend(ledger, hold)

    rounds = [asyncio.create_task(extend_in_turn()) for _ in range(AT_ONCE)]
    try:
        await asyncio.gather(*rounds)
    finally:
        for one in rounds:
            one.cancel()


async def _extend(ledger: Ledger, hold: Hold) -> None:
    try:
        await ledger.extend(hold.granted, hold.row.done)
    except StoreUnavailable:
        raise
    except BudgetError as error:
        hold.stop(error)
