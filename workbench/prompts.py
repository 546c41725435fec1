"""Saved prompts: what people keep of the Workbench, with its versions. Sharing opens one to everybody who is signed in, to be read.

The content is one text that only the Workbench understands; here it is bounded, compressed and counted. All that one user writes waits
for the user's row, so that two requests together stay within the quota, and only one of two makes the next version.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ForeignKey, LargeBinary, String, Text, and_, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, defer, mapped_column

from router.flood import Flood
from workbench import users
from workbench.database import Base, Database
from workbench.errors import Conflict, PromptQuota, PromptUnknown, TooManySaves
from workbench.users import User, fold

LONGEST_NAME, MOST_TAGS, LONGEST_TAG = 128, 16, 32
#: Of one user; bytes as they are stored. Of one prompt the oldest versions go when there are more.
MOST_PROMPTS, MOST_BYTES, MOST_VERSIONS = 500, 100_000_000, 50
#: What one user may save at once, and how often after that.
MOST_SAVES, SAVES_PER_SECOND = 60, 0.5
#: How many a list shows at a time.
PAGE = 20
ID = re.compile(r"[0-9a-f]{32}")


class Prompt(Base):
    """`tags` stand between line ends. `folded` is what a search looks at: the name, then the tags, as they are compared.
    `latest` is the number of the newest version, `stored` the bytes of all."""

    __tablename__ = "prompts"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(32), ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    tags: Mapped[str] = mapped_column(Text)
    folded: Mapped[str] = mapped_column(Text)
    shared: Mapped[bool]
    latest: Mapped[int]
    stored: Mapped[int]
    created: Mapped[int]
    changed: Mapped[int]


class PromptVersion(Base):
    """`content` is compressed."""

    __tablename__ = "prompt_versions"
    prompt_id: Mapped[str] = mapped_column(String(32), ForeignKey("prompts.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    created: Mapped[int]
    stored: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary)


@dataclass(frozen=True)
class Draft:
    """What is saved: the name, the tags, and the content as `prompt_content.packed` made it."""

    name: str
    tags: tuple[str, ...]
    content: bytes

    @property
    def lines(self) -> str:
        return "\n".join(self.tags)

    @property
    def folded(self) -> str:
        return "\n".join(["", *map(fold, (self.name, *self.tags)), ""])

    @property
    def size(self) -> int:
        return len(self.content)

    def prompt(self, owner: str, now: int) -> Prompt:
        return Prompt(
            id=secrets.token_hex(16),
            owner=owner,
            name=self.name,
            tags=self.lines,
            folded=self.folded,
            shared=False,
            latest=1,
            stored=self.size,
            created=now,
            changed=now,
        )

    def version(self, prompt: Prompt, now: int) -> PromptVersion:
        return PromptVersion(prompt_id=prompt.id, number=prompt.latest, created=now, stored=self.size, content=self.content)


class Prompts:
    """Every method raises SiteUnavailable, and one that is given a prompt's id raises PromptUnknown, also for what is somebody
    else's: what is shared may be read, nothing of others may be changed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._saves = Flood(MOST_SAVES, SAVES_PER_SECOND, TooManySaves)

    def pace(self, owner: str) -> None:
        """Before each save. Raises TooManySaves."""
        self._saves.take(owner)

    async def list(self, owner: str, search: str = "", tag: str = "", after: tuple[int, str] | None = None) -> Sequence[Prompt]:
        """Those changed last come first; one more than a page, if there are more. `after` is `changed` and `id` of the last one shown."""
        query = select(Prompt).where(Prompt.owner == owner, Prompt.folded.contains(fold(search), autoescape=True))
        if tag:
            query = query.where(Prompt.folded.contains(f"\n{fold(tag)}\n", autoescape=True))
        if after is not None:
            query = query.where(or_(Prompt.changed < after[0], and_(Prompt.changed == after[0], Prompt.id < after[1])))
        async with self._database.reading() as session:
            return (await session.scalars(query.order_by(Prompt.changed.desc(), Prompt.id.desc()).limit(PAGE + 1))).all()

    async def used(self, owner: str) -> tuple[int, int]:
        """How many there are, and their bytes."""
        async with self._database.reading() as session:
            return await used(session, owner)

    async def read(self, reader: str, prompt_id: str, number: int | None = None) -> tuple[Prompt, PromptVersion, str]:
        """That version, or the newest, and the owner's name."""
        async with self._database.reading() as session:
            prompt, name = await readable(session, reader, prompt_id)
            version = await session.get(PromptVersion, (prompt.id, prompt.latest if number is None else number))
        if version is None:
            raise PromptUnknown
        return prompt, version, name

    async def versions(self, reader: str, prompt_id: str) -> Sequence[PromptVersion]:
        """The newest first, without their contents."""
        async with self._database.reading() as session:
            prompt, _ = await readable(session, reader, prompt_id)
            query = select(PromptVersion).where(PromptVersion.prompt_id == prompt.id).options(defer(PromptVersion.content, raiseload=True))
            return (await session.scalars(query.order_by(PromptVersion.number.desc()))).all()

    async def save(self, owner: str, draft: Draft) -> Prompt:
        """A new prompt. Raises PromptQuota, UserUnknown."""
        now = int(time.time())
        async with self._database.writing() as session:
            await users.by_id(session, owner, change=True)
            count, stored = await used(session, owner)
            if count >= MOST_PROMPTS:
                raise PromptQuota(f"You have {count} saved prompts, the most there can be. Delete one that you do not need.")
            check_room(stored + draft.size)
            prompt = draft.prompt(owner, now)
            session.add(prompt)
            await session.flush()
            session.add(draft.version(prompt, now))
            return prompt

    async def save_version(self, owner: str, prompt_id: str, draft: Draft, parent: int) -> Prompt:
        """The next version, made from the newest, `parent`. Raises Conflict where another came between, PromptQuota, UserUnknown."""
        now = int(time.time())
        async with self._database.writing() as session:
            await users.by_id(session, owner, change=True)
            prompt = await own(session, owner, prompt_id)
            if prompt.latest != parent:
                raise Conflict(f"Version {prompt.latest} of this prompt is the newest, not {parent}: it changed meanwhile.", "parent")
            _, stored = await used(session, owner)
            freed = await drop_oldest(session, prompt)
            check_room(stored - freed + draft.size)
            prompt.name, prompt.tags, prompt.folded = draft.name, draft.lines, draft.folded
            prompt.latest, prompt.stored, prompt.changed = parent + 1, prompt.stored - freed + draft.size, now
            session.add(draft.version(prompt, now))
            return prompt

    async def share(self, owner: str, prompt_id: str, shared: bool) -> Prompt:
        async with self._database.writing() as session:
            prompt = await own(session, owner, prompt_id)
            prompt.shared = shared
            return prompt

    async def delete(self, owner: str, prompt_id: str) -> None:
        """With all of its versions."""
        async with self._database.writing() as session:
            await session.delete(await own(session, owner, prompt_id))


async def used(session: AsyncSession, owner: str) -> tuple[int, int]:
    query = select(func.count(), func.coalesce(func.sum(Prompt.stored), 0)).where(Prompt.owner == owner)
    count, stored = (await session.execute(query)).one()
    return count, int(stored)


def check_room(stored: int) -> None:
    """Raises PromptQuota."""
    if stored > MOST_BYTES:
        most = f"{MOST_BYTES // 1_000_000} MB"
        raise PromptQuota(f"Your saved prompts would take {stored / 1e6:.1f} MB of {most}. Delete some, or export this one as a file.")


async def drop_oldest(session: AsyncSession, prompt: Prompt) -> int:
    """Makes place for one more version; how many bytes that freed."""
    oldest = prompt.latest + 1 - MOST_VERSIONS
    query = delete(PromptVersion).where(PromptVersion.prompt_id == prompt.id, PromptVersion.number <= oldest)
    return sum(await session.scalars(query.returning(PromptVersion.stored)))


async def own(session: AsyncSession, owner: str, prompt_id: str) -> Prompt:
    """Nobody else changes it until the session ends. Raises PromptUnknown."""
    prompt = await session.get(Prompt, prompt_id, with_for_update=True) if ID.fullmatch(prompt_id) else None
    if prompt is None or prompt.owner != owner:
        raise PromptUnknown
    return prompt


async def readable(session: AsyncSession, reader: str, prompt_id: str) -> tuple[Prompt, str]:
    """The prompt and its owner's name. Raises PromptUnknown."""
    query = select(Prompt, User.name).join(User, User.id == Prompt.owner).where(Prompt.id == prompt_id)
    found = (await session.execute(query)).one_or_none() if ID.fullmatch(prompt_id) else None
    if found is None or (found[0].owner != reader and not found[0].shared):
        raise PromptUnknown
    return found[0], found[1]
