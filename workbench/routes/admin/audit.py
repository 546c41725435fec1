"""`GET /site/admin/audit`: who changed what, the latest first. Nothing changes it."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from router.faults import validated
from router.query import query_of
from workbench.admin_bodies import Page
from workbench.audit import ON_A_PAGE, Entry, Who
from workbench.moments import instant
from workbench.services import AppSite
from workbench.visitors import Admin

router = APIRouter()


@router.get("/admin/audit")
async def show(request: Request, site: AppSite, admin: Admin) -> dict[str, Any]:
    found = await site.audit.page(validated(Page, query_of(request)).cursor)
    return {"audit": [document(entry) for entry in found], "next": found[-1].id if len(found) == ON_A_PAGE else None}


def document(entry: Entry) -> dict[str, Any]:
    """`user` is the id of the user who did it, null where it was none."""
    return {
        "id": entry.id,
        "at": instant(entry.at),
        "who": entry.who,
        "user": entry.who_id if Who(entry.who_id, entry.who).is_user else None,
        "what": entry.what,
        "target": entry.target,
        "before": None if entry.before is None else json.loads(entry.before),
        "after": None if entry.after is None else json.loads(entry.after),
    }
