"""Resets: links by which a user sets a new password, once, within a day. Only the digest of a link is stored."""

from __future__ import annotations

import time

from sqlalchemy import ColumnElement, ForeignKey, String, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from workbench import audit, tokens
from workbench.audit import COMMAND_LINE, Who
from workbench.database import Base, Database
from workbench.errors import ResetUnknown
from workbench.users import ACTIVE, User, by_id

SECONDS = 24 * 3600


class Reset(Base):
    """A user has one at most: a new link makes the one before useless."""

    __tablename__ = "resets"
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    expires: Mapped[int]


class Resets:
    """Every method raises SiteUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def make(self, user_id: str, by: Who = COMMAND_LINE) -> tuple[str, Reset]:
        """What the link ends with, shown this once. Raises UserUnknown."""
        token = tokens.new_token()
        reset = Reset(user_id=user_id, digest=tokens.digest(token), expires=int(time.time()) + SECONDS)
        async with self._database.writing() as session:
            user = await by_id(session, user_id, change=True)
            await session.execute(delete(Reset).where(Reset.user_id == user_id))
            session.add(reset)
            await audit.note(session, by, "reset.made", user.name)
        return token, reset

    async def look(self, token: str) -> None:
        """Raises ResetUnknown."""
        async with self._database.reading() as session:
            if await session.scalar(select(Reset.user_id).where(*_good(token))) is None:
                raise ResetUnknown


async def use(session: AsyncSession, token: str) -> User:
    """The user of the link, which opens nothing from then on. Raises ResetUnknown, also for a disabled user."""
    user_id = await session.scalar(delete(Reset).where(*_good(token)).returning(Reset.user_id))
    user = None if user_id is None else await by_id(session, user_id, change=True)
    if user is None or user.state != ACTIVE:
        raise ResetUnknown
    return user


def _good(token: str) -> tuple[ColumnElement[bool], ...]:
    return Reset.digest == tokens.digest(token), Reset.expires > int(time.time())
