"""What `doctor` says of the site's database. Without it nobody signs in, and the API goes on: nothing here stops `up`."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from basemodel.checks import READY, WARNING, Finding
from basemodel.store import SECONDS
from router.settings import BadSetting
from workbench import migrations
from workbench.database import Database, reaching
from workbench.errors import SiteUnavailable
from workbench.settings import SiteSettings

NAME = "Site"
AWAY = "The site's database does not answer; start it, or correct BASEMODEL_DATABASE_URL. Until then nobody signs in, and the API goes on."
NEWER = "The site's database was made by a newer version than this; update this one, or restore a backup from before."


def database() -> Finding:
    """Looks, and changes nothing."""
    try:
        url = SiteSettings.read().database_url
    except BadSetting as error:
        return Finding(NAME, WARNING, str(error))
    parsed = make_url(url)
    if parsed.drivername.startswith("sqlite"):
        return _file(Path(str(parsed.database)), url)
    return _tables(url)


def _file(path: Path, url: str) -> Finding:
    if not path.exists():
        return Finding(NAME, READY, f"{path} is made with the first start")
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        return Finding(NAME, WARNING, f"Others can read {path}, which has people and prompts in it; run  chmod 600 {path}")
    return _tables(url)


def _tables(url: str) -> Finding:
    try:
        revision = asyncio.run(_revision(url))
    except (SiteUnavailable, DBAPIError):
        return Finding(NAME, WARNING, AWAY)
    if revision is None:
        return Finding(NAME, READY, "answers; its tables are made with the first start")
    known = [step.revision for step in ScriptDirectory(str(migrations.FOLDER)).walk_revisions()]
    if revision not in known:
        return Finding(NAME, WARNING, NEWER)
    return Finding(NAME, READY, "answers" if revision == known[0] else "answers; its tables are brought up to date with the next start")


async def _revision(url: str) -> str | None:
    """The step that its tables are at."""
    found = Database(url)
    try:
        async with reaching(SECONDS), found.engine.connect() as connection:
            return await connection.run_sync(lambda one: MigrationContext.configure(one).get_current_revision())
    finally:
        await found.close()
