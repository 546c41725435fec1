"""Who is asking: the bearer key of a request, as an `ApiKey` that may be used now."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, TypeVar

from starlette.datastructures import Headers

from budgets.errors import BudgetError, UnknownKey
from budgets.keys import ApiKey, Keys
from budgets.store import reaching
from router.errors import InvalidApiKey, KeyPaused, ModelNotAllowed, from_budgets
from router.flood import Flood

#: How long what was found is believed without asking again; a pause or revocation must hold within 5 s.
BELIEVED_SECONDS = 2.0
MOST_BELIEVED = 10_000
#: So that a burst of requests takes no more connections than there are; and how long one waits for its turn and its answer.
LOOKED_UP_AT_ONCE, LOOK_UP_SECONDS = 16, 1.8


class Door:
    """Finds keys, and remembers for a moment which it found and which open nothing."""

    def __init__(self, keys: Keys) -> None:
        self._keys, self._flood = keys, Flood()
        self._good, self._bad = Remembered[ApiKey](), Remembered[None]()
        self._turns = asyncio.Semaphore(LOOKED_UP_AT_ONCE)

    async def enter(self, headers: Headers, address: str = "") -> ApiKey:
        """`address` is the caller's. Raises InvalidApiKey, KeyPaused, TooManyFailures, AccountingUnavailable."""
        shown = presented(headers)
        if shown is None:
            raise InvalidApiKey
        try:
            key = await self._find(shown, address)
        except BudgetError as error:
            raise from_budgets(error) from error
        if key.state == "paused":
            raise KeyPaused
        return key

    async def _find(self, shown: str, address: str) -> ApiKey:
        """An address that presented too many bad keys is heard only with keys that were good before."""
        digest = hashlib.sha256(shown.encode()).digest()
        good = self._believed(digest)
        if good is not None:
            return good
        if self._good.get(digest) is None:
            self._flood.check(address)
        try:
            async with reaching(), asyncio.timeout(LOOK_UP_SECONDS), self._turns:
                return self._believed(digest) or await self._looked_up(shown, digest)
        except UnknownKey:
            self._flood.failed(address)
            raise

    def _believed(self, digest: bytes) -> ApiKey | None:
        """The key, where it was found lately; many that come at once with one key wait for one look-up."""
        good = self._good.get(digest)
        return good.what if good is not None and good.fresh and not good.what.expired(time.time()) else None

    async def _looked_up(self, shown: str, digest: bytes) -> ApiKey:
        bad = self._bad.get(digest)
        if bad is not None and bad.fresh:
            raise UnknownKey
        try:
            key = await self._keys.find(shown)
        except UnknownKey:
            self._good.forget(digest)
            self._bad.put(digest, None)
            raise
        self._good.put(digest, key)
        return key


T = TypeVar("T")


@dataclass(frozen=True)
class Found(Generic[T]):
    what: T
    until: float

    @property
    def fresh(self) -> bool:
        return time.monotonic() < self.until


class Remembered(Generic[T]):
    """What look-ups gave, by the digest of what was presented; the MOST_BELIEVED latest, long after they went stale."""

    def __init__(self) -> None:
        self._found: OrderedDict[bytes, Found[T]] = OrderedDict()

    def get(self, digest: bytes) -> Found[T] | None:
        return self._found.get(digest)

    def put(self, digest: bytes, what: T) -> None:
        self._found[digest] = Found(what, time.monotonic() + BELIEVED_SECONDS)
        self._found.move_to_end(digest)
        if len(self._found) > MOST_BELIEVED:
            self._found.popitem(last=False)

    def forget(self, digest: bytes) -> None:
        self._found.pop(digest, None)


def presented(headers: Headers) -> str | None:
    """The key in `Authorization: Bearer KEY`, else in `x-api-key`."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    bearer = credentials.strip() if scheme.lower() == "bearer" else ""
    return bearer or headers.get("x-api-key", "").strip() or None


def allow(key: ApiKey, model: str) -> None:
    """Raises ModelNotAllowed."""
    if key.models is not None and model not in key.models:
        raise ModelNotAllowed(model)
