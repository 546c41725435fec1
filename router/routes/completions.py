"""`POST /v1/completions`. Read this first: every line names the file that does it."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from router.answer import Answer
from router.auth import allow
from router.body import read_json
from router.errors import NotSupported
from router.render import Rendering
from router.services import AppParts
from router.validation import parse, validate
from router.wire import Completion, CompletionRequest, ErrorBody

router = APIRouter()

SCHEMA = {"requestBody": {"required": True, "content": {"application/json": {"schema": CompletionRequest.model_json_schema()}}}}


@router.post("/v1/completions", responses={200: {"model": Completion}, "4XX": {"model": ErrorBody}}, openapi_extra=SCHEMA)
async def create_completion(request: Request, parts: AppParts) -> Response:
    """Continues a prompt, as a whole or, with `stream`, as server-sent events."""
    key = await parts.door.enter(request.headers)
    wanted = parse(await read_json(request))
    spec = parts.shelf.spec(wanted.model)
    allow(key, spec.id)
    served = await parts.shelf.served(spec)
    valid = await validate(wanted, spec, served.vocabulary, key.account_id)
    rendering = Rendering(valid, served.vocabulary, spec.source, served.fingerprint)
    return Answer(parts.services.fleet.engine(spec), valid, rendering, spec.max_request_seconds)


@router.api_route("/v1/chat/completions", methods=["GET", "POST"], include_in_schema=False)
async def refuse_chat() -> None:
    raise NotSupported("Base models do not chat: there is no template. Send the text to continue to POST /v1/completions.")
