"""What accounts and keys may use in a month, and how many requests of a key run and wait at once.

An account always has a cap. A key's own cap is at most that when it is given; lowering the account's afterwards is never
refused, so the lower of the two holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from redis.asyncio import Redis

from budgets import redis_keys
from budgets.errors import CapOutOfBounds
from budgets.requests import MAX_TOKENS, Limits
from budgets.scripts import Scripts
from budgets.store import fields, reaching

#: Of an account that is made without a word about it.
DEFAULT_MONTHLY_TOKENS = 1_000_000_000
DEFAULT_CONCURRENCY, MOST_AT_ONCE = Limits().places, 1_000

UNBOUNDED = "unbounded"


@dataclass(frozen=True)
class KeyCaps:
    """`monthly_tokens` None: unbounded, so that only the account's holds. `concurrency` is how many requests run at once."""

    monthly_tokens: int | None
    concurrency: int


@dataclass(frozen=True)
class AccountCaps:
    """`keys` by key id."""

    monthly_tokens: int
    keys: dict[str, KeyCaps] = field(default_factory=dict)

    def of_key(self, key_id: str) -> KeyCaps:
        """A key without a cap, which only a Redis older than caps has, may use nothing."""
        return self.keys.get(key_id, KeyCaps(0, DEFAULT_CONCURRENCY))


class Caps:
    """Every method raises StoreUnavailable. The caps of a key are set with the key: `budgets/keys.py`."""

    def __init__(self, redis: Redis) -> None:
        self._redis, self._scripts = redis, Scripts(redis)

    async def set_account(self, account_id: str, tokens: int) -> list[str]:
        """The ids of the keys whose own cap is above it now. Raises CapOutOfBounds."""
        return [str(key_id) for key_id in await self._scripts.run("cap", [redis_keys.caps(account_id)], [check_tokens(tokens)])]

    async def of(self, account_id: str) -> AccountCaps:
        async with reaching():
            stored = fields(await self._redis.hgetall(redis_keys.caps(account_id)))
        ids = [name.partition("/")[2] for name in stored if name.startswith("key/")]
        return AccountCaps(int(stored.get("account", 0)), {key_id: _of_key(stored, key_id) for key_id in ids})


def check_tokens(tokens: int) -> int:
    """Raises CapOutOfBounds."""
    if not 0 <= tokens <= MAX_TOKENS:
        raise CapOutOfBounds(f"A monthly cap is 0 to {MAX_TOKENS:,} tokens; {tokens:,} is not.")
    return tokens


def check_concurrency(number: int) -> int:
    """Raises CapOutOfBounds."""
    if not 1 <= number <= MOST_AT_ONCE:
        raise CapOutOfBounds(f"A key runs 1 to {MOST_AT_ONCE:,} requests at once; {number:,} is not possible.")
    return number


def _of_key(stored: dict[str, str], key_id: str) -> KeyCaps:
    cap = stored[f"key/{key_id}"]
    return KeyCaps(None if cap == UNBOUNDED else int(cap), int(stored.get(f"places/{key_id}", DEFAULT_CONCURRENCY)))
