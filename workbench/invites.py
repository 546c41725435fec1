"""Invites: links that let one person in, once, within seven days. Only the digest of a link is stored."""

from __future__ import annotations

import secrets
import time

from sqlalchemy import String, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from budgets import names
from budgets.accounts import Account
from workbench import audit, tokens
from workbench.audit import COMMAND_LINE, Who
from workbench.database import Base, Database
from workbench.errors import InviteUnknown

SECONDS = 7 * 24 * 3600


class Invite(Base):
    """To which account, and in which role; `made_by` is a user's id, None for the command line."""

    __tablename__ = "invites"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[str] = mapped_column(String(32))
    account: Mapped[str] = mapped_column(String(names.LONGEST))
    role: Mapped[str] = mapped_column(String(16))
    created: Mapped[int]
    expires: Mapped[int] = mapped_column(index=True)
    made_by: Mapped[str | None] = mapped_column(String(32), default=None)
    used: Mapped[int | None] = mapped_column(default=None)

    def lasts(self, now: float) -> bool:
        return self.used is None and now < self.expires


class Invites:
    """Every method raises SiteUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def make(self, account: Account, role: str, by: Who = COMMAND_LINE) -> tuple[str, Invite]:
        """What the link ends with, shown this once, and the invite."""
        token, now = tokens.new_token(), int(time.time())
        invite = Invite(
            id=secrets.token_hex(8),
            digest=tokens.digest(token),
            account_id=account.id,
            account=account.name,
            role=role,
            created=now,
            expires=now + SECONDS,
            made_by=by.id if by.is_user else None,
        )
        async with self._database.writing() as session:
            await session.execute(delete(Invite).where(Invite.expires < now - SECONDS))
            session.add(invite)
            await audit.note(session, by, "invite.made", account.name, after={"role": role})
        return token, invite

    async def look(self, token: str) -> Invite:
        """Raises InviteUnknown."""
        async with self._database.reading() as session:
            invite = await session.scalar(select(Invite).where(Invite.digest == tokens.digest(token)))
        if invite is None or not invite.lasts(time.time()):
            raise InviteUnknown
        return invite

    async def list(self) -> list[Invite]:
        """Those that still open something."""
        open_ones = select(Invite).where(Invite.used.is_(None), Invite.expires > int(time.time()))
        async with self._database.reading() as session:
            return list(await session.scalars(open_ones.order_by(Invite.created, Invite.id)))

    async def withdraw(self, invite_id: str, by: Who = COMMAND_LINE) -> None:
        """Raises InviteUnknown."""
        async with self._database.writing() as session:
            query = delete(Invite).where(Invite.id == invite_id, Invite.used.is_(None)).returning(Invite.account, Invite.role)
            gone = (await session.execute(query)).one_or_none()
            if gone is None:
                raise InviteUnknown
            await audit.note(session, by, "invite.withdrawn", gone.account, before={"role": gone.role})


async def use(session: AsyncSession, token: str) -> Invite:
    """The invite, which nobody can use from then on. Raises InviteUnknown."""
    now = int(time.time())
    good = (Invite.digest == tokens.digest(token), Invite.used.is_(None), Invite.expires > now)
    invite: Invite | None = await session.scalar(update(Invite).where(*good).values(used=now).returning(Invite))
    if invite is None:
        raise InviteUnknown
    return invite
