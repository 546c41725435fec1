"""A real model host with a small cache, for tests of the engine alone; started on a loop of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from deployments import launch
from deployments.frames import FrameReceiver, socket_folder
from deployments.host_process import HostProcess
from deployments.messages import Failed
from router.catalogue import ModelSpec
from router.engine import Delta, Finish, Job, Position

T = TypeVar("T")

BOOT_SECONDS, ANSWER_SECONDS = 200.0, 100.0

#: 4 MiB hold 4,096 tokens: a few long requests push each other out.
CACHE_TOKENS = 4096
SPEC = ModelSpec(
    id="pico",
    source="embedded/pico",
    revision="1",
    max_model_len=2048,
    head_dtype="float32",
    determinism="exact",
    kv_cache_bytes=CACHE_TOKENS << 10,
    block_size=32,
    hang_seconds=60.0,
)


@dataclass
class Choice:
    tokens: list[int] = field(default_factory=list)
    positions: list[Position] = field(default_factory=list)
    rows: list[Position] = field(default_factory=list)
    finish: Finish | None = None
    cached: int = 0


class RealEngine:
    """Runs jobs to their end; the answer is one Choice per choice. `came` are the ids of jobs, in the order of all deltas."""

    def __init__(self, home: Path, spec: ModelSpec = SPEC) -> None:
        self._home, self._spec, self._loop = home, spec, asyncio.new_event_loop()
        self.came: list[str] = []
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.host, self._frames = self._call(self._start())

    async def _start(self) -> tuple[HostProcess, FrameReceiver]:
        folder = socket_folder(self._home)
        host, frames = HostProcess(self._spec, folder), FrameReceiver(folder)
        assert await host.ready(BOOT_SECONDS), host.reason
        return host, frames

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(BOOT_SECONDS)

    def deltas(self, *jobs: Job) -> list[list[Delta] | Failed]:
        """What each of the jobs, all run at once, sent."""

        async def together() -> list[list[Delta] | Failed]:
            return await asyncio.gather(*(self._deltas(job) for job in jobs))

        return self._call(together())

    def run(self, *jobs: Job) -> list[list[Choice]]:
        return [fold(deltas) for deltas in self.deltas(*jobs) if not isinstance(deltas, Failed)]

    def one(self, job: Job) -> Choice:
        return self.run(job)[0][0]

    async def _deltas(self, job: Job) -> list[Delta] | Failed:
        stream, queue = self._frames.open()
        outcome = await self.host.run(job, self._frames.address, stream)
        if isinstance(outcome, Failed):
            return outcome
        got: list[Delta] = []
        while sum(delta.finish is not None for delta in got) < len(job.seeds):
            delta = await asyncio.wait_for(queue.get(), ANSWER_SECONDS)
            got += [] if delta is None else [delta]
            self.came.append(job.id)
        self._frames.close_stream(stream)
        return got

    def ready(self) -> bool:
        return self._call(self.host.ready(BOOT_SECONDS))

    def close(self) -> None:
        async def end() -> None:
            self.host.close()
            self._frames.close()
            await asyncio.sleep(0.1)

        self._call(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        launch.zygote_of("cpu", socket_folder(self._home)).kill()
        self._loop.close()


def fold(deltas: list[Delta]) -> list[Choice]:
    choices = [Choice() for _ in {delta.choice for delta in deltas}]
    for delta in deltas:
        choice = choices[delta.choice]
        assert delta.first == len(choice.tokens)
        choice.tokens += delta.token_ids
        choice.positions += delta.positions or []
        choice.rows += delta.prompt
        choice.finish = delta.finish or choice.finish
        choice.cached = max(choice.cached, delta.cached_tokens)
    return choices
