"""What it brings to send prompts where their beginning is cached: `python -m loadtest.affinity --out FILE`.

Two models with the same weights and two replicas each, one behind `deployments.affinity`'s router, one behind Serve's own, take
turns under the same load, so that whatever else the machine does weighs on both. The load is that of someone who explores
trees of text: documents, each continued many times with different tails, all mixed. One replica's cache is too small for all
documents; two together hold them. Starts a service of its own with `basemodel up`, and stops it. What came out: RESULTS.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx
import yaml

from loadtest.gateways import CHECKOUT, free_port
from router.catalogue import EMBEDDED

ROUTERS = {
    "affinity": {"request_router_class": "deployments.affinity:AffinityRouter", "request_router_kwargs": {"factor": 1.25, "slack": 16.0}},
    "default": {"request_router_class": "ray.serve._private.request_router.pow_2_router:PowerOfTwoChoicesRequestRouter"},
}
UP_SECONDS, DOWN_SECONDS = 400, 120


@dataclass
class Load:
    """Lengths are in tokens; `cache` is what one replica's KV cache holds."""

    documents: int
    length: int
    branches: int
    tail: int
    tokens: int
    at_once: int
    rounds: int
    cache: int
    model: str = "pico"
    replicas: int = 2


@dataclass
class Measured:
    """Of each request: prompt tokens, those of them that came from the cache, and seconds to the first token."""

    prompt: list[int] = field(default_factory=list)
    cached: list[int] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def document(self) -> dict[str, Any]:
        return {
            "requests": len(self.first),
            "cache_hit_rate": round(sum(self.cached) / sum(self.prompt), 4),
            "ttft_median_ms": round(statistics.median(self.first) * 1000, 1),
            "ttft_p95_ms": round(statistics.quantiles(self.first, n=20)[-1] * 1000, 1),
            "prompt_tokens_per_second": round(sum(self.prompt) / self.seconds),
        }


def config(load: Load) -> dict[str, Any]:
    """The service's own config, with one model per router."""
    service: dict[str, Any] = yaml.safe_load((CHECKOUT / "serve_config.yaml").read_text())
    gateway = service["applications"][0]
    shipped = next(one for one in gateway["deployments"][0]["user_config"]["models"] if one["id"] == load.model)
    ours = {"max_replicas": load.replicas, "warm": True, "kv_cache_bytes": load.cache * bytes_per_token(load.model)}
    specs = [shipped | ours | {"id": name} for name in ROUTERS]
    gateway["deployments"][0]["user_config"]["models"] = specs
    service["applications"] = [gateway, *(app(spec, load.replicas) for spec in specs)]
    return service


def bytes_per_token(model: str) -> int:
    """Of the KV cache, in float32."""
    sizes = json.loads((EMBEDDED / model / "config.json").read_text())
    return int(2 * sizes["num_hidden_layers"] * sizes["num_key_value_heads"] * sizes["head_dim"] * 4)


def app(spec: dict[str, Any], replicas: int) -> dict[str, Any]:
    scaling = {"min_replicas": replicas, "initial_replicas": replicas, "max_replicas": replicas}
    override = {"name": "Model", "autoscaling_config": scaling, "request_router_config": ROUTERS[spec["id"]]}
    name = f"model-{spec['id']}"
    return {"name": name, "route_prefix": None, "import_path": "deployments.model:build", "args": spec, "deployments": [override]}


@contextmanager
def service(load: Load, home: Path) -> Iterator[httpx.AsyncClient]:
    """A running service of its own, and a client with a key for it."""
    file, port = home.parent / "affinity.yaml", free_port()
    file.write_text(yaml.safe_dump(config(load)))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("RAY_", "BASEMODEL_"))}
    environment |= {"BASEMODEL_HOME": str(home), "NO_COLOR": "1"}

    def basemodel(seconds: float, *arguments: str) -> None:
        command = [sys.executable, "-m", "basemodel.main", *arguments]
        subprocess.run(command, env=environment, cwd=CHECKOUT, timeout=seconds, check=True, stdout=sys.stderr)

    try:
        basemodel(UP_SECONDS, "up", "--config", str(file), "--detach", "--port", str(port))
        key = (home / "first-key").read_text().strip()
        yield httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/v1", headers={"Authorization": f"Bearer {key}"}, timeout=120)
    finally:
        basemodel(DOWN_SECONDS, "down")


def prompts(load: Load, seed: str) -> list[list[int]]:
    """All branches of all documents, mixed."""
    random = Random(seed)
    documents = [[0, *random.choices(range(5, 4000), k=load.length - 1)] for _ in range(load.documents)]
    mixed = [text + random.choices(range(5, 4000), k=load.tail) for text in documents for _ in range(load.branches)]
    random.shuffle(mixed)
    return mixed


async def ask(client: httpx.AsyncClient, model: str, prompt: list[int], tokens: int, measured: Measured) -> None:
    body = {"model": model, "prompt": prompt, "max_tokens": tokens, "stream": True, "stream_options": {"include_usage": True}}
    began, first, usage = time.monotonic(), 0.0, dict[str, Any]()
    async with client.stream("POST", "/completions", json=body) as response:
        response.raise_for_status()
        async for line in response.aiter_lines():
            if line.startswith("data: {"):
                first = first or time.monotonic() - began
                usage = json.loads(line.removeprefix("data: ")).get("usage") or usage
    measured.first.append(first)
    measured.prompt.append(usage["prompt_tokens"])
    measured.cached.append(usage["prompt_tokens_details"]["cached_tokens"])


async def one_round(client: httpx.AsyncClient, model: str, load: Load, seed: str, measured: Measured) -> None:
    waiting = iter(prompts(load, seed))

    async def one_user() -> None:
        for prompt in waiting:
            await ask(client, model, prompt, load.tokens, measured)

    began = time.monotonic()
    await asyncio.gather(*(one_user() for _ in range(load.at_once)))
    measured.seconds += time.monotonic() - began


async def ready(client: httpx.AsyncClient, load: Load) -> None:
    """Returns when every replica of every model has answered: warm models are ready with the first."""
    async with asyncio.timeout(UP_SECONDS):
        for model in ROUTERS:
            while (await client.get(f"/models/{model}")).json().get("replicas", {}).get("running", load.replicas) < load.replicas:
                await asyncio.sleep(0.5)
    for model in ROUTERS:
        await one_round(client, model, load, secrets.token_hex(8), Measured())


async def compare(client: httpx.AsyncClient, load: Load) -> dict[str, Any]:
    """Rounds of both routers with the same new documents, one after the other, in changing order."""
    measured = {model: Measured() for model in ROUTERS}
    async with client:
        await ready(client, load)
        for number in range(load.rounds):
            seed = secrets.token_hex(8)
            for model in list(ROUTERS)[:: 1 if number % 2 else -1]:
                await one_round(client, model, load, seed, measured[model])
                print(f"round {number}, {model}: {measured[model].document()}", file=sys.stderr, flush=True)
    result = {model: one.document() for model, one in measured.items()}
    ours, theirs = result["affinity"], result["default"]
    ratios = {name: round(ours[name] / theirs[name], 3) for name in ours if theirs[name] and name != "requests"}
    return {"load": vars(load), **result, "affinity_over_default": ratios}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    defaults = {"documents": 12, "length": 1200, "branches": 20, "tail": 40, "tokens": 4, "at-once": 4, "rounds": 4, "cache": 10_240}
    for name, value in defaults.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--model", default="pico", help="an embedded one")
    parser.add_argument("--out", type=Path)
    options = vars(parser.parse_args())
    out, load = options.pop("out"), Load(**options)
    with tempfile.TemporaryDirectory() as folder, service(load, Path(folder) / "home") as client:
        result = json.dumps(asyncio.run(compare(client, load)), indent=2)
    print(result)
    if out is not None:
        out.write_text(result + "\n")


if __name__ == "__main__":
    main()
