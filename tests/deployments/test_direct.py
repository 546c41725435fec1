"""Jobs that go straight to a host of this machine: the same answers, failures and loads as by Serve's calls."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from deployments import balance, replica_sets
from deployments.channels import Channels, door_path
from deployments.handles import HandleEngine
from deployments.messages import FailureKind
from router.engine import Delta, EngineDied, EngineError, Job, Sampling
from router.lifecycle import Standing, State
from tests.deployments.conversation import SPEC, Conversation

APP, HERE, ELSEWHERE = "model-pico", "abc123xy", "elsewhere"
JOB = Job("job-1", (0, 5), Sampling(max_tokens=3))
LONG = Job("job-2", (0, 5), Sampling(max_tokens=1000))


class SentByServe(Exception):
    """Serve's handle was asked."""


@pytest.fixture(autouse=True)
def news(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Serve told: of this model, a replica that is here."""
    for module, table in ((replica_sets, "_running"), (replica_sets, "_avoided"), (balance, "_known")):
        monkeypatch.setattr(module, table, {})
    balance.begin(APP, {})
    replica_sets.update(APP, [HERE])


@pytest.fixture
async def engine(conversation: Conversation, tmp_path: Path) -> AsyncIterator[HandleEngine]:
    await conversation.host.open(str(door_path(tmp_path, HERE)))

    def remote(*_: Any) -> None:
        raise SentByServe

    handle = SimpleNamespace(remote=remote)
    handle.options = lambda **_: handle
    channels = Channels(tmp_path)
    yield HandleEngine(SPEC, cast(Any, handle), conversation.frames, lambda spec: Standing(State.READY, 0.0), channels)
    channels.close()
    await asyncio.sleep(0)


async def tokens_of(stream: AsyncGenerator[Delta]) -> list[int]:
    return [token async for delta in stream for token in delta.token_ids]


def load() -> int:
    known = balance.of(APP)
    assert known is not None
    return known.loads.of(HERE, 0)


async def no_load() -> None:
    async with asyncio.timeout(5):
        while load():
            await asyncio.sleep(0.01)


async def test_a_job_needs_no_call_of_serves(conversation: Conversation, engine: HandleEngine) -> None:
    assert await tokens_of(engine.generate(JOB)) == conversation.script.ids[:3]
    await no_load()


async def test_many_jobs_run_beside_each_other(conversation: Conversation, engine: HandleEngine) -> None:
    jobs = [Job(f"job-{number}", (0, 5), Sampling(max_tokens=3), (None, None)) for number in range(20)]
    answers = await asyncio.gather(*(tokens_of(engine.generate(job)) for job in jobs))
    assert {len(answer) for answer in answers} == {6}
    await no_load()


async def test_closing_the_stream_ends_the_engines_work(conversation: Conversation, engine: HandleEngine) -> None:
    conversation.script.hangs = True
    stream = engine.generate(LONG)
    await anext(stream)
    assert load() == 1
    await stream.aclose()
    async with asyncio.timeout(5):
        while conversation.script.running:
            await asyncio.sleep(0.01)
    assert load() == 0


async def test_a_host_that_goes_is_a_died_engine_and_its_replica_is_passed_over(conversation: Conversation, engine: HandleEngine) -> None:
    conversation.script.hangs = True
    stream = engine.generate(LONG)
    await anext(stream)
    conversation.work.cancel()
    with pytest.raises(EngineDied, match="the model host is gone"):
        await tokens_of(stream)
    assert replica_sets.avoided(APP, HERE)
    assert load() == 0


async def test_a_job_that_the_engine_refuses_is_no_died_engine(conversation: Conversation, engine: HandleEngine) -> None:
    conversation.script.refuses = 0
    with pytest.raises(EngineError, match="ValueError at") as caught:
        await tokens_of(engine.generate(JOB))
    assert type(caught.value) is EngineError, FailureKind.REFUSED
    assert "scripted" not in str(caught.value), "an exception's own words may be a prompt's"
    assert not replica_sets.avoided(APP, HERE)


@pytest.mark.parametrize("running", [[ELSEWHERE], []])
async def test_a_replica_that_is_not_here_is_serves_to_call(engine: HandleEngine, running: list[str]) -> None:
    replica_sets.update(APP, running)
    with pytest.raises(SentByServe):
        await tokens_of(engine.generate(JOB))


async def test_before_serve_told_of_the_model_it_is_serves_to_call(engine: HandleEngine) -> None:
    balance._known.clear()
    with pytest.raises(SentByServe):
        await tokens_of(engine.generate(JOB))


async def test_what_the_host_runs_for_others_counts_as_load(conversation: Conversation, engine: HandleEngine) -> None:
    conversation.script.hangs = True
    await asyncio.wait_for(conversation.start(1, Sampling(max_tokens=1000)).get(), 5)
    await tokens_of(engine.generate(JOB))
    await no_load()
    known = balance.of(APP)
    assert known is not None
    assert known.others == {HERE: 1}
