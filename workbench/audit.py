"""The audit log: who changed what, when, from what to what; never a password, a token, a key or a prompt.

What changes in SQL is written down by `note`, in the same transaction. What changes in Redis is written down by `Audit.tell` right
after it: a log that cannot be written then is an error in the process's own log, and the change stays.
What happens often is counted by the hour: `count`.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Index, String, Text, delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from budgets import names
from workbench.database import Base, Database
from workbench.errors import SiteUnavailable
from workbench.moments import timed_id

log = logging.getLogger(__name__)

#: An entry is kept for so long; and so many of one kind by one person, so that nobody can push out what others did, or what they
#: did themselves, by doing something else often.
SECONDS, MOST_OF_A_KIND = 400 * 24 * 3600, 5_000
HOUR = 3600
ON_A_PAGE = 50


@dataclass(frozen=True)
class Who:
    """`id` is a user's, or the name itself of whoever is no user."""

    id: str
    name: str

    @property
    def is_user(self) -> bool:
        return self not in (COMMAND_LINE, SOMEBODY)


#: Whoever runs `basemodel` on the operator's machine; and whoever stands before the door.
COMMAND_LINE, SOMEBODY = Who("command line", "command line"), Who("somebody", "somebody")


class Entry(Base):
    """`id`s sort by time; `who_id` and `who` are a `Who`'s, the name as it was then; `before` and `after` are JSON."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_who_id", "who_id", "what", "id"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[int] = mapped_column(index=True)
    who_id: Mapped[str] = mapped_column(String(32))
    who: Mapped[str] = mapped_column(String(names.LONGEST))
    what: Mapped[str] = mapped_column(String(64))
    target: Mapped[str | None] = mapped_column(Text, default=None)
    before: Mapped[str | None] = mapped_column(Text, default=None)
    after: Mapped[str | None] = mapped_column(Text, default=None)


async def note(session: AsyncSession, who: Who, what: str, target: str | None = None, before: Any = None, after: Any = None) -> None:
    """`what` is a noun and what was done to it: `user.disabled`. What is too old, or too many, goes."""
    now = int(time.time())
    kind = (Entry.who_id == who.id, Entry.what == what)
    surplus = select(Entry.id).where(*kind).order_by(Entry.id.desc()).offset(MOST_OF_A_KIND - 1).limit(1).scalar_subquery()
    for gone in (delete(Entry).where(Entry.at < now - SECONDS), delete(Entry).where(*kind, Entry.id <= surplus)):
        await session.execute(gone, execution_options={"synchronize_session": False})
    changed = {"before": _json(before), "after": _json(after)}
    session.add(Entry(id=timed_id(), at=now, who_id=who.id, who=who.name, what=what, target=target, **changed))


async def count(session: AsyncSession, who: Who, what: str, target: str | None = None) -> None:
    """One more in the entry of this hour; `after` has the number."""
    same = (Entry.who_id == who.id, Entry.what == what, Entry.at > int(time.time()) - HOUR)
    of_target = Entry.target.is_(None) if target is None else Entry.target == target
    latest = select(Entry).where(*same, of_target).order_by(Entry.id.desc()).limit(1)
    entry = await session.scalar(latest.with_for_update())
    if entry is None:
        await note(session, who, what, target, after={"count": 1})
    else:
        entry.after = _json({"count": json.loads(entry.after or "{}").get("count", 0) + 1})


class Audit:
    """What is written down apart from what it tells of, and read again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def tell(self, who: Who, what: str, target: str | None = None, before: Any = None, after: Any = None) -> None:
        """Raises nothing: what it tells of is done."""
        await self._write(what, lambda session: note(session, who, what, target, before, after))

    async def count(self, who: Who, what: str, target: str | None = None) -> None:
        """Raises nothing."""
        await self._write(what, lambda session: count(session, who, what, target))

    async def page(self, before: str | None = None) -> list[Entry]:
        """The latest first, of those before this id. Raises SiteUnavailable."""
        query = select(Entry).order_by(Entry.id.desc()).limit(ON_A_PAGE)
        async with self._database.reading() as session:
            return list(await session.scalars(query if before is None else query.where(Entry.id < before)))

    async def _write(self, what: str, entry: Callable[[AsyncSession], Awaitable[None]]) -> None:
        try:
            async with self._database.writing() as session:
                await entry(session)
        except (SiteUnavailable, SQLAlchemyError):
            log.exception("%s could not be written into the audit log.", what)


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)
