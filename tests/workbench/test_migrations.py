from __future__ import annotations

import asyncio
import importlib
import pkgutil
import sys
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

import workbench
from workbench.database import Base, Database
from workbench.services import Site
from workbench.users import Users

START = "import asyncio, sys; from workbench.database import Database; asyncio.run(Database(sys.argv[1]).open())"
PROCESSES = 3


@pytest.fixture
def emptied_postgres_url(postgres_url: str) -> str:
    """The tables themselves are the matter here: each test has a database that has none yet."""
    return postgres_url


def differences(connection: Connection) -> list[Any]:
    """Between the tables that the steps made and the classes, of all nouns."""
    for module in pkgutil.iter_modules(workbench.__path__, "workbench."):
        importlib.import_module(module.name)
    return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata))


async def test_the_steps_make_the_tables_that_the_classes_declare(site: Site) -> None:
    await site.database.open()
    async with site.database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_processes_that_start_together_agree(database_url: str) -> None:
    command = (sys.executable, "-c", START, database_url)
    started = [await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE) for _ in range(PROCESSES)]
    said = [(await one.communicate())[1].decode() for one in started]
    assert [one.returncode for one in started] == [0] * PROCESSES, said


async def test_what_is_kept_survives_the_next_start(site: Site, database_url: str) -> None:
    await site.database.open()
    again = Database(database_url)
    assert await Users(again).list() == []
    await again.close()


async def test_tables_of_a_newer_version_are_left_as_they_are(site: Site, database_url: str) -> None:
    await site.database.open()
    async with site.database.writing() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999_later'"))
    older = Database(database_url)
    assert await Users(older).list() == []
    await older.close()
