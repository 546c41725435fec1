"""`/site/session` and what begins, changes or ends one: sign-in, invites, resets, passwords."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from router.body import read_json
from router.faults import validated
from workbench import cookie, sign_in
from workbench.bodies import Acceptance, Credentials, NewPassword, PasswordChange, Token, good_name, good_password
from workbench.services import AppSite, Site
from workbench.session_document import session_document
from workbench.users import fold
from workbench.visitors import SignedIn, Visitor

router = APIRouter()


@router.get("/session")
async def show(request: Request, site: AppSite, visitor: SignedIn) -> dict[str, Any]:
    return session_document(request, site, visitor)


@router.post("/sign-in")
async def enter(request: Request, site: AppSite) -> Response:
    cookie.refuse_insecure(request, site.settings)
    wanted = validated(Credentials, await read_json(request))
    with site.doorman.attempt(address(request), fold(wanted.name)):
        token, visitor = await sign_in.by_password(site, wanted.name, wanted.password)
    return await signed_in(request, site, token, visitor)


@router.post("/sign-out", status_code=204)
async def leave(site: AppSite, visitor: SignedIn) -> Response:
    await site.sessions.end(visitor.session)
    return signed_out(site)


@router.post("/sign-out-everywhere", status_code=204)
async def leave_everywhere(site: AppSite, visitor: SignedIn) -> Response:
    await site.users.sign_out_everywhere(visitor.user.id)
    return signed_out(site)


@router.post("/password")
async def change_password(request: Request, site: AppSite, visitor: SignedIn) -> Response:
    """The other sessions end, and this one goes on under a new cookie."""
    wanted = validated(PasswordChange, await read_json(request))
    good_password(wanted.new, "new")
    with site.doorman.attempt(address(request), visitor.user.folded):
        token, _ = await sign_in.by_new_password(site, visitor.user, wanted.old, wanted.new)
    response = Response(status_code=204)
    cookie.put(response, site.settings, token)
    return response


@router.post("/invites/look")
async def look(request: Request, site: AppSite) -> dict[str, Any]:
    wanted = validated(Token, await read_json(request))
    with site.doorman.attempt(address(request)):
        invite = await site.invites.look(wanted.token)
    expires = datetime.fromtimestamp(invite.expires, UTC).isoformat()
    return {"account": invite.account, "role": invite.role, "expires": expires}


@router.post("/invites/accept")
async def accept(request: Request, site: AppSite) -> Response:
    cookie.refuse_insecure(request, site.settings)
    wanted = validated(Acceptance, await read_json(request))
    good_name(wanted.name)
    good_password(wanted.password)
    with site.doorman.attempt(address(request)):
        token, visitor = await sign_in.by_invite(site, wanted.token, wanted.name, wanted.password)
    return await signed_in(request, site, token, visitor)


@router.post("/resets/use")
async def use_reset(request: Request, site: AppSite) -> Response:
    cookie.refuse_insecure(request, site.settings)
    wanted = validated(NewPassword, await read_json(request))
    good_password(wanted.password)
    with site.doorman.attempt(address(request)):
        token, visitor = await sign_in.by_reset(site, wanted.token, wanted.password)
    return await signed_in(request, site, token, visitor)


async def signed_in(request: Request, site: Site, token: str, visitor: Visitor) -> Response:
    """The browser's session of before, if it had one, is over."""
    before = cookie.read(request, site.settings)
    if before is not None and (found := await site.sessions.find(before)) is not None:
        await site.sessions.end(found[1])
    response = JSONResponse(session_document(request, site, visitor))
    cookie.put(response, site.settings, token)
    return response


def signed_out(site: Site) -> Response:
    response = Response(status_code=204)
    cookie.remove(response, site.settings)
    return response


def address(request: Request) -> str:
    return request.client.host if request.client else ""
