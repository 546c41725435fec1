"""A gateway over scripted engines, in a process of its own: for load on the gateway alone, and for faults.

    python -m loadtest.gateway --port 8001 --redis-url unix:///path/redis.sock --home /path --seconds-per-delta 0.01

It is the application of the product with its real accounting; only the engine is scripted, and `/made` tells what it made. With
`--models 3` it has three of them: pico, pico-2 and pico-3. `--stall-seconds` is how long a reader may take nothing.
BASEMODEL_SECRET must be set.
"""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
import uvloop
from fastapi import FastAPI

from budgets.accounting import Accounting
from budgets.keys import Keys
from budgets.secret import Secret
from budgets.store import connect
from router import sse
from router.app import Services, create_app
from router.catalogue import EMBEDDED, Catalogue, ModelSpec
from router.engine import Job
from router.scripted_engine import Script, ScriptedEngine, ScriptedFleet
from router.tokens import Vocabulary

SPEC = ModelSpec(id="pico", source="embedded/pico", revision="1", max_model_len=2048, determinism="exact", warm=True)


def main(
    port: Annotated[int, typer.Option()],
    redis_url: Annotated[str, typer.Option()],
    home: Annotated[Path, typer.Option()],
    seconds_per_delta: Annotated[float, typer.Option()] = 0.0,
    models: Annotated[int, typer.Option()] = 1,
    stall_seconds: Annotated[float, typer.Option()] = sse.STALL_SECONDS,
) -> None:
    sse.STALL_SECONDS = stall_seconds
    uvloop.run(serve(port, redis_url, home, fleet_of(models, Script(seconds_per_delta=seconds_per_delta))))


async def serve(port: int, redis_url: str, home: Path, fleet: ScriptedFleet) -> None:
    """Until SIGTERM."""
    redis = connect(redis_url)
    accounting = Accounting(redis, home / "accounting")
    await accounting.start()
    try:
        keys = Keys(redis, Secret.parse(os.environ["BASEMODEL_SECRET"]))
        app = create_app(Services(keys=keys, accounting=accounting, fleet=fleet, redis=redis, engine_version="scripted"))
        app.add_api_route("/made", lambda: made(fleet))
        await listen(app, port)
    finally:
        await accounting.close()
        await redis.aclose()


def fleet_of(count: int, script: Script) -> ScriptedFleet:
    names = [SPEC.id, *(f"{SPEC.id}-{number}" for number in range(2, count + 1))]
    specs = tuple(SPEC.model_copy(update={"id": name, "path": str(EMBEDDED / "pico")}) for name in names)
    vocabulary = Vocabulary.load(str(EMBEDDED / "pico"))
    engines = {name: ScriptedEngine(vocabulary, script) for name in names}
    for engine in engines.values():
        engine.jobs = JobCount()
    return ScriptedFleet(Catalogue(models=specs), engines)


class JobCount(list[Job]):
    """Takes jobs and keeps how many came: they would be most of the memory of a long run."""

    came = 0

    def append(self, job: Job) -> None:
        self.came += 1


def made(fleet: ScriptedFleet) -> dict[str, int]:
    engines = fleet.engines.values()
    jobs = sum(one.jobs.came for one in engines if isinstance(one.jobs, JobCount))
    return {"made": sum(one.made for one in engines), "jobs": jobs, "running": sum(one.running for one in engines)}


async def listen(app: FastAPI, port: int) -> None:
    config = uvicorn.Config(app, host="127.0.0.1", port=port, lifespan="off", log_level="warning", ws="none", timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: setattr(server, "should_exit", True))
    await server.serve()


if __name__ == "__main__":
    typer.run(main)
