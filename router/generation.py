"""A running job: the engine's stream, checked, timed and ended exactly once."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator

import anyio
import msgspec

from router.engine import Delta, Engine, EngineDied, EngineTimeout, Finish, FinishReason, Job

#: How long an engine may take to let go of a job that was closed.
CLOSE_SECONDS = 10.0

log = logging.getLogger(__name__)


class Generation:
    """Iterate it for the deltas; whoever started it must close it, however its use ends.

    `tokens` counts what the engine made, per choice, whether or not it was delivered.
    """

    def __init__(self, stream: AsyncGenerator[Delta], job: Job, deadline: float) -> None:
        self._stream, self._job, self._deadline = stream, job, deadline
        self._unfinished, self._closed = set(range(len(job.seeds))), False
        self._first: Delta | None = None
        self.tokens = [0] * len(job.seeds)

    @classmethod
    async def start(cls, engine: Engine, job: Job, seconds: float) -> Generation:
        """Waits for the first delta, so that a failure can still be a status. Raises EngineError.

        An engine that dies before any token came back is asked once more, under another id.
        """
        deadline = anyio.current_time() + seconds
        try:
            return await cls._started(engine, job, deadline)
        except EngineDied as error:
            log.warning("job %s: the engine died before its first token (%s); asking again", job.id, error)
            return await cls._started(engine, msgspec.structs.replace(job, id=f"{job.id}-2"), deadline)

    @classmethod
    async def _started(cls, engine: Engine, job: Job, deadline: float) -> Generation:
        stream = engine.generate(job) if job.sampling.max_tokens else _nothing(job)
        self = cls(stream, job, deadline)
        try:
            self._first = await self._next()
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aiter__(self) -> AsyncIterator[Delta]:
        """Every delta until all choices have finished. Raises EngineError."""
        if self._first is not None:
            yield self._first
        while self._unfinished:
            yield await self._next()

    async def _next(self) -> Delta:
        with anyio.CancelScope(deadline=self._deadline) as scope:
            try:
                delta = await anext(self._stream)
            except StopAsyncIteration:
                raise EngineDied(f"ended while choices {sorted(self._unfinished)} were unfinished") from None
        if scope.cancelled_caught:
            raise EngineTimeout(self._job.id)
        self._check(delta)
        self.tokens[delta.choice] += len(delta.token_ids)
        if delta.finish is not None:
            self._unfinished.remove(delta.choice)
        return delta

    def _check(self, delta: Delta) -> None:
        """Raises EngineDied for tokens that are missing, repeated, too many or without their logprobs."""
        if delta.choice not in self._unfinished:
            raise EngineDied(f"a delta for choice {delta.choice}, which is not running")
        made, count = self.tokens[delta.choice], len(delta.token_ids)
        if delta.first != made or made + count > self._job.sampling.max_tokens:
            raise EngineDied(f"{count} tokens from {delta.first} on, after {made} of {self._job.sampling.max_tokens}")
        if delta.finish is not None and delta.finish.reason == FinishReason.LENGTH and made + count < self._job.sampling.max_tokens:
            raise EngineDied(f"ended for its length after {made + count} of {self._job.sampling.max_tokens} tokens")
        wanted = 0 if self._job.sampling.logprobs is None else count
        if len(delta.positions or ()) != wanted:
            raise EngineDied(f"{len(delta.positions or ())} positions with logprobs for {count} tokens")

    async def aclose(self) -> None:
        """Ends the engine's work, also when this task is being cancelled."""
        if self._closed:
            return
        self._closed = True
        with anyio.move_on_after(CLOSE_SECONDS, shield=True) as scope:
            await self._stream.aclose()
        if scope.cancelled_caught:
            log.error("job %s: the engine did not let go within %s s", self._job.id, CLOSE_SECONDS)


async def _nothing(job: Job) -> AsyncGenerator[Delta]:
    """The stream of a job that asks for no tokens: no engine is needed for it."""
    for choice in range(len(job.seeds)):
        yield Delta(choice, 0, [], [] if job.sampling.logprobs is not None else None, Finish(FinishReason.LENGTH))
