"""The choices of a job: each waits its turn, runs on the engine, and ends at a stop string."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Protocol

import msgspec

from deployments.turns import Turn, Turns
from router.catalogue import ModelSpec
from router.engine import Delta, Finish, FinishReason, Job
from router.hub import tokenizer_folder
from router.text import Continuation
from router.tokens import Vocabulary

#: One in so many of the engine's places is kept for keys that have few; and so much scoring, beside what all share.
RESERVED = 8

Send = Callable[[Delta], None]


class ChoiceEngine(Protocol):
    def choice(self, job: Job, choice: int, priority: int = 0) -> AsyncGenerator[Delta]: ...


class Choices:
    """Runs jobs on one engine, which keys share fairly: its places by tokens, its scoring by logprobs."""

    def __init__(self, engine: ChoiceEngine, spec: ModelSpec) -> None:
        self._engine, self._vocabulary = engine, Vocabulary.load(tokenizer_folder(spec.tokenizer_place))
        self._places = places(spec)
        self._scoring = Turns(spec.max_scoring_entries, spec.max_scoring_entries // RESERVED)

    @property
    def waiting(self) -> int:
        """Choices that the engine has not got yet."""
        return self._places.waiting + self._scoring.waiting

    async def run(self, job: Job, send: Send) -> None:
        """All choices; when one fails, the others end too."""
        scored = asyncio.Event()
        if len(job.seeds) == 1:
            return await self._run(job, 0, scored, send)
        tasks = [asyncio.create_task(self._run(job, choice, scored, send)) for choice in range(len(job.seeds))]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def _run(self, job: Job, choice: int, scored: asyncio.Event, send: Send) -> None:
        """Sends one choice.

        Where the prompt is scored, the first choice sends its rows before another begins: they come before all
        tokens, and the others find the prompt in the cache.
        """
        if choice and job.sampling.prompt_logprobs is not None:
            await scored.wait()
        entries, cost = _entries(job, choice), len(job.prompt_of(choice)) + job.sampling.max_tokens
        async with (
            self._scoring.turn(job.tenant, entries, entries) as held,
            self._places.turn(job.tenant, cost, ahead=entries > 0) as turn,
            aclosing(self._deltas(job, choice, turn)) as deltas,
        ):
            async for delta in deltas:
                send(delta)
                if not delta.prompt:
                    held.release()
                    scored.set()

    async def _deltas(self, job: Job, choice: int, turn: Turn) -> AsyncGenerator[Delta]:
        """The engine's, up to a stop string. However it ends, what was promised and not used is refunded."""
        stops, left = Stops(self._vocabulary, job, choice), job.sampling.max_tokens
        try:
            async with aclosing(self._engine.choice(job, choice, turn.tag)) as deltas:
                async for whole in deltas:
                    delta = stops.cut(whole)
                    left -= len(delta.token_ids)
                    turn.refund(delta.cached_tokens)
                    yield delta
                    if delta.finish is not None:
                        break
        finally:
            turn.refund(left)


def places(spec: ModelSpec) -> Turns:
    """As many as vLLM runs at once: what waited there would be first come, first served."""
    reserve = spec.max_num_seqs // RESERVED
    return Turns(spec.max_num_seqs - reserve, reserve)


def _entries(job: Job, choice: int) -> int:
    """How many logprobs this choice wants of its prompt."""
    return len(job.rows_of(choice)) * ((job.sampling.prompt_logprobs or 0) + 1)


class Stops:
    """Ends one choice at the token that completes a stop string."""

    def __init__(self, vocabulary: Vocabulary, job: Job, choice: int) -> None:
        self._text = Continuation(vocabulary, job.prompt_of(choice), job.sampling) if job.sampling.stop else None

    def cut(self, delta: Delta) -> Delta:
        """The delta up to and with the completing token, finished there; or unchanged."""
        if self._text is None:
            return delta
        for kept, token in enumerate(delta.token_ids, 1):
            self._text.feed(token)
            if self._text.found is not None:
                positions = None if delta.positions is None else delta.positions[:kept]
                finish = Finish(FinishReason.STOP, self._text.found)
                return msgspec.structs.replace(delta, token_ids=delta.token_ids[:kept], positions=positions, finish=finish)
        return delta
