"""What can go wrong with accounts and keys.

BudgetError
├── UnknownKey            no such key, or one that is revoked, expired or misspelt: never say which
├── UnknownAccount        no account of that name
├── AccountExists         an account of that name already exists
├── SecretMismatch        this process's BASEMODEL_SECRET is not the one the stored keys were hashed with
└── StoreUnavailable      Redis cannot be reached, or did not answer in time
"""

from __future__ import annotations


class BudgetError(Exception):
    """Any failure of the accounting layer."""


class UnknownKey(BudgetError):
    """The presented key opens nothing."""


class UnknownAccount(BudgetError):
    """No account has this name."""


class AccountExists(BudgetError):
    """An account of this name exists already."""


class SecretMismatch(BudgetError):
    """The stored keys were hashed with another secret."""


class StoreUnavailable(BudgetError):
    """Redis is away; nothing was decided."""
