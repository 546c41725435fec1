"""`/site/admin/feedback`: what people said, the latest first; marked as read, and deleted."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from router.body import read_json
from router.faults import validated
from router.query import query_of
from workbench.admin_bodies import Page
from workbench.feedback import ON_A_PAGE, Feedback
from workbench.feedback_bodies import Reading
from workbench.moments import instant
from workbench.services import AppSite
from workbench.visitors import Admin

router = APIRouter()


@router.get("/admin/feedback")
async def list_feedback(request: Request, site: AppSite, admin: Admin) -> dict[str, Any]:
    """`unread` counts those of all pages."""
    wanted = validated(Page, query_of(request))
    found = await site.inbox.page(wanted.cursor)
    after = found[-1][0].id if len(found) == ON_A_PAGE else None
    return {"feedback": [document(one, name) for one, name in found], "unread": await site.inbox.unread(), "next": after}


@router.patch("/admin/feedback/{id}")
async def mark(id: str, request: Request, site: AppSite, admin: Admin) -> dict[str, Any]:
    wanted = validated(Reading, await read_json(request))
    await site.inbox.mark(id, wanted.read)
    return {"id": id, "read": wanted.read}


@router.delete("/admin/feedback/{id}", status_code=204)
async def delete(id: str, site: AppSite, admin: Admin) -> Response:
    await site.inbox.delete(id, admin.who)
    return Response(status_code=204)


def document(one: Feedback, user: str | None) -> dict[str, Any]:
    return {
        "id": one.id,
        "text": one.text,
        "page": one.page,
        "request_id": one.request_id,
        "parameters": None if one.parameters is None else json.loads(one.parameters),
        "user": user,
        "created": instant(one.created),
        "read": one.read is not None,
    }
