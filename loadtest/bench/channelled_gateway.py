"""A gateway, as `loadtest/gateway.py`, whose model runs in a host of its own and is reached as the product reaches those of its machine.

    python -m loadtest.bench.channelled_gateway --port 8001 --redis-url unix:///path/redis.sock --home /path

The host's door (`scripted_host.py`) is `c-1-REPLICA` in the home.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any, cast

import typer
import uvloop

from deployments import balance, model, replica_sets
from deployments.channels import Channels
from deployments.handles import HandleEngine
from loadtest.bench.scripted_host import MODEL
from loadtest.gateway import serve
from router.catalogue import Catalogue
from router.lifecycle import Standing, State
from router.scripted_engine import ScriptedFleet

REPLICA = "scripted"


def door(home: Path) -> Path:
    return home / f"c-1-{REPLICA}"


def main(
    port: Annotated[int, typer.Option()],
    redis_url: Annotated[str, typer.Option()],
    home: Annotated[Path, typer.Option()],
    seconds_per_delta: Annotated[float, typer.Option(help="the host's business")] = 0.0,
) -> None:
    app, standing = model.APP_PREFIX + MODEL.id, Standing(State.READY, time.time(), running=1, wanted=1)
    balance.begin(app, {})
    replica_sets.update(app, [REPLICA])
    nothing = cast(Any, None)  # of Serve: no call goes that way
    engine = HandleEngine(MODEL, nothing, nothing, lambda spec: standing, Channels(home))
    uvloop.run(serve(port, redis_url, home, ScriptedFleet(Catalogue(models=(MODEL,)), {MODEL.id: cast(Any, engine)})))


if __name__ == "__main__":
    typer.run(main)
