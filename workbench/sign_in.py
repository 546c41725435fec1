"""The ways in: a password, an invite, a reset. Each gives a new session, whatever the browser had before."""

from __future__ import annotations

import logging

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from budgets.errors import BudgetError
from workbench import audit, invites, resets, tokens
from workbench.audit import SOMEBODY
from workbench.errors import BadCredentials, Conflict
from workbench.services import Site
from workbench.sessions import begin
from workbench.users import ACTIVE, User, by_id, new_user
from workbench.visitors import Visitor

log = logging.getLogger(__name__)

#: The cookie, and who has it.
Entered = tuple[str, Visitor]


async def by_password(site: Site, name: str, password: str) -> Entered:
    """Takes equally long for a name that nobody has. Raises BadCredentials, TooManySignIns."""
    user = await site.users.find(name)
    stored = user.password if user is not None and user.state == ACTIVE else None
    if not await site.passwords.match(password, stored) or user is None:
        await _refused(site, user)
        raise BadCredentials
    async with site.database.writing() as session:
        now = await by_id(session, user.id, change=True)
        if now.password != stored or now.state != ACTIVE:
            raise BadCredentials
        await audit.count(session, now.who, "user.signed_in", now.name)
        return await _entered(session, now)


async def by_new_password(site: Site, user: User, old: str, new: str) -> Entered:
    """Raises BadCredentials, TooManySignIns."""
    if not await site.passwords.match(old, user.password):
        await _refused(site, user)
        raise BadCredentials
    hashed = await site.passwords.hash(new)
    async with site.database.writing() as session:
        now = await by_id(session, user.id, change=True)
        if now.password != user.password or now.state != ACTIVE:
            raise BadCredentials
        await audit.note(session, now.who, "user.password_changed", now.name)
        return await _renewed(session, now, hashed)


async def by_invite(site: Site, token: str, name: str, password: str) -> Entered:
    """Raises InviteUnknown, Conflict, TooManySignIns."""
    await site.invites.look(token)
    hashed = await site.passwords.hash(password)
    try:
        async with site.database.writing() as session:
            invite = await invites.use(session, token)
            user = new_user(name, invite.account_id, invite.account, invite.role, hashed)
            session.add(user)
            await session.flush()
            await audit.note(session, user.who, "invite.used", invite.account, after={"role": invite.role})
            entered = await _entered(session, user)
    except IntegrityError as error:
        raise Conflict("This name is taken here; choose another.", "name") from error
    await _give_key(site, user)
    return entered


async def by_reset(site: Site, token: str, password: str) -> Entered:
    """Raises ResetUnknown, TooManySignIns."""
    await site.resets.look(token)
    hashed = await site.passwords.hash(password)
    async with site.database.writing() as session:
        user = await resets.use(session, token)
        await audit.note(session, user.who, "reset.used", user.name)
        return await _renewed(session, user, hashed)


async def _renewed(session: AsyncSession, user: User, hashed: str) -> Entered:
    """A new password ends every session that began under the old one."""
    user.password, user.era = hashed, user.era + 1
    return await _entered(session, user)


async def _entered(session: AsyncSession, user: User) -> Entered:
    token = await begin(session, user)
    return token, Visitor(user, tokens.digest(token))


async def _refused(site: Site, user: User | None) -> None:
    """Counted; under a name only where somebody has it: what else was typed there may be a password."""
    await site.audit.count(SOMEBODY, "user.sign_in_failed", None if user is None else user.name)


async def _give_key(site: Site, user: User) -> None:
    """What fails now is done when the key is first used."""
    try:
        await site.workbench_keys.id_of(user)
    except BudgetError as error:
        log.warning("the workbench key of user %s could not be made yet: %s", user.id, error)
