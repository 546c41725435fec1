"""The boot's self-check, against engines of a few lines that are exact or have one fault."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from deployments.self_check import self_check, short_check
from router.catalogue import ModelSpec
from router.engine import Delta, Job, Position

EXACT = ModelSpec(id="pico", source="embedded/pico", revision="1", max_model_len=64, determinism="exact")
STATISTICAL = EXACT.model_copy(update={"determinism": "statistical"})


class Engine:
    """A token's logprob depends on its position only, unless `fault` is at work."""

    def __init__(self, fault: str = "") -> None:
        self._fault, self._cached, self._running = fault, set[tuple[str | None, int]](), 0

    async def choice(self, job: Job, choice: int) -> AsyncGenerator[Delta]:
        self._running += 1
        await asyncio.sleep(0)
        length, sampling = len(job.prompt_ids), job.sampling
        wrong = self._running > 1 and self._fault == "batch"
        wrong |= any(salt == job.cache_salt and cached < length for salt, cached in self._cached) and self._fault == "cache"
        self._cached.add((job.cache_salt, length))
        rows = [_position(place, self._fault == "scoring") for place in job.rows_of(choice)]
        yield Delta(choice, 0, [], prompt=rows, prompt_first=job.rows_of(choice).start)
        places = range(length, length + sampling.max_tokens)
        yield Delta(choice, 0, [place + (wrong and self._fault == "batch") for place in places], [_position(p, wrong) for p in places])
        self._running -= 1


def _position(place: int, wrong: bool) -> Position:
    return Position(-float(place) - 1e-7 * wrong, 1, [], [])


@pytest.mark.parametrize("spec", [EXACT, STATISTICAL], ids=["exact", "statistical"])
async def test_an_exact_engine_passes(spec: ModelSpec) -> None:
    await self_check(Engine(), spec)


@pytest.mark.parametrize(("fault", "message"), [("batch", "other tokens"), ("cache", "logprobs"), ("scoring", "when scored")])
async def test_an_exact_model_is_refused_for_each_fault(fault: str, message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        await self_check(Engine(fault), EXACT)


@pytest.mark.parametrize("fault", ["batch", "cache", "scoring"])
async def test_a_statistical_model_may_have_them(fault: str) -> None:
    await self_check(Engine(fault), STATISTICAL)


async def test_the_short_check_finds_an_engine_without_our_kernels() -> None:
    await short_check(Engine(), EXACT)
    with pytest.raises(RuntimeError, match="beside other requests"):
        await short_check(Engine("batch"), EXACT)


@pytest.mark.parametrize("fault", ["cache", "scoring"])
async def test_the_short_check_leaves_the_rest_to_the_whole_one(fault: str) -> None:
    await short_check(Engine(fault), EXACT)
