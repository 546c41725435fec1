"""Whether the process serves, whether it can do its work, and what it is. No key is needed."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter
from redis.asyncio import Redis

from budgets.errors import StoreUnavailable
from budgets.store import reaching
from router.errors import NotReady
from router.responses import ErrorBody
from router.services import AppParts

router = APIRouter()


@router.head("/health", include_in_schema=False)
@router.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@router.head("/ready", include_in_schema=False)
@router.get("/ready", responses={"5XX": {"model": ErrorBody}})
async def ready(parts: AppParts) -> dict[str, str]:
    """503, with the reason, while Redis or the cluster's control plane cannot be reached."""
    problem = await _redis_problem(parts.services.redis) or await parts.fleet.problem()
    if problem is not None:
        raise NotReady(problem)
    return {"status": "ready"}


async def _redis_problem(redis: Redis) -> str | None:
    try:
        async with reaching():
            await redis.ping()
    except StoreUnavailable:
        return "Redis does not answer"
    return None


@router.get("/version")
async def show_version(parts: AppParts) -> dict[str, str]:
    return {"version": package_version(), "engine": parts.services.engine_version}


def package_version() -> str:
    """The installed version, or `unknown` in a checkout that was not installed."""
    try:
        return version("basemodel")
    except PackageNotFoundError:
        return "unknown"
