"""What was used in a month: the one reader behind `GET /v1/usage` and `basemodel usage show`.

A report of a key has the key's standing and its own counts. One of an account has `key` null, the standing of every key
under `keys`, and the counts of them all.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from redis.asyncio import Redis

from budgets import redis_keys
from budgets.errors import UnknownAccount, UnknownKey
from budgets.ledger import month_after
from budgets.requests import WORKLOADS, Balance
from budgets.scripts import CLOCK, Scripts

MONTH = re.compile(r"(?!0000)\d{4}-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True)
class Standing:
    """Of a key or an account. `id` is the key's, "" for an account."""

    id: str
    name: str
    balance: Balance

    def document(self) -> dict[str, Any]:
        balance = self.balance
        return {"name": self.name, "cap": balance.cap, "used": balance.used, "held": balance.held, "remaining": balance.remaining}


@dataclass(frozen=True)
class Row:
    """What one model was asked for, on one day or (`day` "") in the month, with one key or (`key` "") with all of a report.

    `counts` are those of `budgets/redis_keys.py`.
    """

    day: str
    model: str
    counts: Counter[str]
    key: str = ""

    def document(self) -> dict[str, Any]:
        shown = {what: self.counts[what] for what in ("requests", "prompt_tokens", "completion_tokens", "errors")}
        workloads = {workload: self.counts[f"{workload}_requests"] for workload in WORKLOADS}
        workloads["unspecified"] = shown["requests"] - sum(workloads.values())
        return {**({"day": self.day} if self.day else {}), "model": self.model, **shown, "workloads": workloads}


@dataclass(frozen=True)
class Report:
    """`key` None: of the whole account."""

    month: str
    key: Standing | None
    account: Standing
    keys: tuple[Standing, ...]
    rows: tuple[Row, ...]

    @property
    def resets_at(self) -> datetime:
        return month_after(self.month)

    @property
    def by_model(self) -> list[Row]:
        return _sums([Row("", row.model, row.counts) for row in self.rows])

    @property
    def by_day(self) -> list[Row]:
        return _sums(list(self.rows))

    @property
    def by_key(self) -> dict[str, list[Row]]:
        """By day and model, of each key that was used at all."""
        ids = {row.key for row in self.rows}
        return {key: _sums([row for row in self.rows if row.key == key]) for key in sorted(ids)}

    def document(self) -> dict[str, Any]:
        """As the contract has it; a report of an account has `keys` as well."""
        listed = {} if self.key else {"keys": [{"id": key.id, **key.document()} for key in self.keys]}
        return {
            "month": self.month,
            "resets_at": self.resets_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "key": self.key and self.key.document(),
            "account": self.account.document(),
            **listed,
            "by_model": [row.document() for row in self.by_model],
            "by_day": [row.document() for row in self.by_day],
        }


class Usage:
    """`month` is YYYY-MM, None for the one that Redis's clock is in. Both methods raise StoreUnavailable, and ValueError for
    a month that is none."""

    def __init__(self, redis: Redis, clock: str = CLOCK) -> None:
        self._scripts = Scripts(redis, clock)

    async def of_key(self, account_id: str, key_id: str, month: str | None = None) -> Report:
        """Raises UnknownAccount, UnknownKey."""
        shown, account, keys, rows = await self._read(account_id, key_id, month)
        if not keys:
            raise UnknownKey(key_id)
        return Report(shown, keys[0], account, keys, rows)

    async def of_account(self, account_id: str, month: str | None = None) -> Report:
        """Raises UnknownAccount."""
        shown, account, keys, rows = await self._read(account_id, "", month)
        return Report(shown, None, account, tuple(sorted(keys, key=lambda key: (key.name, key.id))), rows)

    async def _read(self, account_id: str, key_id: str, month: str | None) -> tuple[str, Standing, tuple[Standing, ...], tuple[Row, ...]]:
        keys = [redis_keys.account(account_id), redis_keys.account_keys(account_id), redis_keys.caps(account_id)]
        prefixes = [redis_keys.key(account_id, ""), redis_keys.usage(account_id, "")]
        args = [check_month(month) if month else "", key_id, *prefixes]
        reply = cast("list[Any]", await self._scripts.run("usage", [*keys, redis_keys.budget(account_id)], [*args]))
        if not reply:
            raise UnknownAccount(account_id)
        shown, account, found, counts = reply
        return str(shown), _standing("", *account), tuple(_standing(*key) for key in found), _rows(counts)


def check_month(month: str) -> str:
    """Raises ValueError."""
    if not MONTH.fullmatch(month):
        raise ValueError("A month is written YYYY-MM, as in 2026-11.")
    return month


def _standing(key_id: str, name: str, cap: str, used: int, held: int) -> Standing:
    return Standing(key_id, name, Balance(None if cap == "" else int(cap), used, held))


def _rows(counts: list[str]) -> tuple[Row, ...]:
    """One for each count that is stored: DAY/KEYID/COUNT/MODEL, where a model's id may have a slash too."""
    named = [(field.split("/", 3), int(count)) for field, count in zip(counts[::2], counts[1::2], strict=True)]
    return tuple(Row(day, model, Counter({what: count}), key) for (day, key, what, model), count in named)


def _sums(rows: list[Row]) -> list[Row]:
    """One row for each day and model, in order."""
    sums: dict[tuple[str, str], Counter[str]] = {}
    for row in rows:
        sums.setdefault((row.day, row.model), Counter()).update(row.counts)
    return [Row(day, model, counts) for (day, model), counts in sorted(sums.items())]
