"""Sessions: who is signed in in which browser. Only the digest of a cookie is stored."""

from __future__ import annotations

import time

from sqlalchemy import ForeignKey, String, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from workbench import tokens
from workbench.database import Base, Database
from workbench.users import ACTIVE, User

#: A session ends so long after it was last used, and so long after it began. A page that is open uses it.
IDLE_SECONDS, LONGEST_SECONDS = 2 * 3600, 12 * 3600
#: How exactly the last use is known: a write for each request would be one too many.
SEEN_SECONDS = 60
MOST_OF_ONE_USER = 20


class SiteSession(Base):
    """`digest` is that of the cookie; `era` the user's when it began."""

    __tablename__ = "sessions"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    era: Mapped[int]
    created: Mapped[int]
    seen: Mapped[int] = mapped_column(index=True)

    def lasts(self, user: User, now: float) -> bool:
        in_time = now < min(self.seen + IDLE_SECONDS, self.created + LONGEST_SECONDS)
        return in_time and user.state == ACTIVE and self.era == user.era


async def begin(session: AsyncSession, user: User) -> str:
    """The cookie of a new session; what is over, or too many of this user, goes."""
    now, token = int(time.time()), tokens.new_token()
    await session.execute(delete(SiteSession).where(SiteSession.seen < now - LONGEST_SECONDS))
    own = select(SiteSession.digest).where(SiteSession.user_id == user.id)
    older = own.order_by(SiteSession.created.desc(), SiteSession.digest).offset(MOST_OF_ONE_USER - 1)
    surplus = list(await session.scalars(older))
    await session.execute(delete(SiteSession).where(SiteSession.digest.in_(surplus)))
    session.add(SiteSession(digest=tokens.digest(token), user_id=user.id, era=user.era, created=now, seen=now))
    return token


class Sessions:
    """Every method raises SiteUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, token: str) -> tuple[User, str] | None:
        """Whose cookie this is and its digest; None where it opens nothing any more."""
        now = time.time()
        query = select(SiteSession, User).join(User).where(SiteSession.digest == tokens.digest(token))
        async with self._database.reading() as session:
            found = (await session.execute(query)).one_or_none()
        if found is None or not found[0].lasts(found[1], now):
            return None
        if now - found[0].seen >= SEEN_SECONDS:
            await self._see(found[0].digest, int(now))
        return found[1], found[0].digest

    async def end(self, digest: str) -> None:
        async with self._database.writing() as session:
            await session.execute(delete(SiteSession).where(SiteSession.digest == digest))

    async def _see(self, digest: str, now: int) -> None:
        async with self._database.writing() as session:
            await session.execute(update(SiteSession).where(SiteSession.digest == digest).values(seen=now))
