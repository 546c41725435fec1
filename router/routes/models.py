"""`GET /v1/models` and `GET /v1/models/{id}`: every model with its state; a cold one is listed too. `POST` wakes it.

Under /m/{model} that model is the only one.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from budgets.keys import ApiKey
from router.catalogue import ModelSpec
from router.cold import wake
from router.errors import ModelNotFound, NotFound
from router.lifecycle import State
from router.responses import ErrorBody
from router.services import AppParts, Parts, PathModel
from router.shelf import LONGEST_MODEL_ID

router = APIRouter(responses={"4XX": {"model": ErrorBody}})

OWNER = "basemodel"


@router.get("/m/{model}/v1/models", include_in_schema=False)
@router.get("/v1/models")
async def list_models(request: Request, parts: AppParts, model: PathModel) -> dict[str, Any]:
    """The models that the key may use."""
    key = await parts.key(request)
    specs = parts.fleet.catalogue.models if model is None else [parts.usable(key, model)]
    return {"object": "list", "data": [await card(parts, spec) for spec in specs if key.models is None or spec.id in key.models]}


@router.get("/m/{model}/v1/models/{id:path}", include_in_schema=False)
@router.get("/v1/models/{id:path}")
async def get_model(id: str, request: Request, parts: AppParts, model: PathModel) -> dict[str, Any]:
    if not id:
        raise NotFound("There is nothing at this address; the list of models has no slash at its end.")
    key = await parts.key(request)
    return await card(parts, _named(parts, key, id, model))


@router.post("/m/{model}/v1/models/{id}/warm", status_code=202, include_in_schema=False)
@router.post("/v1/models/{id}/warm", status_code=202, responses={"5XX": {"model": ErrorBody}})
async def warm_model(id: str, request: Request, parts: AppParts, model: PathModel) -> dict[str, Any]:
    """Begins to boot a cold model; one that runs or starts already is left as it is."""
    key = await parts.key(request)
    spec = _named(parts, key, id, model)
    if parts.fleet.standing(spec).state != State.READY:
        await wake(parts.fleet, spec, key.id)
    return await card(parts, spec)


def _named(parts: Parts, key: ApiKey, id: str, model: str | None) -> ModelSpec:
    """Raises ModelNotFound, ModelNotAllowed."""
    spec = parts.usable(key, id if model is None else model)
    if spec.id != id:
        raise ModelNotFound(id[:LONGEST_MODEL_ID], [spec.id])
    return spec


async def card(parts: Parts, spec: ModelSpec) -> dict[str, Any]:
    served, standing = await parts.shelf.readable(spec), parts.fleet.standing(spec)
    return {
        "id": spec.id,
        "object": "model",
        "created": parts.services.started,
        "owned_by": OWNER,
        "source": spec.source,
        "revision": spec.revision,
        "max_model_len": spec.max_model_len,
        "dtype": spec.dtype,
        "vocab_size": served and served.vocabulary.size,
        "max_logprobs": spec.max_logprobs,
        "determinism": spec.determinism,
        "state": standing.state if served else State.FAILED,
        "phase": standing.phase,
        "since": datetime.fromtimestamp(standing.since, UTC).isoformat(timespec="seconds"),
        "eta_seconds": standing.eta_seconds and round(standing.eta_seconds, 1),
        "progress": {"bytes_loaded": standing.done, "bytes_total": standing.total} if standing.total else None,
        "replicas": {"running": standing.running, "wanted": standing.wanted},
        "warm_policy": spec.warm_policy,
        "warm_windows": [window.model_dump(mode="json") for window in spec.warm_windows],
        "idle_seconds": spec.idle_seconds,
        "system_fingerprint": served and served.fingerprint,
        "fingerprint": served and served.ingredients,
    }
