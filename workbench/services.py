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
from workbench.database import Database
from workbench.doorman import Doorman
from workbench.errors import SiteUnavailable
from workbench.invites import Invites
from workbench.passwords import Passwords
from workbench.resets import Resets
from workbench.sessions import Sessions
from workbench.settings import SiteSettings
from workbench.users import Users
from workbench.workbench_key import WorkbenchKeys

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
        )

    async def open(self) -> None:
        """The tables are there; where the database is away, they are made when it is back."""
        try:
            await self.database.open()
        except SiteUnavailable as error:
            log.warning("The site's database could not be opened: %s", error.__cause__)

    async def close(self) -> None:
        await self.database.close()


def _site(request: Request) -> Site:
    return cast(Site, request.app.state.site)


AppSite = Annotated[Site, Depends(_site)]
