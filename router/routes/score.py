"""`POST /v1/score`: what the model gives each of several continuations of one prompt."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from router import scoring
from router.answer import Answer
from router.body import read_json
from router.responses import ErrorBody, Score
from router.services import AppParts, PathModel
from router.wire import ScoreRequest, body_schema

router = APIRouter()

ANSWERS: dict[int | str, dict[str, Any]] = {200: {"model": Score}, "4XX": {"model": ErrorBody}, "5XX": {"model": ErrorBody}}


@router.post("/m/{model}/v1/score", include_in_schema=False)
@router.post("/v1/score", responses=ANSWERS, openapi_extra=body_schema(ScoreRequest))
async def create_score(request: Request, parts: AppParts, model: PathModel) -> Response:
    """Scores continuations; the prompt they share is computed once."""
    key = await parts.key(request)
    wanted = scoring.parse(await read_json(request), model)
    served = await parts.served(key, wanted.model)
    spec = served.spec
    valid = await scoring.validate(wanted, spec, served.vocabulary, key.account_id)
    work = parts.work(request, spec, [valid.job], parts.meter(request, key, spec, valid.need))
    return Answer(work, scoring.ScoreRendering(valid, served.vocabulary, spec.source, served.fingerprint).whole)
