"""Feedback: what people say of the service, kept for its admins until one of them deletes it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from workbench import audit
from workbench.audit import Who
from workbench.database import Base, Database
from workbench.errors import FeedbackUnknown, InboxFull, TooMuchFeedback
from workbench.moments import timed_id
from workbench.users import User, by_id

#: So many of one user within an hour, and kept of one user and of all.
MOST_AN_HOUR, MOST_OF_ONE, MOST = 20, 200, 5_000
HOUR = 3600
ON_A_PAGE = 50


class Feedback(Base):
    """`id`s sort by time; `parameters` is JSON; `read` is when an admin had read it."""

    __tablename__ = "feedback"
    __table_args__ = (Index("ix_feedback_user_id", "user_id", "id"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    text: Mapped[str] = mapped_column(Text)
    page: Mapped[str] = mapped_column(Text)
    created: Mapped[int]
    request_id: Mapped[str | None] = mapped_column(Text, default=None)
    parameters: Mapped[str | None] = mapped_column(Text, default=None)
    read: Mapped[int | None] = mapped_column(default=None)


@dataclass(frozen=True)
class Said:
    """What somebody sends: on which page, and if they like of which request and with which parameters."""

    text: str
    page: str
    request_id: str | None = None
    parameters: dict[str, Any] | None = None


class Inbox:
    """Every method raises SiteUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, user: User, said: Said) -> Feedback:
        """Raises TooMuchFeedback, InboxFull."""
        parameters = None if said.parameters is None else json.dumps(said.parameters, ensure_ascii=False)
        one = Feedback(
            id=timed_id(),
            user_id=user.id,
            text=said.text,
            page=said.page,
            created=int(time.time()),
            request_id=said.request_id,
            parameters=parameters,
        )
        async with self._database.writing() as session:
            await by_id(session, user.id, change=True)
            await _refuse_surplus(session, user)
            session.add(one)
        return one

    async def page(self, before: str | None = None) -> list[tuple[Feedback, str | None]]:
        """The latest first, of those before this id, each with the name of its user."""
        query = select(Feedback, User.name).outerjoin(User).order_by(Feedback.id.desc()).limit(ON_A_PAGE)
        async with self._database.reading() as session:
            found = await session.execute(query if before is None else query.where(Feedback.id < before))
            return [(one, name) for one, name in found]

    async def unread(self) -> int:
        async with self._database.reading() as session:
            return await session.scalar(select(func.count()).select_from(Feedback).where(Feedback.read.is_(None))) or 0

    async def mark(self, feedback_id: str, read: bool) -> None:
        """Raises FeedbackUnknown."""
        change = update(Feedback).where(Feedback.id == feedback_id).values(read=int(time.time()) if read else None)
        async with self._database.writing() as session:
            if await session.scalar(change.returning(Feedback.id)) is None:
                raise FeedbackUnknown

    async def delete(self, feedback_id: str, by: Who) -> None:
        """Raises FeedbackUnknown."""
        async with self._database.writing() as session:
            gone = await session.get(Feedback, feedback_id)
            if gone is None:
                raise FeedbackUnknown
            await session.execute(delete(Feedback).where(Feedback.id == feedback_id))
            await audit.note(session, by, "feedback.deleted", feedback_id, before={"user": gone.user_id, "page": gone.page})


async def _refuse_surplus(session: AsyncSession, user: User) -> None:
    """Raises TooMuchFeedback, InboxFull."""
    own, now = Feedback.user_id == user.id, int(time.time())
    latest = select(Feedback.created).where(own).order_by(Feedback.id.desc()).offset(MOST_AN_HOUR - 1).limit(1)
    before = await session.scalar(latest)
    if before is not None and before > now - HOUR:
        raise TooMuchFeedback(before + HOUR - now)
    counted = select(func.count()).select_from(Feedback)
    if (await session.scalar(counted.where(own)) or 0) >= MOST_OF_ONE or (await session.scalar(counted) or 0) >= MOST:
        raise InboxFull
