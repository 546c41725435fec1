"""The keys of an account as its people see them: what each may use, has used this month, and when last; never the key itself."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import select

from budgets.caps import Caps, KeyCaps
from budgets.keys import ApiKey
from budgets.usage import Standing, Usage
from workbench.moments import instant
from workbench.services import Site
from workbench.users import User


class KeyRecords:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def of_account(self, account_id: str) -> dict[str, Any]:
        """Raises BudgetError, SiteUnavailable."""
        report = await Usage(self._site.redis).of_account(account_id)
        caps, own = await Caps(self._site.redis).of(account_id), await self.workbench_keys(account_id)
        standings = {standing.id: standing for standing in report.keys}
        keys = await self._site.keys.list(account_id)
        shown = [_document(key, caps.of_key(key.id), standings.get(key.id), key.id in own) for key in keys]
        balance = report.account.document()
        return {"keys": shown, "account": {name: balance[name] for name in ("cap", "used", "held", "remaining")}}

    async def workbench_keys(self, account_id: str) -> frozenset[str]:
        """Those of all its users."""
        async with self._site.database.reading() as session:
            found = await session.scalars(select(User.key_id).where(User.account_id == account_id, User.key_id.is_not(None)))
            return frozenset(key_id for key_id in found if key_id is not None)


def _document(key: ApiKey, caps: KeyCaps, standing: Standing | None, workbench: bool) -> dict[str, Any]:
    """`expires` is the last second at which it opens anything."""
    balance = standing and standing.balance
    return {
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "last4": key.last4,
        "state": "expired" if key.expired(time.time()) and key.state != "revoked" else key.state,
        "created": instant(key.created),
        "expires": None if key.expires is None else instant(key.expires - 1),
        "models": None if key.models is None else list(key.models),
        "monthly_tokens": caps.monthly_tokens,
        "concurrency": caps.concurrency,
        "spent": balance.used if balance else 0,
        "held": balance.held if balance else 0,
        "last_used": None if key.last_used is None else instant(key.last_used),
        "workbench": workbench,
    }
