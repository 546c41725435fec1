"""The vocabularies of all models, each read once, from a folder or from the hub; what fails is tried again, later each time."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from router.errors import CircuitOpen
from router.hub import tokenizer_folder
from router.tokens import Vocabulary
from router.weights import Place

#: How long a caller waits for a tokenizer that is being fetched; the fetching goes on after that.
PATIENCE_SECONDS = 5.0
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 5.0, 300.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Failure:
    """`until` is monotonic seconds: before that nothing is tried."""

    reason: str
    count: int
    until: float

    @property
    def seconds(self) -> float:
        return self.until - time.monotonic()


def read(place: Place) -> Vocabulary:
    """Blocks. Raises UnreadableTokenizer."""
    return Vocabulary.load(tokenizer_folder(place))


class Vocabularies:
    def __init__(self, read: Callable[[Place], Vocabulary] = read) -> None:
        self._read = read
        self._tasks: dict[Place, asyncio.Task[Vocabulary | None]] = {}
        self._failures: dict[Place, Failure] = {}

    async def get(self, place: Place) -> Vocabulary:
        """Raises CircuitOpen while the tokenizer cannot be read; `reason` says why."""
        failure = self._failures.get(place)
        if place not in self._tasks and failure is not None and failure.seconds > 0:
            raise CircuitOpen(failure.seconds)
        if place not in self._tasks:
            self._tasks[place] = asyncio.create_task(self._try(place))
        task = self._tasks[place]
        await asyncio.wait([task], timeout=PATIENCE_SECONDS)
        vocabulary = task.result() if task.done() else None
        if vocabulary is None:
            raise CircuitOpen(self._failures[place].seconds if task.done() else PATIENCE_SECONDS)
        return vocabulary

    def reason(self, place: Place) -> str:
        """Why it could not be read the last time, for the operator; "" where it could, or was never tried."""
        return self._failures[place].reason if place in self._failures else ""

    async def _try(self, place: Place) -> Vocabulary | None:
        """None for whatever is wrong with the files: a gateway serves its other models all the same."""
        try:
            vocabulary = await asyncio.to_thread(self._read, place)
        except Exception as error:
            self._failed(place, str(error) or type(error).__name__)
            return None
        self._failures.pop(place, None)
        return vocabulary

    def _failed(self, place: Place, reason: str) -> None:
        count = self._failures[place].count + 1 if place in self._failures else 0
        pause = min(FIRST_RETRY_SECONDS * 2**count, LONGEST_RETRY_SECONDS)
        self._failures[place] = Failure(reason, min(count, 10), time.monotonic() + pause)
        log.error("%s It is tried again in %d s.", reason, pause)
        del self._tasks[place]
