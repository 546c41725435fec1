"""The steps from one version's tables to the next's, by Alembic; made when a process first uses the database."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

FOLDER = Path(__file__).parent
#: Of PostgreSQL's advisory locks, which are numbers.
LOCK = 0x62773031


async def migrate(engine: AsyncEngine) -> None:
    """All steps in one transaction, which is the lock as well: of processes that start together one does it, and the others
    find it done."""
    async with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    """Tables of a newer version stay as they are: while one is rolled out, gateways of both start."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    current = MigrationContext.configure(connection).get_current_revision()
    if current is None or current in {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}:
        command.upgrade(config, "head")
