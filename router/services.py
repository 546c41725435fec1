"""What the application is made of, given to `create_app` and reached from every route."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Annotated, cast

from fastapi import Depends
from redis.asyncio import Redis
from starlette.requests import Request

from budgets.keys import ApiKey, Keys
from router.auth import Door, allow
from router.catalogue import ModelSpec
from router.fleet import Fleet
from router.shelf import Served, Shelf


@dataclass(frozen=True)
class Services:
    """`engine_version` is part of every fingerprint; `started` is in Unix seconds."""

    keys: Keys
    fleet: Fleet
    redis: Redis
    engine_version: str
    started: int = field(default_factory=lambda: int(time.time()))


@dataclass(frozen=True)
class Parts:
    """The services, and what one gateway process remembers beside them."""

    services: Services
    door: Door
    shelf: Shelf

    def usable(self, key: ApiKey, model: str) -> ModelSpec:
        """Raises ModelNotFound, ModelNotAllowed."""
        spec = self.shelf.spec(model)
        allow(key, spec.id)
        return spec

    async def served(self, key: ApiKey, model: str) -> Served:
        """Raises ModelNotFound, ModelNotAllowed, CircuitOpen."""
        return await self.shelf.served(self.usable(key, model))

    @classmethod
    def of(cls, services: Services) -> Parts:
        return cls(services, Door(services.keys), Shelf(services.fleet, services.engine_version))


def _parts(request: Request) -> Parts:
    return cast(Parts, request.app.state.parts)


def _path_model(request: Request) -> str | None:
    return cast(str | None, request.path_params.get("model"))


AppParts = Annotated[Parts, Depends(_parts)]
#: The model that a path under /m/{model} fixes; None on all others.
PathModel = Annotated[str | None, Depends(_path_model)]
