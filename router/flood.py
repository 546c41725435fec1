"""Who guesses keys: bad keys are counted per address, so that guessing does not reach Redis at rate."""

from __future__ import annotations

import math
import time
from collections import OrderedDict

from router.errors import TooManyFailures

#: Bad keys that one address may present at once, and how many come back per second. Whoever types a key into a page that
#: asks at every stroke presents some forty.
MOST_FAILURES, FAILURES_PER_SECOND = 100, 1.0
MOST_ADDRESSES = 10_000


class Flood:
    """A token bucket for each address; of very many addresses the latest."""

    def __init__(self) -> None:
        self._spent: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def check(self, address: str) -> None:
        """Raises TooManyFailures."""
        over = self._now(address) + 1 - MOST_FAILURES
        if over > 0:
            raise TooManyFailures(math.ceil(over / FAILURES_PER_SECOND))

    def failed(self, address: str) -> None:
        """A key that opens nothing came from there."""
        self._spent[address] = (self._now(address) + 1, time.monotonic())
        self._spent.move_to_end(address)
        if len(self._spent) > MOST_ADDRESSES:
            self._spent.popitem(last=False)

    def _now(self, address: str) -> float:
        spent, at = self._spent.get(address, (0.0, 0.0))
        return max(0.0, spent - (time.monotonic() - at) * FAILURES_PER_SECOND)
