"""Users: people who may sign in. Each belongs to an account, which owns keys, budget and usage."""

from __future__ import annotations

import secrets
import time
import unicodedata

from sqlalchemy import String, Text, false, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from budgets import names
from workbench import audit
from workbench.audit import COMMAND_LINE, Who
from workbench.database import Base, Database
from workbench.errors import Conflict, UserUnknown

USER, ADMIN = "user", "admin"
ROLES = (USER, ADMIN)
ACTIVE, DISABLED = "active", "disabled"


class User(Base):
    """`folded` is the name as it is compared; `era` counts what ended all sessions so far: only those of this era open anything.
    `account` is the account's name, which never changes. `key_id` None: the `workbench` key is made when it is first needed;
    `key_stopped`: it is paused because the user was disabled, and by nobody else."""

    __tablename__ = "users"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(names.LONGEST))
    folded: Mapped[str] = mapped_column(Text, unique=True)
    account_id: Mapped[str] = mapped_column(String(32), index=True)
    account: Mapped[str] = mapped_column(String(names.LONGEST))
    role: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    password: Mapped[str] = mapped_column(Text)
    created: Mapped[int]
    era: Mapped[int] = mapped_column(default=0)
    key_id: Mapped[str | None] = mapped_column(String(32), default=None)
    key_stopped: Mapped[bool] = mapped_column(server_default=false(), default=False)

    @property
    def is_admin(self) -> bool:
        return self.role == ADMIN

    @property
    def who(self) -> Who:
        return Who(self.id, self.name)


def fold(name: str) -> str:
    """Names that look alike to a reader of capitals and widths are one name."""
    return unicodedata.normalize("NFKC", name).casefold()


def new_user(name: str, account_id: str, account: str, role: str, password: str) -> User:
    """`password` is a hash. Raises BadName."""
    return User(
        id=secrets.token_hex(8),
        name=names.check(name),
        folded=fold(name),
        account_id=account_id,
        account=account,
        role=role,
        state=ACTIVE,
        password=password,
        created=int(time.time()),
    )


class Users:
    """Every method raises SiteUnavailable, and one that is given a user raises UserUnknown."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self) -> list[User]:
        async with self._database.reading() as session:
            return list(await session.scalars(select(User).order_by(User.folded)))

    async def find(self, name: str) -> User | None:
        async with self._database.reading() as session:
            return await session.scalar(select(User).where(User.folded == fold(name)))

    async def named(self, name: str) -> User:
        user = await self.find(name)
        if user is None:
            raise UserUnknown
        return user

    async def get(self, user_id: str) -> User:
        async with self._database.reading() as session:
            return await by_id(session, user_id)

    async def disable(self, user_id: str, by: Who = COMMAND_LINE) -> User:
        """The sessions end at once. Raises Conflict."""
        async with self._database.writing() as session:
            user = await _to_change(session, user_id, by)
            await _change(session, user, by, "user.disabled", state=DISABLED)
            return user

    async def enable(self, user_id: str, by: Who = COMMAND_LINE) -> User:
        async with self._database.writing() as session:
            user = await by_id(session, user_id, change=True)
            await _change(session, user, by, "user.enabled", state=ACTIVE)
            return user

    async def set_role(self, user_id: str, role: str, by: Who = COMMAND_LINE) -> User:
        """The sessions end: what was signed in was somebody else. Raises Conflict."""
        async with self._database.writing() as session:
            user = await _to_change(session, user_id, by)
            await _change(session, user, by, "user.role_changed", role=role)
            return user

    async def sign_out_everywhere(self, user_id: str) -> User:
        async with self._database.writing() as session:
            user = await by_id(session, user_id, change=True)
            user.era += 1
            await audit.note(session, user.who, "user.signed_out_everywhere", user.name)
            return user

    async def stop_key(self, user_id: str, stopped: bool) -> None:
        """Remembers that the key is paused because the user was disabled, or is no longer."""
        async with self._database.writing() as session:
            (await by_id(session, user_id, change=True)).key_stopped = stopped

    async def has_admin(self) -> bool:
        async with self._database.reading() as session:
            return await session.scalar(select(User.id).where(User.role == ADMIN).limit(1)) is not None

    async def keep_key(self, user_id: str, key_id: str) -> bool:
        """Whether it is the user's key from now on; of two that are made at once, the first is."""
        async with self._database.writing() as session:
            query = update(User).where(User.id == user_id, User.key_id.is_(None)).values(key_id=key_id).returning(User.id)
            return await session.scalar(query) is not None


async def by_id(session: AsyncSession, user_id: str, change: bool = False) -> User:
    """With `change` nobody else changes the user until the session ends. Raises UserUnknown."""
    user = await session.get(User, user_id, with_for_update=change or None)
    if user is None:
        raise UserUnknown
    return user


async def _to_change(session: AsyncSession, user_id: str, by: Who) -> User:
    """Somebody whom `by` may put out. Whoever has the command line can always invite another admin. Raises Conflict, UserUnknown."""
    if by == COMMAND_LINE:
        return await by_id(session, user_id, change=True)
    if by.id == user_id:
        raise Conflict("Nobody can disable or demote themselves; another admin can.")
    admins = select(User.id).where(User.role == ADMIN, User.state == ACTIVE).order_by(User.id)
    if set(await session.scalars(admins.with_for_update())) == {user_id}:
        raise Conflict("This is the last admin who can sign in; make somebody else one first.")
    return await by_id(session, user_id, change=True)


async def _change(session: AsyncSession, user: User, by: Who, what: str, **values: str) -> None:
    """Ends the sessions and writes it down; nothing is done where all is so already."""
    before = {name: getattr(user, name) for name in values}
    if before == values:
        return
    for name, value in values.items():
        setattr(user, name, value)
    user.era += 1
    await audit.note(session, by, what, user.name, before, values)
