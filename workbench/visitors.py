"""Who asks: the user of a request's session. What the routes of the site take as `SignedIn` or `Admin`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from router.auth import presented
from workbench import cookie, csrf
from workbench.audit import Who
from workbench.errors import NotAdmin, NotSignedIn
from workbench.services import AppSite, Site
from workbench.users import User


@dataclass(frozen=True)
class Visitor:
    """`session` is the digest of the cookie."""

    user: User
    session: str

    @property
    def who(self) -> Who:
        return self.user.who


async def visitor_of(request: Request, site: Site) -> Visitor:
    """Raises NotSignedIn, RefusedOrigin, SiteUnavailable."""
    token = cookie.read(request, site.settings)
    if token is None or presented(request.headers) is not None:
        raise NotSignedIn
    found = await site.sessions.find(token)
    if found is None:
        raise NotSignedIn
    user, session = found
    csrf.check_token(request, site.secret, session)
    return Visitor(user, session)


async def _signed_in(request: Request, site: AppSite) -> Visitor:
    return await visitor_of(request, site)


SignedIn = Annotated[Visitor, Depends(_signed_in)]


async def _admin(visitor: SignedIn) -> Visitor:
    if not visitor.user.is_admin:
        raise NotAdmin
    return visitor


Admin = Annotated[Visitor, Depends(_admin)]
