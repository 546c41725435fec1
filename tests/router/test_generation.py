"""The endings of a generation: whatever happens, the engine lets go exactly once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

import pytest

from router import generation
from router.engine import Delta, EngineBroken, EngineCold, EngineDied, EngineTimeout, Finish, FinishReason, Job, Position, Sampling
from router.generation import Generation
from router.scripted_engine import ScriptedEngine

Follow = Callable[..., None]


def job(max_tokens: int = 5, logprobs: int | None = None) -> Job:
    return Job("cmpl-1", (0, 5, 6), Sampling(max_tokens, logprobs=logprobs), (1,))


async def collected(running: Generation) -> list[int]:
    return [token_id async for delta in running for token_id in delta.token_ids]


def assert_let_go(engine: ScriptedEngine, times: int = 1) -> None:
    assert (engine.running, engine.closed) == (0, times)


async def test_it_runs_to_the_end(engine: ScriptedEngine) -> None:
    running = await Generation.start(engine, job(), 60)
    assert len(await collected(running)) == 5
    await running.aclose()
    assert running.tokens == [5]
    assert_let_go(engine)


async def test_a_failure_before_the_first_token_is_raised_by_start(engine: ScriptedEngine, follow: Follow) -> None:
    follow(die_after=0)
    with pytest.raises(EngineDied):
        await Generation.start(engine, job(), 60)
    assert_let_go(engine, times=2)


async def test_an_engine_that_died_before_the_first_token_is_asked_once_more(engine: ScriptedEngine, follow: Follow) -> None:
    follow(die_after=0, deaths=1)
    running = await Generation.start(engine, job(), 60)
    assert len(await collected(running)) == 5
    await running.aclose()
    assert [one.id for one in engine.jobs] == ["cmpl-1", "cmpl-1-2"]
    assert_let_go(engine, times=2)


@pytest.mark.parametrize("refusal", [EngineCold("loading", 12), EngineBroken("kaputt", 3)])
async def test_a_refusal_is_not_asked_again(engine: ScriptedEngine, follow: Follow, refusal: Exception) -> None:
    follow(refusal=refusal)
    with pytest.raises(type(refusal)):
        await Generation.start(engine, job(), 60)
    assert len(engine.jobs) == 1


async def test_a_failure_midway_comes_after_the_tokens_before_it(engine: ScriptedEngine, follow: Follow) -> None:
    follow(die_after=3)
    running = await Generation.start(engine, job(), 60)
    with pytest.raises(EngineDied):
        await collected(running)
    await running.aclose()
    assert running.tokens == [3]
    assert_let_go(engine)
    assert len(engine.jobs) == 1


async def test_an_abandoned_generation_lets_go_when_it_is_closed(engine: ScriptedEngine) -> None:
    running = await Generation.start(engine, job(), 60)
    async for _ in running:
        break
    await running.aclose()
    await running.aclose()
    assert_let_go(engine)
    assert engine.made == 1


async def test_one_that_was_never_iterated_lets_go_too(engine: ScriptedEngine) -> None:
    running = await Generation.start(engine, job(), 60)
    await running.aclose()
    assert running.tokens == [1]
    assert_let_go(engine)


async def test_cancelling_the_wait_for_the_first_token_lets_go(engine: ScriptedEngine, follow: Follow) -> None:
    follow(hang_after=0)
    task = asyncio.create_task(Generation.start(engine, job(), 60))
    await asyncio.sleep(0.01)
    assert engine.running == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert_let_go(engine)


@pytest.mark.parametrize("hang_after", [0, 2])
async def test_the_deadline_ends_it(engine: ScriptedEngine, follow: Follow, hang_after: int) -> None:
    follow(hang_after=hang_after)

    async def run() -> None:
        running = await Generation.start(engine, job(), 0.05)
        try:
            await collected(running)
        finally:
            await running.aclose()

    with pytest.raises(EngineTimeout):
        await run()
    assert_let_go(engine)


async def test_an_engine_scores_a_prompt_without_making_tokens(engine: ScriptedEngine) -> None:
    job = Job("cmpl-1", (0, 5, 6), Sampling(0, prompt_logprobs=2))
    running = await Generation.start(engine, job, 60)
    deltas = [delta async for delta in running]
    assert [len(delta.prompt) for delta in deltas] == [2, 0]
    assert deltas[-1].finish == Finish(FinishReason.LENGTH)
    assert running.tokens == [0]
    await running.aclose()


async def test_no_engine_is_asked_for_no_tokens(engine: ScriptedEngine) -> None:
    running = await Generation.start(engine, job(max_tokens=0, logprobs=0), 60)
    assert [delta.finish async for delta in running] == [Finish(FinishReason.LENGTH)]
    await running.aclose()
    assert engine.jobs == []


class Listed:
    """An engine that says exactly these deltas."""

    def __init__(self, *deltas: Delta) -> None:
        self._deltas = deltas

    async def generate(self, job: Job) -> AsyncGenerator[Delta]:
        for delta in self._deltas:
            yield delta


END, STOP = Finish(FinishReason.LENGTH), Finish(FinishReason.STOP)
POSITION = Position(-1.0, 1, [], [])
WRONG = {
    "a gap": [Delta(0, 0, [7]), Delta(0, 2, [8])],
    "a repeat": [Delta(0, 0, [7]), Delta(0, 0, [7])],
    "no end": [Delta(0, 0, [7])],
    "an unknown choice": [Delta(0, 0, [7]), Delta(1, 0, [7])],
    "tokens after the end": [Delta(0, 0, [7, 8], None, STOP), Delta(0, 2, [9])],
    "an end too early": [Delta(0, 0, [7], None, END)],
    "too many tokens": [Delta(0, 0, [7, 8, 9, 10, 11, 12], None, END)],
    "logprobs that nobody asked for": [Delta(0, 0, [7], [POSITION], STOP)],
    "prompt logprobs that nobody asked for": [Delta(0, 0, [], prompt=[POSITION], prompt_first=1)],
}


@pytest.mark.parametrize("deltas", WRONG.values(), ids=WRONG.keys())
async def test_what_an_engine_says_is_checked(deltas: list[Delta]) -> None:
    async def run() -> list[int]:
        running = await Generation.start(Listed(*deltas), job(), 60)
        return await collected(running)

    if deltas[0].finish is not None and len(deltas) == 2:
        # Iteration ends with the last choice, so what follows is never asked for.
        assert await run() == [7, 8]
    else:
        with pytest.raises(EngineDied):
            await run()


async def test_missing_logprobs_are_noticed() -> None:
    with pytest.raises(EngineDied):
        await Generation.start(Listed(Delta(0, 0, [7], None, STOP)), job(logprobs=1), 60)


K1 = Position(-1.0, 1, [7], [-1.0])
SCORED = Job("cmpl-1", (0, 5, 6, 7), Sampling(2, logprobs=0, prompt_logprobs=1, prompt_logprobs_start=2))
WRONG_ROWS = {
    "no rows before the first token": [Delta(0, 0, [7], [POSITION])],
    "a row too few": [Delta(0, 0, [], prompt=[K1], prompt_first=2), Delta(0, 0, [7], [POSITION])],
    "a row too many": [Delta(0, 0, [], prompt=[K1] * 3, prompt_first=2)],
    "rows from another place": [Delta(0, 0, [], prompt=[K1] * 2, prompt_first=1)],
    "a row twice": [Delta(0, 0, [], prompt=[K1], prompt_first=2), Delta(0, 0, [], prompt=[K1], prompt_first=2)],
    "a row without its likeliest": [Delta(0, 0, [], prompt=[K1, POSITION], prompt_first=2)],
    "requested values that nobody asked for": [
        Delta(0, 0, [], prompt=[K1] * 2, prompt_first=2),
        Delta(0, 0, [7], [Position(-1.0, 1, [], [], [-2.0])]),
    ],
}


@pytest.mark.parametrize("deltas", WRONG_ROWS.values(), ids=WRONG_ROWS.keys())
async def test_what_an_engine_says_of_the_prompt_is_checked(deltas: list[Delta]) -> None:
    with pytest.raises(EngineDied):
        await collected(await Generation.start(Listed(*deltas), SCORED, 60))


async def test_the_rows_come_once_and_before_the_tokens() -> None:
    rows = [Delta(0, 0, [], prompt=[K1], prompt_first=2), Delta(0, 0, [], prompt=[K1], prompt_first=3)]
    running = await Generation.start(Listed(*rows, Delta(0, 0, [7, 8], [POSITION] * 2, END)), SCORED, 60)
    assert await collected(running) == [7, 8]


async def test_every_tail_has_its_own_rows(engine: ScriptedEngine) -> None:
    sampling = Sampling(0, prompt_logprobs=1, prompt_logprobs_start=2)
    job = Job("score-1", (0, 5), sampling, (None, None), tails=((6,), (7, 8)))
    running = await Generation.start(engine, job, 60)
    rows = [(delta.choice, delta.prompt_first, len(delta.prompt)) async for delta in running if delta.prompt]
    assert rows == [(0, 2, 1), (1, 2, 2)]
    await running.aclose()
    assert_let_go(engine)


async def test_an_engine_that_does_not_let_go_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation, "CLOSE_SECONDS", 0.02)

    class Clinging:
        async def generate(self, job: Job) -> AsyncGenerator[Delta]:
            try:
                yield Delta(0, 0, [7])
            finally:
                await asyncio.sleep(60)

    running = await Generation.start(Clinging(), job(), 60)
    await asyncio.wait_for(running.aclose(), 5)
