"""`POST /site/feedback`: what a visitor says of the service, from any page."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from router.body import read_json
from router.faults import validated
from workbench.feedback_bodies import NewFeedback
from workbench.services import AppSite
from workbench.visitors import SignedIn

router = APIRouter()


@router.post("/feedback", status_code=204)
async def send(request: Request, site: AppSite, visitor: SignedIn) -> Response:
    said = validated(NewFeedback, await read_json(request)).said
    kept = await site.inbox.add(visitor.user, said)
    site.webhook.send(kept.id, {"text": said.text, "page": said.page, "request_id": said.request_id, "user": visitor.user.name})
    return Response(status_code=204)
