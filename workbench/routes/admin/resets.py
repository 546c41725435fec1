"""`/site/admin/resets`: a link by which a user sets a new password."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from router.body import read_json
from router.faults import validated
from workbench.admin_bodies import NewReset
from workbench.services import AppSite
from workbench.session_document import address
from workbench.visitors import Admin

router = APIRouter()


@router.post("/admin/resets", status_code=201)
async def make(request: Request, site: AppSite, admin: Admin) -> dict[str, Any]:
    """Shown this once; a link of before is good for nothing from then on."""
    wanted = validated(NewReset, await read_json(request))
    token, _ = await site.resets.make(wanted.user, admin.who)
    return {"link": f"{address(request, site)}/reset#{token}"}
