"""`GET /v1/models` and `GET /v1/models/{id}`: every model with its state; a cold one is listed too."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from router.auth import allow
from router.catalogue import ModelSpec
from router.fleet import State
from router.services import AppParts, Parts
from router.wire import ErrorBody

router = APIRouter(prefix="/v1/models", responses={"4XX": {"model": ErrorBody}})

OWNER = "basemodel"


@router.get("")
async def list_models(request: Request, parts: AppParts) -> dict[str, Any]:
    """The models that the key may use."""
    key = await parts.door.enter(request.headers)
    specs = [spec for spec in parts.services.fleet.catalogue.models if key.models is None or spec.id in key.models]
    return {"object": "list", "data": [await _card(parts, spec) for spec in specs]}


@router.get("/{model}")
async def get_model(model: str, request: Request, parts: AppParts) -> dict[str, Any]:
    key = await parts.door.enter(request.headers)
    spec = parts.shelf.spec(model)
    allow(key, spec.id)
    return await _card(parts, spec)


async def _card(parts: Parts, spec: ModelSpec) -> dict[str, Any]:
    served, standing = await parts.shelf.readable(spec), parts.services.fleet.standing(spec)
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
        "eta_seconds": standing.eta_seconds,
        "replicas": {"running": standing.running, "wanted": standing.wanted},
        "warm_policy": spec.warm_policy,
        "idle_seconds": spec.idle_seconds,
        "system_fingerprint": served and served.fingerprint,
        "fingerprint": served and served.ingredients,
    }
