"""Who guesses: failures are counted per address, so that guessing does not reach Redis, or a password's hash, at rate."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from router.errors import ApiError, TooManyFailures

#: Bad keys that one address may present at once, and how many come back per second. Whoever types a key into a page that
#: asks at every stroke presents some forty.
MOST_FAILURES, FAILURES_PER_SECOND = 100, 1.0
MOST_ADDRESSES = 10_000


class Flood:
    """A token bucket for each address; of very many addresses the latest. `refusal` is made of the seconds to wait."""

    def __init__(
        self, most: int = MOST_FAILURES, per_second: float = FAILURES_PER_SECOND, refusal: Callable[[int], ApiError] = TooManyFailures
    ) -> None:
        self._most, self._per_second, self._refusal = most, per_second, refusal
        self._spent: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def check(self, address: str) -> None:
        """Raises the refusal."""
        over = self._now(address) + 1 - self._most
        if over > 0:
            raise self._refusal(math.ceil(over / self._per_second))

    def take(self, address: str) -> None:
        """One that counts whatever comes of it. Raises the refusal."""
        self.check(address)
        self.failed(address)

    def failed(self, address: str) -> None:
        """What opens nothing came from there."""
        self._count(address, 1)

    def forgive(self, address: str) -> None:
        """What was counted before it was looked at did open something."""
        self._count(address, -1)

    def _count(self, address: str, failures: int) -> None:
        self._spent[address] = (max(0.0, self._now(address) + failures), time.monotonic())
        self._spent.move_to_end(address)
        if len(self._spent) > MOST_ADDRESSES:
            self._spent.popitem(last=False)

    def _now(self, address: str) -> float:
        spent, at = self._spent.get(address, (0.0, 0.0))
        return max(0.0, spent - (time.monotonic() - at) * self._per_second)
