"""A gateway over scripted engines, in a process of its own: for load on the gateway alone, and for faults.

    python -m loadtest.gateway --port 8001 --redis-url unix:///path/redis.sock --home /path --seconds-per-delta 0.01

It is the application of the product with its real accounting; only the engine is scripted, and `/made` tells what it made.
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
from fastapi import FastAPI

from budgets.accounting import Accounting
from budgets.keys import Keys
from budgets.secret import Secret
from budgets.store import connect
from router.app import Services, create_app
from router.catalogue import EMBEDDED, Catalogue, ModelSpec
from router.scripted_engine import Script, ScriptedEngine, ScriptedFleet
from router.tokens import Vocabulary

SPEC = ModelSpec(id="pico", source="embedded/pico", revision="1", max_model_len=2048, determinism="exact", warm=True)


def main(
    port: Annotated[int, typer.Option()],
    redis_url: Annotated[str, typer.Option()],
    home: Annotated[Path, typer.Option()],
    seconds_per_delta: Annotated[float, typer.Option()] = 0.0,
) -> None:
    asyncio.run(serve(port, redis_url, home, Script(seconds_per_delta=seconds_per_delta)))


async def serve(port: int, redis_url: str, home: Path, script: Script) -> None:
    """Until SIGTERM."""
    redis = connect(redis_url)
    accounting = Accounting(redis, home / "accounting")
    await accounting.start()
    try:
        keys = Keys(redis, Secret.parse(os.environ["BASEMODEL_SECRET"]))
        engine = ScriptedEngine(Vocabulary.load(str(EMBEDDED / "pico")), script)
        fleet = ScriptedFleet(Catalogue(models=(SPEC,)), {SPEC.id: engine})
        app = create_app(Services(keys=keys, accounting=accounting, fleet=fleet, redis=redis, engine_version="scripted"))
        app.add_api_route("/made", lambda: {"made": engine.made, "jobs": len(engine.jobs), "running": engine.running})
        await listen(app, port)
    finally:
        await accounting.close()
        await redis.aclose()


async def listen(app: FastAPI, port: int) -> None:
    config = uvicorn.Config(app, host="127.0.0.1", port=port, lifespan="off", log_level="warning", ws="none", timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: setattr(server, "should_exit", True))
    await server.serve()


if __name__ == "__main__":
    typer.run(main)
