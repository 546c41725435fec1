"""Who is asking: the bearer key of a request, as an `ApiKey` that may be used now."""

from __future__ import annotations

import hashlib
import time

from starlette.datastructures import Headers

from budgets.errors import BudgetError, UnknownKey
from budgets.keys import ApiKey, Keys
from router.errors import KeyPaused, ModelNotAllowed, from_budgets

#: How long a found key is believed without asking again; a pause or revocation must hold within 5 s.
BELIEVED_SECONDS = 2.0
MOST_BELIEVED = 10_000


class Door:
    """Finds keys, and remembers those it found for a moment."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._believed: dict[bytes, tuple[ApiKey, float]] = {}

    async def enter(self, headers: Headers) -> ApiKey:
        """Raises InvalidApiKey, KeyPaused, AccountingUnavailable."""
        try:
            key = await self._find(presented(headers))
        except BudgetError as error:
            raise from_budgets(error) from error
        if key.state == "paused":
            raise KeyPaused
        return key

    async def _find(self, text: str) -> ApiKey:
        digest, now = hashlib.sha256(text.encode()).digest(), time.monotonic()
        key, until = self._believed.get(digest, (None, 0.0))
        if key is not None and now < until and not key.expired(time.time()):
            return key
        key = await self._keys.find(text)
        if len(self._believed) >= MOST_BELIEVED:
            self._believed.clear()
        self._believed[digest] = (key, now + BELIEVED_SECONDS)
        return key


def presented(headers: Headers) -> str:
    """The key in `Authorization: Bearer KEY`, else in `x-api-key`. Raises UnknownKey."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    bearer = credentials.strip() if scheme.lower() == "bearer" else ""
    key = bearer or headers.get("x-api-key", "").strip()
    if not key:
        raise UnknownKey
    return key


def allow(key: ApiKey, model: str) -> None:
    """Raises ModelNotAllowed."""
    if key.models is not None and model not in key.models:
        raise ModelNotAllowed(model)
