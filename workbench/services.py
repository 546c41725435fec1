"""What the site is made of, reached from every route of it as `AppSite`."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends
from redis.asyncio import Redis
from starlette.requests import Request

from budgets.accounts import Accounts
from budgets.keys import Keys
from budgets.secret import Secret
from router.flood import Flood
from workbench.audit import Audit
from workbench.database import Database
from workbench.doorman import Doorman
from workbench.errors import SiteUnavailable, TooManyNewKeys
from workbench.feedback import Inbox
from workbench.invites import Invites
from workbench.passwords import Passwords
from workbench.prompts import Prompts
from workbench.resets import Resets
from workbench.sessions import Sessions
from workbench.settings import SiteSettings
from workbench.users import Users
from workbench.webhook import Webhook
from workbench.workbench_key import WorkbenchKeys

#: Keys that a user may make at once, and how many come back per second.
NEW_KEYS = (30, 1 / 20)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Site:
    """`keys`, `accounts` and `redis` are those of the API."""

    settings: SiteSettings
    secret: Secret
    redis: Redis
    keys: Keys
    accounts: Accounts
    database: Database
    users: Users
    sessions: Sessions
    invites: Invites
    resets: Resets
    passwords: Passwords
    doorman: Doorman
    workbench_keys: WorkbenchKeys
    audit: Audit
    inbox: Inbox
    webhook: Webhook
    prompts: Prompts
    new_keys: Flood

    @classmethod
    def of(cls, settings: SiteSettings, secret: Secret, redis: Redis) -> Site:
        """Opens nothing until it is used."""
        database = Database(settings.database_url)
        keys, users = Keys(redis, secret), Users(database)
        return cls(
            settings=settings,
            secret=secret,
            redis=redis,
            keys=keys,
            accounts=Accounts(redis),
            database=database,
            users=users,
            sessions=Sessions(database),
            invites=Invites(database),
            resets=Resets(database),
            passwords=Passwords(),
            doorman=Doorman(),
            workbench_keys=WorkbenchKeys(keys, users),
            audit=Audit(database),
            inbox=Inbox(database),
            webhook=Webhook(settings.feedback_webhook),
            prompts=Prompts(database),
            new_keys=Flood(*NEW_KEYS, TooManyNewKeys),
        )

    async def open(self) -> None:
        """The tables are there; where the database is away, they are made when it is back."""
        try:
            await self.database.open()
        except SiteUnavailable as error:
            log.warning("The site's database could not be opened: %s", error.__cause__)

    async def close(self) -> None:
        await self.webhook.close()
        await self.database.close()


async def _site(request: Request) -> Site:
    return cast(Site, request.app.state.site)


AppSite = Annotated[Site, Depends(_site)]
