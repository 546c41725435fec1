"""Before an engine is said to be ready: every kernel warmed up, and what an `exact` model promises seen to hold."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from router.catalogue import ModelSpec
from router.engine import Delta, Job, Position, Sampling

MADE, LONGEST_PROMPT = 8, 1000
#: What the short check makes do with.
MADE_IN_SHORT, SHORT_PROMPT = 3, 100
SAMPLING = Sampling(max_tokens=MADE, top_p=0.9, top_k=50, min_p=0.01, logprobs=5)

#: What runs beside the checked request: other samplers, other logprobs, no seed.
MATES = (
    Sampling(max_tokens=MADE, presence_penalty=0.5, frequency_penalty=0.5, repetition_penalty=1.1),
    Sampling(max_tokens=MADE, temperature=0.0, logprobs=0, logprob_token_ids=(9, 8, 7)),
    Sampling(max_tokens=MADE, logit_bias={9: 2.0}, logprobs=20, min_tokens=2),
    Sampling(max_tokens=0, prompt_logprobs=5),
)


class Checked(Protocol):
    def choice(self, job: Job, choice: int) -> AsyncGenerator[Delta]: ...


@dataclass
class Answer:
    tokens: list[int] = field(default_factory=list)
    positions: list[Position] = field(default_factory=list)
    rows: list[Position] = field(default_factory=list)


async def self_check(engine: Checked, spec: ModelSpec) -> None:
    """Runs one seeded request in several ways. Raises RuntimeError when an `exact` engine's answers differ."""
    job = Job("check", _prompt(0, spec), _within(SAMPLING, spec), (1,))
    alone = await _answer(engine, _salted(job, "alone"))
    ways = {
        "with a part of its prompt in the cache": await _half_cached(engine, job),
        "with its prompt in the cache": await _answer(engine, _salted(job, "alone")),
        "beside other requests": await _beside(engine, job, spec),
        "when scored as a prompt": await _scored(engine, job, alone, 0),
        "when scored as the tail of a cached prompt": await _scored(engine, job, alone, len(job.prompt_ids)),
    }
    for way, answer in ways.items() if spec.determinism == "exact" else ():
        _compare(way, answer, alone)


async def short_check(engine: Checked, spec: ModelSpec) -> None:
    """For an engine of a kind that passed the self-check here before: warms up the same, and sees that the patches are at work.

    It compares a request alone with the same one in a mixed batch. Not checked again: prompts in pieces, the cache, scoring.
    Raises RuntimeError.
    """
    job = Job("check", _prompt(0, spec, SHORT_PROMPT), _within(SAMPLING, spec, MADE_IN_SHORT), (1,))
    alone = await _answer(engine, _salted(job, "alone"))
    beside = await _beside(engine, job, spec, SHORT_PROMPT, MADE_IN_SHORT)
    if spec.determinism == "exact":
        _compare("beside other requests", beside, alone)


async def _half_cached(engine: Checked, job: Job) -> Answer:
    part = job.prompt_ids[: len(job.prompt_ids) // 3]
    await _answer(engine, _salted(msgspec.structs.replace(job, prompt_ids=part), "part"))
    return await _answer(engine, _salted(job, "part"))


async def _beside(engine: Checked, job: Job, spec: ModelSpec, longest: int = LONGEST_PROMPT, made: int = MADE) -> Answer:
    mates = [Job(f"check-{n}", _prompt(n, spec, longest), _within(mate, spec, made)) for n, mate in enumerate(MATES, 1)]
    answer, *_ = await asyncio.gather(*(_answer(engine, one) for one in (job, *mates)))
    return answer


async def _scored(engine: Checked, job: Job, made: Answer, start: int) -> Answer:
    """What scoring says of the tokens that were made."""
    sampling = Sampling(max_tokens=0, prompt_logprobs=job.sampling.logprobs, prompt_logprobs_start=start)
    answer = await _answer(engine, Job("check", (*job.prompt_ids, *made.tokens), sampling, cache_salt="alone"))
    return Answer(made.tokens, answer.rows[-len(made.tokens) :])


def _salted(job: Job, salt: str) -> Job:
    """In a cache of its own."""
    return msgspec.structs.replace(job, cache_salt=salt)


def _prompt(number: int, spec: ModelSpec, longest: int = LONGEST_PROMPT) -> tuple[int, ...]:
    """The longest are so long that, all together, they are prefilled in pieces."""
    length = min(longest, spec.max_model_len - MADE)
    return (0, *(5 + (number + place * place) % 50 for place in range(length - 1)))


def _within(sampling: Sampling, spec: ModelSpec, made: int = MADE) -> Sampling:
    return msgspec.structs.replace(
        sampling,
        max_tokens=min(sampling.max_tokens, made),
        logprobs=None if sampling.logprobs is None else min(sampling.logprobs, spec.max_logprobs),
        prompt_logprobs=None if sampling.prompt_logprobs is None else min(sampling.prompt_logprobs, spec.max_logprobs),
    )


async def _answer(engine: Checked, job: Job) -> Answer:
    answer = Answer()
    async for delta in engine.choice(job, 0):
        answer.tokens += delta.token_ids
        answer.positions += delta.positions or []
        answer.rows += delta.prompt
    return answer


def _compare(how: str, got: Answer, expected: Answer) -> None:
    if got.tokens != expected.tokens:
        raise RuntimeError(f"{how}, a seeded request has other tokens than alone")
    if got.positions != expected.positions:
        raise RuntimeError(f"{how}, a request has other logprobs than alone")
