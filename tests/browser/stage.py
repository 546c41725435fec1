"""The site over scripted engines on a loopback port, with people and keys in it: for tests in a real browser, and for screenshots."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from budgets.accounting import Accounting
from budgets.accounts import Account, Accounts
from budgets.keys import Keys
from budgets.store import connect
from router.app import Services, create_app
from router.catalogue import EMBEDDED, Catalogue, ModelSpec
from router.lifecycle import Phase, Standing, State
from router.scripted_engine import Script, ScriptedEngine, ScriptedFleet
from router.tokens import Vocabulary
from tests.conftest import PATIENCE_SECONDS, PICO, SECRET
from tests.router.server import served
from workbench.services import Site
from workbench.settings import Links, SiteSettings, database
from workbench.site import add_site
from workbench.users import USER

BUDGET = 5_000_000
NANO = ModelSpec(id="nano", source="embedded/nano", revision="1", max_model_len=2048, path=str(EMBEDDED / "pico"), idle_seconds=300)


@dataclass(frozen=True)
class Stage:
    """`address` is where a browser finds the site."""

    address: str
    site: Site
    fleet: ScriptedFleet
    account: Account

    async def invite(self, role: str = USER) -> str:
        """An invite's link."""
        token, _ = await self.site.invites.make(self.account, role)
        return f"{self.address}/invite#{token}"

    def boot(self, model: str, since: float) -> None:
        """From now on the model is one that starts."""
        self.fleet.stand(model, Standing(State.STARTING, since, Phase.LOADING, 42.0, wanted=1, done=3 << 28, total=1 << 30))


@asynccontextmanager
async def staged(folder: Path, redis_url: str, script: Script | None = None, links: Links | None = None) -> AsyncIterator[Stage]:
    """The Redis is emptied first."""
    redis = connect(redis_url, PATIENCE_SECONDS)
    await redis.flushall()
    accounting = Accounting(redis, folder / "accounting")
    await accounting.start()
    fleet = _fleet(script)
    site = Site.of(SiteSettings(database(f"sqlite:///{folder / 'site.db'}"), links=links or Links()), SECRET, redis)
    await site.open()
    services = Services(keys=Keys(redis, SECRET), accounting=accounting, fleet=fleet, redis=redis, engine_version="scripted")
    account = await Accounts(redis).create("people", BUDGET)
    try:
        async with served(add_site(create_app(services), site)) as address:
            yield Stage(address, site, fleet, account)
    finally:
        await site.close()
        await accounting.close()
        await redis.aclose()


def _fleet(script: Script | None) -> ScriptedFleet:
    vocabulary = Vocabulary.load(str(EMBEDDED / "pico"))
    engines = {model.id: ScriptedEngine(vocabulary, script) for model in (PICO, NANO)}
    return ScriptedFleet(Catalogue(models=(PICO, NANO)), engines)
