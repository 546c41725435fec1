"""`/site/admin/invites`: those that still let somebody in; made and withdrawn."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from router.body import read_json
from router.faults import validated
from workbench.admin_bodies import NewInvite
from workbench.moments import instant
from workbench.routes.admin.accounts import named
from workbench.routes.keys import told
from workbench.services import AppSite
from workbench.session_document import address
from workbench.visitors import Admin

router = APIRouter()


@router.get("/admin/invites")
async def list_invites(site: AppSite, admin: Admin) -> dict[str, Any]:
    """`made_by` is a user's name, null for the command line."""
    users = {user.id: user.name for user in await site.users.list()}
    return {
        "invites": [
            {
                "id": invite.id,
                "account": invite.account,
                "role": invite.role,
                "created": instant(invite.created),
                "expires": instant(invite.expires),
                "made_by": users.get(invite.made_by or ""),
            }
            for invite in await site.invites.list()
        ]
    }


@router.post("/admin/invites", status_code=201)
async def make(request: Request, site: AppSite, admin: Admin) -> dict[str, Any]:
    """The link is shown this once."""
    wanted = validated(NewInvite, await read_json(request))
    with told():
        account = await named(site, wanted.account)
    token, _ = await site.invites.make(account, wanted.role, admin.who)
    return {"link": f"{address(request, site)}/invite#{token}"}


@router.delete("/admin/invites/{id}", status_code=204)
async def withdraw(id: str, site: AppSite, admin: Admin) -> Response:
    await site.invites.withdraw(id, admin.who)
    return Response(status_code=204)
