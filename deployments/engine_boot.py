"""An engine's way from nothing to ready, in a model host, told as it goes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from deployments import vllm_version, weights
from deployments.boot_sheet import BootSheet
from deployments.messages import Progress
from deployments.passed import Passed
from deployments.self_check import self_check, short_check
from router.catalogue import ModelSpec
from router.lifecycle import Phase

if TYPE_CHECKING:
    from deployments.vllm_engine import VllmEngine

PROGRESS_SECONDS = 0.2

Tell = Callable[[Progress], None]


async def boot_engine(spec: ModelSpec, seed: int, sheet: BootSheet, tell: Tell) -> tuple[VllmEngine, str]:
    """A warm engine that passed its check, and vLLM's version. Raises whatever vLLM does, and RuntimeError."""
    total = weights.size(spec.folder)
    tell(Progress(Phase.LOADING, 0, total))
    telling = asyncio.create_task(_tell_progress(sheet, total, tell))
    try:
        engine, version = await asyncio.to_thread(_start, spec, seed)
    finally:
        telling.cancel()
    tell(Progress(Phase.WARMING, total, total))
    folder = Path(os.environ["VLLM_RPC_BASE_PATH"])
    passed = Passed(spec, folder)
    await (short_check if passed else self_check)(engine, spec)
    passed.note()
    unlink_sockets(folder)
    return engine, version


async def _tell_progress(sheet: BootSheet, total: int, tell: Tell) -> None:
    told = 0
    while True:
        await asyncio.sleep(PROGRESS_SECONDS)
        if (loaded := sheet.loaded) != told:
            told = loaded
            tell(Progress(Phase.LOADING, min(loaded, total) if total else loaded, total))


def _start(spec: ModelSpec, seed: int) -> tuple[VllmEngine, str]:
    from deployments import vllm_engine, vllm_patches

    vllm_patches.install(exact=spec.determinism == "exact")
    return vllm_engine.VllmEngine(spec, seed), vllm_version.VERSION


def unlink_sockets(folder: Path) -> None:
    """vLLM's own between this process and its engine. They are connected, nobody else needs their names, and no host that is
    killed could remove them.
    """
    family = [psutil.Process(), *psutil.Process().children(recursive=True)]
    for socket in (each for process in family for each in process.net_connections("unix")):
        path = Path(str(socket.laddr))
        if path.parent == folder:
            path.unlink(missing_ok=True)
