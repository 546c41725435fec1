"""The application: its layers of middleware, its routes, and the shape of every failure."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from router.cors import Cors
from router.errors import ApiError, InternalError, MethodNotAllowed, NotFound
from router.failures import Failures
from router.headers import HeaderLimit
from router.noted import Noted, note_of
from router.request_id import RequestId
from router.routes import completions, health, models, score, tokenizer, usage
from router.services import Parts, Services
from router.straight import Straight, StraightWay

if TYPE_CHECKING:
    from router.tracing import Tracing

__all__ = ["HANDLERS", "KEYED", "Services", "create_app"]

#: The routes that need a key. The site has the very same ones, for its visitors' own keys.
KEYED = (completions, score, tokenizer, models, usage)

STRAIGHT = (Straight("/v1/completions", completions.create_completion), Straight("/v1/score", score.create_score))

ExceptionHandler = Callable[[Request, Any], Coroutine[Any, Any, Response]]

#: For the document only: what finds the key is `auth.py`.
KEY = HTTPBearer(auto_error=False, scheme_name="key", description="An API key; the header x-api-key takes it as well.")


def create_app(services: Services, tracing: Tracing | None = None) -> FastAPI:
    app = FastAPI(
        title="basemodel",
        description="Raw next-token prediction with base models, over an OpenAI-compatible /v1/completions.",
        version=health.package_version(),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # From outside to inside: what a failure answers carries the headers of CORS and an id as well.
        middleware=[
            *(Middleware(RequestId), Middleware(Cors), Middleware(Failures), Middleware(Noted, tracing), Middleware(HeaderLimit)),
            Middleware(StraightWay, STRAIGHT, _refuse),
        ],
        exception_handlers=HANDLERS,
    )
    app.state.parts = Parts.of(services)
    for routes in KEYED:
        app.include_router(routes.router, dependencies=[Depends(KEY)])
    app.include_router(health.router)
    return app


async def _refuse(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError)
    note_of(request.scope).outcome = error.code
    return JSONResponse(error.body(), error.status, error.headers)


async def _no_route(request: Request, error: Exception) -> JSONResponse:
    """Starlette's own 404 and 405."""
    assert isinstance(error, HTTPException)
    refusal = _told(error.status_code, request)
    note_of(request.scope).outcome = refusal.code
    return JSONResponse(refusal.body(), refusal.status, {**(error.headers or {}), **refusal.headers})


def _told(status: int, request: Request) -> ApiError:
    match status:
        case 404:
            return NotFound("There is nothing at this address; GET /openapi.json lists what there is.")
        case 405:
            return MethodNotAllowed(f"This address does not take {request.method[:16]}.")
        case _:
            return InternalError()


#: How an application says what went wrong; ours and every one that is mounted in it.
HANDLERS: dict[int | type[Exception], ExceptionHandler] = {ApiError: _refuse, HTTPException: _no_route}
