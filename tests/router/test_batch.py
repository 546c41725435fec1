from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from router import batch
from router.engine import Delta, EngineDied, EngineTimeout, Finish, FinishReason, Job, Sampling
from router.scripted_engine import Script, ScriptedEngine
from router.tokens import Vocabulary


def jobs(count: int) -> list[Job]:
    return [Job(f"cmpl-{number}", (0, 5 + number), Sampling(4), (1, 2)) for number in range(count)]


async def tokens(running: batch.Running) -> dict[tuple[int, int], list[int]]:
    """Token ids by job and choice."""
    result: dict[tuple[int, int], list[int]] = {}
    async for number, delta in running:
        result.setdefault((number, delta.choice), []).extend(delta.token_ids)
    return result


@pytest.mark.parametrize("count", [1, 3, 64])
async def test_every_job_gives_what_it_gives_alone(engine: ScriptedEngine, count: int) -> None:
    running = await batch.start(engine, jobs(count), 60)
    together = await tokens(running)
    await running.aclose()
    for number, job in enumerate(jobs(count)):
        alone = await batch.start(engine, [job], 60)
        for (_, choice), ids in (await tokens(alone)).items():
            assert together[number, choice] == ids
        await alone.aclose()
    assert engine.running == 0


async def test_the_first_delta_of_any_job_starts_it(vocabulary: Vocabulary) -> None:
    class Uneven:
        async def generate(self, job: Job) -> AsyncGenerator[Delta]:
            if job.id == "cmpl-0":
                await asyncio.Event().wait()
            yield Delta(0, 0, [7], None, Finish(FinishReason.STOP))

    running = await asyncio.wait_for(batch.start(Uneven(), jobs(2), 60), 5)
    await asyncio.wait_for(running.aclose(), 5)


@pytest.mark.parametrize("die_after", [0, 2])
async def test_a_failure_of_one_ends_all(vocabulary: Vocabulary, die_after: int) -> None:
    engine = ScriptedEngine(vocabulary, Script(die_after=die_after))

    async def run() -> None:
        running = await batch.start(engine, jobs(3), 60)
        try:
            await tokens(running)
        finally:
            await running.aclose()

    with pytest.raises(EngineDied):
        await run()
    assert engine.running == 0


async def test_the_deadline_ends_all(vocabulary: Vocabulary) -> None:
    engine = ScriptedEngine(vocabulary, Script(hang_after=0))
    with pytest.raises(EngineTimeout):
        await batch.start(engine, jobs(3), 0.05)
    assert engine.running == 0


async def test_a_batch_that_is_left_lets_go_of_every_job(engine: ScriptedEngine) -> None:
    running = await batch.start(engine, jobs(5), 60)
    async for _ in running:
        break
    await running.aclose()
    await running.aclose()
    assert engine.running == 0


async def test_a_reader_that_waits_makes_the_jobs_wait(engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "MOST_WAITING", 2)
    running = await batch.start(engine, jobs(3), 60)
    await asyncio.sleep(0.02)
    assert engine.made < 3 * 4 * 2
    assert sum(len(ids) for ids in (await tokens(running)).values()) == 3 * 4 * 2
    await running.aclose()
