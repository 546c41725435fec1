"""What the application is made of, given to `create_app` and reached from every route."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, cast

import msgspec
from fastapi import Depends
from redis.asyncio import Redis
from starlette.requests import Request

from budgets.accounting import Accounting
from budgets.keys import ApiKey, Keys
from router import log
from router.answer import Work
from router.auth import Door, allow
from router.catalogue import ModelSpec
from router.cold import Patience, Wait
from router.engine import Job
from router.fleet import Fleet
from router.guard import GuardedFleet
from router.metering import Meter, workload
from router.need import Need
from router.noted import note_of
from router.shelf import Served, Shelf


@dataclass(frozen=True)
class Services:
    """`engine_version` is part of every fingerprint; `started` is in Unix seconds."""

    keys: Keys
    accounting: Accounting
    fleet: Fleet
    redis: Redis
    engine_version: str
    started: int = field(default_factory=lambda: int(time.time()))


@dataclass(frozen=True)
class Parts:
    """The services, and what one gateway process remembers beside them."""

    services: Services
    fleet: GuardedFleet
    door: Door
    shelf: Shelf

    async def key(self, request: Request) -> ApiKey:
        """Whose request it is. Raises InvalidApiKey, KeyPaused, TooManyFailures, AccountingUnavailable."""
        key = await self.door.enter(request.headers, request.client.host if request.client else "")
        note_of(request.scope).step("authenticate")
        return key

    def usable(self, key: ApiKey, model: str) -> ModelSpec:
        """Raises ModelNotFound, ModelNotAllowed."""
        spec = self.shelf.spec(model)
        allow(key, spec.id)
        return spec

    async def served(self, key: ApiKey, model: str) -> Served:
        """Raises ModelNotFound, ModelNotAllowed, CircuitOpen."""
        return await self.shelf.served(self.usable(key, model))

    def meter(self, request: Request, key: ApiKey, spec: ModelSpec, need: Need) -> Meter:
        note = note_of(request.scope)
        note.model = spec.id
        note.step("admit")
        log.JOB.set(need.request_id)
        return Meter(self.services.accounting, key, spec.id, need, workload(request.headers), note)

    def work(self, request: Request, spec: ModelSpec, jobs: Sequence[Job], meter: Meter) -> Work:
        """Each key has its own turns where several wait for one engine. Raises InvalidRequest."""
        request_id = log.REQUEST.get()
        jobs = [msgspec.structs.replace(job, tenant=meter.tenant, request_id=request_id) for job in jobs]
        wait = Wait(self.fleet, spec, meter, Patience.of(request.headers))
        return Work(wait, self.fleet.engine(spec), jobs, spec.max_request_seconds, meter)

    @classmethod
    def of(cls, services: Services) -> Parts:
        fleet = GuardedFleet(services.fleet)
        return cls(services, fleet, Door(services.keys), Shelf(fleet, services.engine_version))


async def _parts(request: Request) -> Parts:
    return cast(Parts, request.app.state.parts)


async def _path_model(request: Request) -> str | None:
    return cast(str | None, request.path_params.get("model"))


#: Not waited for, and yet asynchronous: FastAPI runs what is not in a thread, which costs more than all of validation.
AppParts = Annotated[Parts, Depends(_parts)]
#: The model that a path under /m/{model} fixes; None on all others.
PathModel = Annotated[str | None, Depends(_path_model)]
