"""A model host whose engine is scripted: `python -m loadtest.faults.scripted_host FD`. All around the engine is the product's.

It makes a token every SECONDS_PER_TOKEN, after SECONDS_PER_PROMPT_TOKEN for each token of the prompt, and what it makes is known
from the prompt and the seed alone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

import msgspec

from deployments import host
from deployments.boot_sheet import BootSheet
from deployments.messages import Progress
from router.catalogue import ModelSpec
from router.engine import Delta, Job
from router.hub import tokenizer_folder
from router.lifecycle import Phase
from router.metrics import Sample
from router.scripted_engine import Script, ScriptedEngine
from router.tokens import Vocabulary

SECONDS_PER_TOKEN, SECONDS_PER_PROMPT_TOKEN = 0.1, 0.01
BOOT_SECONDS = 1.0
VERSION = "scripted"


class ChoiceEngine:
    """A ScriptedEngine as a model host drives its own: choice by choice, with a sign of life."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._engine = ScriptedEngine(vocabulary, Script(seconds_per_delta=SECONDS_PER_TOKEN))
        self.last_output = time.monotonic()

    @property
    def running(self) -> int:
        return self._engine.running

    async def choice(self, job: Job, choice: int, priority: int = 0) -> AsyncGenerator[Delta]:
        """The deltas of one choice, which here is the first of a job of its own."""
        await asyncio.sleep(SECONDS_PER_PROMPT_TOKEN * len(job.prompt_ids))
        alone = msgspec.structs.replace(job, seeds=(job.seeds[choice],))
        async with aclosing(self._engine.generate(alone)) as deltas:
            async for delta in deltas:
                self.last_output = time.monotonic()
                yield msgspec.structs.replace(delta, choice=choice)

    def measured(self) -> list[Sample]:
        return []

    async def canary(self) -> None:
        """Nothing here can hang but the process itself, which then answers no ping."""
        self.last_output = time.monotonic()


async def boot(spec: ModelSpec, seed: int, sheet: BootSheet, tell: Callable[[Progress], None]) -> tuple[Any, str]:
    """Stands in for `deployments.engine_boot.boot_engine`."""
    tell(Progress(Phase.LOADING, 0, 1))
    engine = ChoiceEngine(Vocabulary.load(tokenizer_folder(spec.tokenizer_place)))
    await asyncio.sleep(BOOT_SECONDS)
    tell(Progress(Phase.WARMING, 1, 1))
    return engine, VERSION


if __name__ == "__main__":
    setattr(host, "boot_engine", boot)  # noqa: B010
    host.main()
