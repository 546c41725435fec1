"""Seconds from nothing to the first token, side by side: `python -m loadtest.boot`.

Our host, forked by a zygote and spawned, as a replica starts it, with its self-check; and vLLM's own server on the same
weights and cores, with its defaults and with --enforce-eager. They take turns, so that whatever else the machine does
weighs on all. Prints JSON: seconds, medians and their ratios to the fork. Needs no cluster.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from deployments import launch
from deployments.frames import FrameReceiver, socket_folder
from deployments.host_process import HostProcess, Launch
from loadtest.fairness import specs
from router.catalogue import ModelSpec
from router.engine import Job, Sampling
from tests.cluster import free_port

FORK, FIRST_FORK, SPAWN, SERVER, EAGER = "fork", "first_fork", "spawn", "vllm_server", "vllm_server_eager"
SERVER_SECONDS = 300.0
#: As our hosts have it.
SERVER_OPTIONS = ["--generation-config", "vllm", "--dtype", "float32"]


async def host_boot(spec: ModelSpec, folder: Path, start: Launch) -> float:
    """From a replica's wish to the first token that its gateway gets."""
    frames, began = FrameReceiver(folder), time.monotonic()
    host = HostProcess(spec, folder, launch=start)
    try:
        assert await host.ready(SERVER_SECONDS), host.reason
        stream, queue = frames.open()
        job = Job(secrets.token_hex(8), (0, 5, 6, 7), Sampling(max_tokens=1))
        call = asyncio.create_task(host.run(job, frames.address, stream))
        await queue.get()
        took = time.monotonic() - began
        await call
        return took
    finally:
        host.close()
        frames.close()


async def server_boot(spec: ModelSpec, folder: Path, *options: str) -> float:
    """From the server's start to the answer of a completion of one token."""
    port, began = free_port(), time.monotonic()
    server = start_server(spec, folder, ["--port", str(port), *options])
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60.0) as client:
            while not await completes(client):
                assert server.poll() is None, "vLLM's server ended; its log says why"
                assert time.monotonic() - began < SERVER_SECONDS
                await asyncio.sleep(0.05)
        return time.monotonic() - began
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def start_server(spec: ModelSpec, folder: Path, options: list[str], more: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    size = ["--max-model-len", str(spec.max_model_len), "--served-model-name", "it", "--host", "127.0.0.1"]
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", spec.folder, *size, *SERVER_OPTIONS, *options]
    environment = os.environ | launch.ENVIRONMENT | {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_CACHE_ROOT": str(folder / "cache")}
    environment |= more or {}
    with open(folder / "server.log", "ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)


async def completes(client: httpx.AsyncClient) -> bool:
    try:
        answer = await client.post("/v1/completions", json={"model": "it", "prompt": "The end", "max_tokens": 1})
    except httpx.TransportError:
        return False
    return answer.status_code == 200


async def compare(spec: ModelSpec, rounds: int, forks: int, servers: bool) -> dict[str, list[float]]:
    """Each way's seconds. The zygote has imported before the first fork; that one is alone in running the whole self-check."""
    with tempfile.TemporaryDirectory(prefix="boot-") as home:
        folder = socket_folder(Path(home))
        zygote = launch.zygote_of("cpu", folder)
        began = time.monotonic()
        zygote.begin()
        while not zygote._path.exists():
            await asyncio.sleep(0.05)
        results = {"zygote": [time.monotonic() - began], FIRST_FORK: [await host_boot(spec, folder, launch.launch)]}
        for _ in range(rounds):
            for _ in range(forks):
                results.setdefault(FORK, []).append(await host_boot(spec, folder, launch.launch))
            results.setdefault(SPAWN, []).append(await host_boot(spec, folder, launch.spawn))
            if servers:
                results.setdefault(EAGER, []).append(await server_boot(spec, Path(home), "--enforce-eager"))
                results.setdefault(SERVER, []).append(await server_boot(spec, Path(home)))
            print(json.dumps(results), file=sys.stderr, flush=True)
        zygote.kill()
        return results


def report(results: dict[str, list[float]]) -> dict[str, object]:
    medians = {way: statistics.median(seconds) for way, seconds in results.items()}
    ratios = {way: round(median / medians[FORK], 2) for way, median in medians.items()}
    rounded = {way: [round(one, 3) for one in seconds] for way, seconds in results.items()}
    return {"seconds": rounded, "median": {way: round(one, 3) for way, one in medians.items()}, "over_fork": ratios}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--model", default="pico", help="a model of serve_config.yaml")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--forks", type=int, default=5, help="in each round")
    parser.add_argument("--no-servers", action="store_true", help="leave vLLM's own server out")
    given = parser.parse_args()
    spec = specs().get(given.model)
    assert spec is not None, "no such model in serve_config.yaml"
    print(json.dumps(report(asyncio.run(compare(spec, given.rounds, given.forks, not given.no_servers))), indent=2))


if __name__ == "__main__":
    main()
