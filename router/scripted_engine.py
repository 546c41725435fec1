"""An engine without a model, for tests and for load on the gateway alone: deterministic text at no cost.

At every position the likeliest tokens are a walk through the vocabulary from a place that a hash decides,
each half as likely as the one before, so logprobs are exact and sum to one. EOS is always the least likely:
a text ends where its script or its request says so, not by chance.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import reduce
from random import Random

from router.catalogue import Catalogue, ModelSpec
from router.engine import MOST_ROWS, Delta, EngineDied, EngineError, Finish, FinishReason, Job, Position
from router.lifecycle import Standing, State
from router.text import Continuation
from router.tokens import Vocabulary


@dataclass(frozen=True)
class Script:
    """What goes wrong or slow. Counts are in tokens of a choice, times in seconds.

    `tokens` are generated first, whatever the seed; `refusal` is raised instead of starting; `deaths` is how
    many jobs die, by a `death`, or hang (None: all of them); `lose` leaves a token out.
    """

    tokens: tuple[int, ...] = ()
    tokens_per_delta: int = 1
    seconds_per_delta: float = 0.0
    refusal: EngineError | None = None
    die_after: int | None = None
    death: type[EngineError] = EngineDied
    hang_after: int | None = None
    lose: int | None = None
    deaths: int | None = None


class ScriptedEngine:
    """`jobs` keeps every job that came; `running` those not closed yet; `closed` counts the endings."""

    def __init__(self, vocabulary: Vocabulary, script: Script | None = None) -> None:
        self._vocabulary, self.script = vocabulary, script or Script()
        self.jobs: list[Job] = []
        self.running = self.closed = self.made = 0

    async def generate(self, job: Job) -> AsyncGenerator[Delta]:
        self.jobs.append(job)
        if self.script.refusal is not None:
            raise self.script.refusal
        self.running += 1
        try:
            for choice in range(len(job.seeds)):
                async for delta in self._choice(job, choice):
                    self.made += len(delta.token_ids)
                    yield delta
        finally:
            self.running -= 1
            self.closed += 1

    async def _choice(self, job: Job, choice: int) -> AsyncGenerator[Delta]:
        for delta in self._rows(job, choice):
            yield delta
        if not job.sampling.max_tokens:
            yield Delta(choice, 0, [], None if job.sampling.logprobs is None else [], Finish(FinishReason.LENGTH))
            return
        first = 0
        ids: list[int] = []
        positions: list[Position] = []
        walk = Walk(self._vocabulary, job, choice)
        for index in range(job.sampling.max_tokens):
            await self._fault(index)
            token_id, position, finish = walk.step(self.script.tokens[index] if index < len(self.script.tokens) else None)
            if index != self.script.lose:
                first = index if not ids else first
                ids.append(token_id)
                positions.append(position)
            if finish is not None or len(ids) >= self.script.tokens_per_delta:
                await asyncio.sleep(self.script.seconds_per_delta)
                yield Delta(choice, first, ids, None if job.sampling.logprobs is None else positions, finish)
                ids, positions = [], []
            if finish is not None:
                return

    def _rows(self, job: Job, choice: int) -> Iterator[Delta]:
        """The logprobs of the choice's prompt."""
        rows, prompt = job.rows_of(choice), job.prompt_of(choice)
        context, places = 0, Places(self._vocabulary)
        positions = []
        for index, token_id in enumerate(prompt[: rows.stop]):
            if index in rows:
                positions.append(places.position(context, token_id, job.sampling.prompt_logprobs or 0))
            context = places.after(context, token_id)
        for at in range(0, len(positions), MOST_ROWS):
            yield Delta(choice, 0, [], prompt=positions[at : at + MOST_ROWS], prompt_first=rows.start + at)

    async def _fault(self, index: int) -> None:
        if self.script.deaths is not None and len(self.jobs) > self.script.deaths:
            return
        if index == self.script.die_after:
            raise self.script.death("the script says so")
        if index == self.script.hang_after:
            await asyncio.Event().wait()


class Places:
    """Which tokens are likely after a context, a number that stands for all tokens before."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._eos = vocabulary.size if vocabulary.eos_id is None else vocabulary.eos_id
        self._others = vocabulary.size - (vocabulary.eos_id is not None)

    def after(self, context: int, token_id: int) -> int:
        return hash((context, token_id)) & ((1 << 64) - 1)

    def ranked(self, context: int, rank: int) -> int:
        if rank > self._others:
            return self._eos
        place = (context + rank - 1) % self._others
        return place + (place >= self._eos)

    def rank(self, context: int, token_id: int) -> int:
        if token_id == self._eos:
            return self._others + 1
        return (token_id - (token_id > self._eos) - context) % self._others + 1

    def position(self, context: int, token_id: int, k: int, requested: tuple[int, ...] = ()) -> Position:
        rank = self.rank(context, token_id)
        top = [self.ranked(context, place + 1) for place in range(k)]
        asked = [_logprob(self.rank(context, one)) for one in requested]
        return Position(_logprob(rank), rank, top, [_logprob(place + 1) for place in range(k)], asked)


class Walk:
    """One choice's tokens."""

    def __init__(self, vocabulary: Vocabulary, job: Job, choice: int) -> None:
        self._vocabulary, self._sampling = vocabulary, job.sampling
        self._text = Continuation(vocabulary, job.prompt_ids, job.sampling)
        self._places = Places(vocabulary)
        self._context = reduce(self._places.after, job.prompt_ids, 0)
        seed = job.seeds[choice]
        self._draw = Random(self._context + choice if seed is None else seed + choice)
        self._count = 0

    def step(self, forced: int | None) -> tuple[int, Position, Finish | None]:
        token_id = self._places.ranked(self._context, self._rank()) if forced is None else forced
        position = self._places.position(self._context, token_id, self._sampling.logprobs or 0, self._sampling.logprob_token_ids)
        self._context = self._places.after(self._context, token_id)
        self._count += 1
        return token_id, position, self._finish(token_id)

    def _rank(self) -> int:
        greedy = self._sampling.temperature == 0 or self._sampling.top_k == 1
        return 1 if greedy else min(1 + int(-math.log2(1 - self._draw.random())), self._vocabulary.size)

    def _finish(self, token_id: int) -> Finish | None:
        self._text.feed(token_id)
        if self._text.found is not None:
            return Finish(FinishReason.STOP, self._text.found)
        if self._count > self._sampling.min_tokens:
            if token_id == self._vocabulary.eos_id and not self._sampling.ignore_eos:
                return Finish(FinishReason.STOP)
            if token_id in self._sampling.stop_token_ids:
                return Finish(FinishReason.STOP, token_id)
        return Finish(FinishReason.LENGTH) if self._count == self._sampling.max_tokens else None


def _logprob(rank: int) -> float:
    return -rank * math.log(2)


class ScriptedFleet:
    """A catalogue whose models all answer from scripts and are always ready, unless `standings` says otherwise.

    `wakes` has every (model, waker) that was wanted; `on_wake` is what happens then.
    """

    def __init__(self, catalogue: Catalogue, engines: dict[str, ScriptedEngine]) -> None:
        self.catalogue, self.engines = catalogue, engines
        self.standings: dict[str, Standing] = {}
        self.reason: str | None = None
        self.wakes: list[tuple[str, str]] = []
        self.on_wake: Callable[[ModelSpec], None] = lambda spec: None
        self._since, self._moved = time.time(), asyncio.Event()

    def engine(self, spec: ModelSpec) -> ScriptedEngine:
        return self.engines[spec.id]

    def standing(self, spec: ModelSpec) -> Standing:
        return self.standings.get(spec.id, Standing(State.READY, self._since, running=1, wanted=1))

    def stand(self, model: str, standing: Standing) -> None:
        """From now on the model stands so, and whoever waits for that is told."""
        self.standings[model] = standing
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def wake(self, spec: ModelSpec, waker: str) -> None:
        self.wakes.append((spec.id, waker))
        self.on_wake(spec)

    async def changed(self, spec: ModelSpec, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._moved.wait(), seconds)

    async def problem(self) -> str | None:
        return self.reason
