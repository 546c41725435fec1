"""This service, with everything on: proxy, gateway, keys, budgets, queue, accounting, as `basemodel up` starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import yaml

from loadtest import cold
from loadtest.affinity import DOWN_SECONDS, UP_SECONDS
from loadtest.bench.servers import Server
from loadtest.bench.works import OURS
from loadtest.gateways import CHECKOUT, free_port

#: Eight requests of a key run at once.
KEYS = 4
#: The smallest model's weights again, for boots.
TINY = "tiny"


def config(model: str) -> dict[str, Any]:
    """serve_config.yaml with one warm model, and `tiny`, which sleeps."""
    content: dict[str, Any] = yaml.safe_load((CHECKOUT / "serve_config.yaml").read_text())
    gateway = content["applications"][0]
    shipped = {one["id"]: one for one in gateway["deployments"][0]["user_config"]["models"]}
    sleeper = {"id": TINY, "warm": False, "idle_seconds": 5, "max_boots_per_hour": 1000}
    specs = [shipped[model] | {"warm": True}, shipped["pico"] | sleeper]
    gateway["deployments"][0]["user_config"]["models"] = specs
    path = "deployments.model:build"
    apps = [{"name": f"model-{one['id']}", "route_prefix": None, "import_path": path, "args": one} for one in specs]
    return content | {"applications": [gateway, *apps]}


@contextmanager
def service(model: str, folder: Path) -> Iterator[Server]:
    home, port = folder / "home", free_port()
    (folder / "serve_config.yaml").write_text(yaml.safe_dump(config(model)))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RAY_", "BASEMODEL_"))}
    environment = kept | {"BASEMODEL_HOME": str(home), "NO_COLOR": "1"}

    def basemodel(seconds: float, *words: str) -> str:
        command = [sys.executable, "-m", "basemodel.main", *words]
        return subprocess.run(command, env=environment, cwd=folder, timeout=seconds, check=True, stdout=subprocess.PIPE, text=True).stdout

    try:
        began = time.monotonic()
        basemodel(UP_SECONDS, "up", "--config", str(folder / "serve_config.yaml"), "--detach", "--port", str(port))
        basemodel(60, "accounts", "create", "bench")
        made = [basemodel(60, "keys", "create", "--account", "bench", "--name", f"bench {number}", "--json") for number in range(KEYS)]
        server = Server(OURS, port, model, tuple(str(json.loads(one)["key"]) for one in made), home)
        assert server.completes(), f"it does not answer; the logs in {home} say why"
        yield replace(server, boot=time.monotonic() - began)
    finally:
        basemodel(DOWN_SECONDS, "down")


def cold_boot(server: Server) -> float:
    """Seconds from a request to the first token of the smallest model, which was cold, through the whole service."""
    headers = {"Authorization": f"Bearer {server.keys[0]}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}/v1", headers=headers, timeout=cold.COLD_SECONDS) as api:
        return float(cold.turn(api, TINY)["seconds"])
