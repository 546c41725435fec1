"""The SQL database of people and documents: SQLite on one machine, PostgreSQL for several.

A noun declares its table in its own module, as a subclass of `Base`; moments are whole Unix seconds and ids are texts:

    class Thing(Base):
        __tablename__ = "things"
        id: Mapped[str] = mapped_column(String(32), primary_key=True)
        owner: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
        note: Mapped[str | None] = mapped_column(Text, default=None)

The table itself is made by a migration in `migrations/versions`, which a test compares with the classes. Each question is one
transaction, and its session ends with it; what was loaded stays readable:

    async with database.reading() as session:
        thing = await session.get(Thing, id)
    async with database.writing() as session:      # committed at the end of the block, undone by any exception
        session.add(Thing(id=..., owner=...))

A rule that two requests could break together (used once, a quota, the latest version) belongs into `writing()`: SQLite lets one
writer in at a time; for PostgreSQL take the row with `with_for_update()`, or change it by `update(...).where(...)` and
look at the row count. A broken UNIQUE comes out as `sqlalchemy.exc.IntegrityError`.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, ClassVar

from sqlalchemy import URL, BigInteger, Connection, MetaData, event
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass

from workbench.errors import SiteUnavailable
from workbench.migrations import migrate

#: The longest that one question may take, that a writer waits for another (SQLite) or for a connection, and that a new connection
#: may take; and how soon a database that was away is tried again.
SECONDS, BUSY_SECONDS, CONNECT_SECONDS, RETRY_SECONDS = 10.0, 5.0, 3.0, 1.0
MOST_CONNECTIONS = 16
WRITES = "basemodel_writes"
#: Names that a later migration can rely on.
NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
#: Of what the drivers raise, these say that a statement was wrong; all others, that the server is away, starting, full or frozen.
OURS = (IntegrityError, ProgrammingError, DataError, NotSupportedError)
AWAY = (PoolTimeout, OSError, TimeoutError)


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True, repr=False):
    """What every table's class is made from: constructors take keywords, and nothing is printed by accident."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {int: BigInteger}


class Database:
    """`url` is one of `settings.py`. Opened when it is first used, and again and again until it is there."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self._opened, self._opening, self._not_before = False, asyncio.Lock(), 0.0
        self._read = async_sessionmaker(self.engine, expire_on_commit=False)
        self._write = async_sessionmaker(self.engine.execution_options(**{WRITES: True}), expire_on_commit=False)

    async def open(self) -> None:
        """The tables are as this version has them. One that was away is not asked by everybody. Raises SiteUnavailable."""
        if self._opened:
            return
        async with reaching(), self._opening:
            if not self._opened and time.monotonic() < self._not_before:
                raise SiteUnavailable
            if not self._opened:
                self._not_before = time.monotonic() + CONNECT_SECONDS + RETRY_SECONDS
                await self._migrate()
                self._opened = True

    async def _migrate(self) -> None:
        """A server that does not know the database, or will not let it be changed, is told as a statement that was wrong."""
        _make_file(self.engine.url)
        try:
            await migrate(self.engine.execution_options(**{WRITES: True}))
        except OURS as error:
            raise SiteUnavailable from error

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Raises SiteUnavailable."""
        await self.open()
        async with reaching(), self._read() as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """Raises SiteUnavailable, and IntegrityError of what is written."""
        await self.open()
        async with reaching(), self._write.begin() as session:
            yield session

    async def close(self) -> None:
        await self.engine.dispose()


@asynccontextmanager
async def reaching(seconds: float = SECONDS) -> AsyncIterator[None]:
    """Turns every failure of the server into `SiteUnavailable`."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except OURS:
        raise
    except (DBAPIError, *AWAY) as error:
        raise SiteUnavailable from error


def _engine(url: str) -> AsyncEngine:
    if not url.startswith("sqlite"):
        options = {"timeout": CONNECT_SECONDS, "command_timeout": SECONDS}
        pool = {"pool_size": MOST_CONNECTIONS, "max_overflow": 0, "pool_timeout": BUSY_SECONDS, "pool_pre_ping": True}
        return create_async_engine(url, connect_args=options, **pool)
    engine = create_async_engine(url, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine.sync_engine, "connect", _prepare)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _make_file(url: URL) -> None:
    """SQLite's, where there is none: for this user only, whatever the umask; what SQLite keeps beside it gets the same mode."""
    name = url.database or ""
    if url.drivername.startswith("sqlite") and not name.startswith("file:") and not os.path.exists(name):
        with suppress(OSError):  # SQLite says it too
            os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _prepare(connection: Any, _: Any) -> None:
    """Transactions are begun by `_begin` alone: the driver's own way would begin none for schema changes."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    """A writer takes its turn at once: one that only read so far would be refused once another wrote."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(WRITES) else "BEGIN")
