"""A running job: the engine's stream, checked, timed and ended exactly once."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator

import anyio
import msgspec

from router.engine import Delta, Engine, EngineDied, EngineTimeout, Finish, FinishReason, Job, Position
from router.time_limit import TimeLimit

#: How long an engine may take to let go of a job that was closed.
CLOSE_SECONDS = 10.0

log = logging.getLogger(__name__)


class Generation:
    """Iterate it for the deltas; whoever started it must close it, however its use ends.

    `tokens` counts what the engine made, per choice, whether or not it was delivered.
    """

    def __init__(self, stream: AsyncGenerator[Delta], job: Job, seconds: float) -> None:
        self._stream, self._limit, self._closed = stream, TimeLimit(seconds), False
        self._checks = Checks(job)
        self._id = job.id
        self._first: Delta | None = None

    @property
    def tokens(self) -> list[int]:
        return self._checks.tokens

    @classmethod
    async def start(cls, engine: Engine, job: Job, seconds: float) -> Generation:
        """Waits for the first delta, so that a failure can still be a status. Raises EngineError.

        An engine that dies before any token came back is asked once more, under another id.
        """
        until = anyio.current_time() + seconds
        try:
            return await cls._started(engine, job, seconds)
        except EngineDied as error:
            log.warning("job %s: the engine died before its first token (%s); asking again", job.id, error)
            return await cls._started(engine, msgspec.structs.replace(job, id=f"{job.id}-2"), until - anyio.current_time())

    @classmethod
    async def _started(cls, engine: Engine, job: Job, seconds: float) -> Generation:
        needed = job.sampling.max_tokens or job.sampling.prompt_logprobs is not None
        self = cls(engine.generate(job) if needed else _nothing(job), job, seconds)
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
        while self._checks.unfinished:
            yield await self._next()

    async def _next(self) -> Delta:
        try:
            delta = await self._limit.wait(anext(self._stream))
        except StopAsyncIteration:
            raise EngineDied(f"ended while choices {sorted(self._checks.unfinished)} were unfinished") from None
        except TimeoutError:
            raise EngineTimeout(self._id) from None
        self._checks.take(delta)
        return delta

    async def aclose(self) -> None:
        """Ends the engine's work, also when this task is being cancelled."""
        if self._closed:
            return
        self._closed = True
        self._limit.close()
        if not self._checks.unfinished:
            return await self._stream.aclose()  # nothing runs that would have to let go
        with anyio.move_on_after(CLOSE_SECONDS, shield=True) as scope:
            await self._stream.aclose()
        if scope.cancelled_caught:
            log.error("job %s: the engine did not let go within %s s", self._id, CLOSE_SECONDS)


class Checks:
    """What a job's deltas must be. Raises EngineDied for what is missing, repeated, too much or without its logprobs."""

    def __init__(self, job: Job) -> None:
        self._job, self._sampling = job, job.sampling
        choices = range(len(job.seeds))
        self.unfinished = set(choices)
        self.tokens = [0 for _ in choices]
        self._rows = [job.rows_of(choice) for choice in choices]
        self._scored = [0 for _ in choices]

    def take(self, delta: Delta) -> None:
        if delta.choice not in self.unfinished:
            raise EngineDied(f"a delta for choice {delta.choice}, which is not running")
        if delta.prompt:
            self._take_rows(delta)
        if delta.token_ids or delta.finish is not None:
            self._check_scored(delta.choice)
            self._check_tokens(delta)
        self.tokens[delta.choice] += len(delta.token_ids)
        if delta.finish is not None:
            self.unfinished.remove(delta.choice)

    def _check_tokens(self, delta: Delta) -> None:
        made, count, most = self.tokens[delta.choice], len(delta.token_ids), self._sampling.max_tokens
        if delta.first != made or made + count > most:
            raise EngineDied(f"{count} tokens from {delta.first} on, after {made} of {most}")
        if delta.finish is not None and delta.finish.reason == FinishReason.LENGTH and made + count < most:
            raise EngineDied(f"ended for its length after {made + count} of {most} tokens")
        wanted = 0 if self._sampling.logprobs is None else count
        if len(delta.positions or ()) != wanted:
            raise EngineDied(f"{len(delta.positions or ())} positions with logprobs for {count} tokens")
        _check_positions(delta.positions or [], self._sampling.logprobs or 0, len(self._sampling.logprob_token_ids))

    def _take_rows(self, delta: Delta) -> None:
        """Rows come in order, each once."""
        scored, wanted = self._scored[delta.choice], self._rows[delta.choice]
        if delta.prompt_first != (wanted[scored] if scored < len(wanted) else None) or scored + len(delta.prompt) > len(wanted):
            raise EngineDied(f"{len(delta.prompt)} prompt positions from {delta.prompt_first} on, after {scored} of {len(wanted)}")
        _check_positions(delta.prompt, self._sampling.prompt_logprobs or 0, 0)
        self._scored[delta.choice] += len(delta.prompt)

    def _check_scored(self, choice: int) -> None:
        """The prompt is scored before the first token of any choice."""
        scorer = choice if self._job.tails else 0
        if self._scored[scorer] != len(self._rows[scorer]):
            raise EngineDied(f"{self._scored[scorer]} of {len(self._rows[scorer])} prompt positions were scored")


def _check_positions(positions: list[Position], k: int, requested: int) -> None:
    if any(len(one.top_ids) != k or len(one.top_logprobs) != k or len(one.requested) != requested for one in positions):
        raise EngineDied(f"a position without its {k} likeliest tokens or its {requested} requested ones")


async def _nothing(job: Job) -> AsyncGenerator[Delta]:
    """The stream of a job that asks neither for tokens nor for scores: no engine is needed for it."""
    for choice in range(len(job.seeds)):
        yield Delta(choice, 0, [], [] if job.sampling.logprobs is not None else None, Finish(FinishReason.LENGTH))
