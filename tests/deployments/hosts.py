"""Hosts of the smallest model, as their processes: what the tests of zygotes look at."""

import asyncio
from collections.abc import Callable

import psutil

from deployments.host_process import HostProcess
from router.catalogue import ModelSpec

SPEC = ModelSpec(
    id="pico",
    source="embedded/pico",
    revision="1",
    max_model_len=2048,
    dtype="float32",
    determinism="exact",
    kv_cache_bytes=64 << 20,
    block_size=32,
    hang_seconds=20.0,
    boot_timeout_seconds=60,
)
BOOT_SECONDS = 60.0


def family(host: HostProcess) -> list[psutil.Process]:
    assert host._process is not None
    found = psutil.Process(host._process.pid)
    return [found, *found.children(recursive=True)]


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def until(check: Callable[[], bool], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not check():
            await asyncio.sleep(0.02)
