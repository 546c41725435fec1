"""A host at work on an engine of three lines, and the replica's end of its connection."""

import asyncio
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any, cast

from deployments import messages
from deployments.frames import FrameReceiver
from deployments.host import Host
from deployments.inbox import Inbox
from deployments.messages import Start, ToReplica
from router.catalogue import ModelSpec
from router.engine import Delta, EngineDied, Finish, FinishReason, Job, Position, Sampling
from router.metrics import Sample

SPEC = ModelSpec(id="pico", source="embedded/pico", revision="1", max_model_len=2048, max_scoring_entries=16, max_num_seqs=8)
ROW = Position(-1.0, 1, [], [])


@dataclass
class Script:
    """Plays the given ids, one a turn of the loop; fails or hangs after them if told to."""

    ids: list[int]
    dies: bool = False
    hangs: bool = False
    deaf: bool = False
    running: int = 0
    last_output: float = field(default_factory=time.monotonic)
    canaries: int = 0
    refuses: int | None = None
    begun: list[str] = field(default_factory=list)
    priorities: list[int] = field(default_factory=list)

    async def choice(self, job: Job, choice: int, priority: int = 0) -> AsyncGenerator[Delta]:
        self.running += 1
        self.begun.append(f"{job.id}-{choice}")
        self.priorities.append(priority)
        try:
            if choice == self.refuses:
                raise ValueError("scripted")
            if rows := job.rows_of(choice):
                await asyncio.sleep(0)
                yield Delta(choice, 0, [], prompt=[ROW] * len(rows), prompt_first=rows.start)
                await asyncio.sleep(0)
            for first, token in enumerate(self.ids[: job.sampling.max_tokens]):
                await asyncio.sleep(0)
                last = first + 1 == job.sampling.max_tokens
                yield Delta(choice, first, [token], None, Finish(FinishReason.LENGTH) if last else None)
            if self.dies:
                raise EngineDied("scripted")
            if self.hangs:
                await asyncio.sleep(3600)
        finally:
            self.running -= 1

    def measured(self) -> list[Sample]:
        return []

    async def canary(self) -> None:
        self.canaries += 1
        if self.deaf:
            await asyncio.sleep(3600)


@dataclass
class Conversation:
    """A host at work, and the replica's end of its connection."""

    host: Host
    script: Script
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    frames: FrameReceiver
    work: asyncio.Task[None]

    def start(self, call: int, sampling: Sampling, **job: Any) -> Inbox:
        stream, inbox = self.frames.open()
        messages.send(self.writer, Start(call, Job(f"job-{call}", (0, 5), sampling, **job), self.frames.address, stream))
        return inbox

    async def deltas(self, inbox: Inbox, choices: int = 1) -> list[Delta]:
        """All of a job's, to the last finish."""
        got: list[Delta] = []
        while sum(delta.finish is not None for delta in got) < choices:
            delta = await asyncio.wait_for(inbox.get(), 5)
            got += [] if delta is None else [delta]
        return got

    async def answer(self) -> ToReplica:
        data = await asyncio.wait_for(messages.receive(self.reader), 5)
        assert data is not None
        return cast(ToReplica, messages.to_replica.decode(data))
