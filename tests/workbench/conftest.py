"""The site on the application over scripted engines, and browsers that visit it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from redis.asyncio import Redis
from starlette.routing import Mount

from budgets.accounts import Account, Accounts
from router.app import Services, create_app
from router.services import Parts
from tests.conftest import SECRET
from tests.workbench.browser import Browser
from tests.workbench.postgres import Postgres
from workbench import passwords
from workbench.services import Site
from workbench.session_parts import SessionParts
from workbench.settings import SiteSettings, database
from workbench.site import add_site
from workbench.users import USER

SignUp = Callable[..., Awaitable[Browser]]


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """64 MiB for each user of each test would be most of what the tests do."""
    monkeypatch.setattr(passwords, "PasswordHasher", lambda: PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with Postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of an empty database; all that the site keeps is tried in both kinds."""
    if request.param == "sqlite":
        return database(f"sqlite:///{tmp_path / 'site.db'}")
    return str(request.getfixturevalue("emptied_postgres_url"))


@pytest.fixture(scope="session")
def shared_postgres_url(postgres: Postgres) -> Iterator[str]:
    with postgres.new_database() as url:
        yield url


@pytest.fixture
def emptied_postgres_url(postgres: Postgres, shared_postgres_url: str) -> str:
    """Of the database that all tests share: to make one, with its tables, takes longer than most tests do."""
    postgres.empty(shared_postgres_url)
    return database(shared_postgres_url)


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    with postgres.new_database() as url:
        yield database(url)


@pytest.fixture
def site_settings(database_url: str) -> SiteSettings:
    return SiteSettings(database_url)


@pytest.fixture
async def site(site_settings: SiteSettings, redis: Redis) -> AsyncIterator[Site]:
    one = Site.of(site_settings, SECRET, redis)
    yield one
    await one.close()


@pytest.fixture(scope="session")
def furnished() -> FastAPI:
    """The application of all tests over plain http: to make its 150 routes takes longer than most tests do."""
    nobody = cast(Any, None)
    services = Services(keys=nobody, accounting=nobody, fleet=nobody, redis=nobody, engine_version="scripted")
    return add_site(create_app(services), cast(Site, SimpleNamespace(settings=SiteSettings(database("sqlite:///none")))))


@pytest.fixture
def app(services: Services, site: Site, request: pytest.FixtureRequest) -> FastAPI:
    """Every request is one from the same process's machine, which plain http is good for."""
    if site.settings.https:
        return create_app(services)
    application: FastAPI = request.getfixturevalue("furnished")
    [inner] = [cast(FastAPI, route.app) for route in application.routes if isinstance(route, Mount) and route.path == "/site"]
    application.state.parts, application.state.site = Parts.of(services), site
    inner.state.parts, inner.state.site = SessionParts.beside(application.state.parts, site), site
    return application


@pytest.fixture
def site_app(app: FastAPI, site: Site) -> FastAPI:
    return add_site(app, site) if site.settings.https else app


@pytest.fixture
async def account(redis: Redis) -> Account:
    return await Accounts(redis).create("people")


@pytest.fixture
async def browser(site_app: FastAPI) -> AsyncIterator[Browser]:
    """Nobody is signed in there."""
    async with Browser(site_app) as one:
        yield one


@pytest.fixture
async def sign_up(site_app: FastAPI, site: Site, account: Account) -> AsyncIterator[SignUp]:
    """A new user's browser: `await sign_up("ada", role="admin")`."""
    opened: list[Browser] = []

    async def signed_up(name: str, role: str = USER, owner: Account = account) -> Browser:
        token, _ = await site.invites.make(owner, role)
        opened.append(Browser(site_app))
        await opened[-1].accept(token, name)
        return opened[-1]

    yield signed_up
    for one in opened:
        await one.aclose()
