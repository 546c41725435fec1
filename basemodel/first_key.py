"""The account and key that the first start makes, so that the printed curl works at once."""

from __future__ import annotations

import os
import time
from pathlib import Path

from budgets.accounts import Accounts
from budgets.errors import BudgetError, UnknownAccount
from budgets.keys import ApiKey, Keys
from budgets.redis_checks import refuse_unsafe
from budgets.store import connect
from router.settings import Settings

ACCOUNT = "default"
NAME = "first"
FILE = "first-key"


async def ensure(settings: Settings) -> None:
    """Makes account and key where the account has none yet. Raises UnsafeRedis, SecretMismatch, StoreUnavailable."""
    redis = connect(settings.redis_url)
    try:
        keys, accounts = Keys(redis, settings.secret), Accounts(redis)
        await refuse_unsafe(redis)
        await keys.check_secret()
        try:
            account = await accounts.named(ACCOUNT)
        except UnknownAccount:
            account = await accounts.create(ACCOUNT)
        if not await keys.list(account.id):
            text, _ = await keys.create(account.id, NAME)
            store(settings.home, text)
    finally:
        await redis.aclose()


async def active(settings: Settings) -> str | None:
    """The stored key while it opens something; None too where Redis cannot say. Its last use stays as it was."""
    text, redis = stored(settings.home), connect(settings.redis_url)
    try:
        account = await Accounts(redis).named(ACCOUNT)
        keys = await Keys(redis, settings.secret).list(account.id)
    except BudgetError:
        return None
    finally:
        await redis.aclose()
    opens = account.state == "active" and any(_is_open(key, text or "") for key in keys)
    return text if opens else None


def _is_open(key: ApiKey, text: str) -> bool:
    """What is kept of a key is its end, not its text."""
    return key.state == "active" and not key.expired(time.time()) and text.startswith(key.prefix) and text.endswith(key.last4)


def store(home: Path, key: str) -> None:
    with open(os.open(home / FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(key + "\n")


def stored(home: Path) -> str | None:
    try:
        return (home / FILE).read_text().strip() or None
    except OSError:
        return None
