"""What can go wrong with accounts, keys and budgets.

BudgetError
├── UnknownKey            no such key, or one that is revoked, expired, misspelt or a disabled account's: never say which
├── UnknownAccount        no such account
├── AccountExists         an account of that name already exists
├── BadName               a name that is empty, too long or not printable
├── KeyRevoked            a revoked key stays as it is
├── Refused               the ledger grants this request nothing
│   ├── KeyRefused        its key, or its account, may not be used now; also what ends a running request
│   ├── BudgetExceeded    it cannot fit this month, even if all that is held were given back
│   ├── BudgetReserved    it does not fit while others run: soon
│   ├── QueueFull         too many requests of this key wait already
│   └── WaitedTooLong     its turn in the key's line did not come in time
├── RequestEnded          the request was settled, expired or given up before
├── RequestMismatch       the id of one request came with the numbers of another
├── AccountFull           an account has as many keys as it may
├── CapAboveAccount       a key's cap above its account's
├── CapOutOfBounds        a cap or a number of places that the ledger cannot hold
├── UnsafeRedis           a Redis that drops keys or forgets them
├── SecretMismatch        this process's BASEMODEL_SECRET is not the one the stored keys were hashed with
└── StoreUnavailable      Redis cannot be reached, or did not answer in time
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


class BudgetError(Exception):
    """Any failure of the accounting layer."""


class UnknownKey(BudgetError):
    """The presented key opens nothing."""


class UnknownAccount(BudgetError):
    """No account has this name, or this id."""


class AccountExists(BudgetError):
    """An account of this name exists already."""


class BadName(BudgetError):
    """The text is a sentence that says the rule."""


class KeyRevoked(BudgetError):
    """Revoking is permanent: nothing of the key changes any more."""


class Refused(BudgetError):
    """Nothing is held, and nothing waits."""


@dataclass
class KeyRefused(Refused):
    """`state` is `paused`, `revoked`, `expired`, `disabled` (its account) or `unknown` (Redis has no record of one of them).

    A heartbeat raises it too; then the request's tokens so far are written down, and it must stop and be settled.
    """

    state: str


@dataclass
class _DoesNotFit(Refused):
    """In tokens. `scope` is `key` or `account`; `resets_at` the first instant of the next month, UTC."""

    scope: str
    cap: int
    used: int
    held: int
    needed: int
    resets_at: datetime

    @property
    def remaining(self) -> int:
        """What a request could hold now; 0 also where a cap was lowered below what is used."""
        return max(0, self.cap - self.used - self.held)


class BudgetExceeded(_DoesNotFit):
    """used + needed > cap."""


class BudgetReserved(_DoesNotFit):
    """used + held + needed > cap, though used + needed is not."""


@dataclass
class QueueFull(Refused):
    bound: int


@dataclass
class WaitedTooLong(Refused):
    """`seconds`: the longest that one may wait; `ahead` of it were still so many."""

    ahead: int
    seconds: float


@dataclass
class RequestEnded(BudgetError):
    state: str


class RequestMismatch(BudgetError):
    """A fault of ours: request ids are made by the server, one for each request."""


class AccountFull(BudgetError):
    """Nothing was made."""


@dataclass
class CapAboveAccount(BudgetError):
    account_cap: int


class CapOutOfBounds(BudgetError):
    """The text is a sentence that says the bounds."""


class UnsafeRedis(BudgetError):
    """The text is a sentence that says what is wrong and what to do."""


class SecretMismatch(BudgetError):
    """The stored keys were hashed with another secret."""


class StoreUnavailable(BudgetError):
    """Redis is away; nothing was decided."""
