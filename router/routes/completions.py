"""`POST /v1/completions`. Read this first: every line names the file that does it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from router import validation
from router.answer import Answer, StreamedAnswer
from router.body import read_json
from router.errors import NotSupported
from router.render import Rendering
from router.responses import Completion, ErrorBody
from router.services import AppParts, PathModel
from router.wire import CompletionRequest, body_schema

router = APIRouter()

CHUNK = {"type": "string", "description": "a Completion of one chunk as JSON or, at the end, [DONE]"}
STREAM = {"text/event-stream": {"itemSchema": {"type": "object", "required": ["data"], "properties": {"data": CHUNK}}}}
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"model": Completion, "content": STREAM},
    "4XX": {"model": ErrorBody},
    "5XX": {"model": ErrorBody},
}


@router.post("/m/{model}/v1/completions", include_in_schema=False)
@router.post("/v1/completions", responses=ANSWERS, openapi_extra=body_schema(CompletionRequest))
async def create_completion(request: Request, parts: AppParts, model: PathModel) -> Response:
    """Continues a prompt, as a whole or, with `stream`, as server-sent events."""
    key = await parts.key(request)
    wanted = validation.parse(await read_json(request), model)
    served = await parts.served(key, wanted.model)
    spec = served.spec
    valid = await validation.validate(wanted, spec, served.vocabulary, key.account_id)
    work = parts.work(request, spec, valid.jobs, parts.meter(request, key, spec, valid.need))
    rendering = Rendering(valid, served.vocabulary, spec.source, served.fingerprint)
    return StreamedAnswer(work, rendering) if valid.stream else Answer(work, rendering.whole)


@router.api_route("/m/{model}/v1/chat/completions", methods=["GET", "POST"], include_in_schema=False)
@router.api_route("/v1/chat/completions", methods=["GET", "POST"], include_in_schema=False)
async def refuse_chat() -> None:
    raise NotSupported("Base models do not chat: there is no template. Send the text to continue to POST /v1/completions.")
