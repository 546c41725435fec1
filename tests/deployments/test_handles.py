"""Serve's calls, failures and counts, translated."""

import asyncio
import gc
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import ray.exceptions
import ray.serve.exceptions
from ray.serve._private.common import DeploymentID
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError

from deployments import handles, replica_sets
from deployments.frames import FrameReceiver, FrameSender, socket_folder
from deployments.handles import FROM_RAY, HandleEngine, from_ray
from router.catalogue import ModelSpec
from router.engine import Delta, EngineBroken, EngineCold, EngineDied, EngineError, Finish, FinishReason, Job, Sampling
from router.lifecycle import Phase, Standing, State


def foreign_exceptions() -> list[type[BaseException]]:
    found: list[type[BaseException]] = []
    for module in (ray.exceptions, ray.serve.exceptions):
        for value in vars(module).values():
            if inspect.isclass(value) and issubclass(value, Exception) and value.__module__ == module.__name__:
                found.append(value)
    return found


@pytest.mark.parametrize("foreign", foreign_exceptions(), ids=lambda one: one.__name__)
def test_every_exception_of_ray_and_serve_is_in_the_table(foreign: type[BaseException]) -> None:
    not_raised_by_calls = {ray.exceptions.CrossLanguageError}
    assert foreign in not_raised_by_calls or issubclass(foreign, tuple(known for known, _ in FROM_RAY))


@pytest.mark.parametrize("foreign", [BackPressureError(3, 2), DeploymentUnavailableError(DeploymentID("Model", "model-pico"))], ids=repr)
def test_a_deployment_that_takes_nothing_is_broken_with_a_time_to_retry(foreign: Exception) -> None:
    error = from_ray(foreign)
    assert isinstance(error, EngineBroken)
    assert error.retry_after_seconds > 0


def test_anything_unforeseen_counts_as_a_died_engine() -> None:
    assert isinstance(from_ray(ValueError("x")), EngineDied)
    assert isinstance(from_ray(ray.exceptions.ActorDiedError()), EngineError)


def test_the_words_of_what_a_replica_raised_are_left_out() -> None:
    error = ray.exceptions.RayTaskError("generate", "Traceback: a prompt", ValueError("a prompt"))
    for foreign in (error, error.as_instanceof_cause()):
        assert str(from_ray(foreign)) == "ValueError in the replica"
    assert str(from_ray(ValueError("a prompt"))) == "ValueError"


SPEC = ModelSpec(id="pico", source="embedded/pico", revision="1", max_model_len=2048)
JOB = Job("job-1", (0, 5), Sampling(max_tokens=2))
DELTAS = [Delta(0, 0, [7]), Delta(0, 1, [8], None, Finish(FinishReason.LENGTH))]


class Call:
    """What Serve's handle returns: it ends when told, with an answer or an exception."""

    def __init__(self) -> None:
        self.ended: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.cancelled = False

    def __await__(self) -> Any:
        return self.ended.__await__()

    def cancel(self) -> None:
        self.cancelled = True


class Cluster:
    """One model behind a handle without Serve; `on_call` is what its replica does with each call."""

    def __init__(self, frames: FrameReceiver) -> None:
        self.frames, self.sender = frames, FrameSender(lost=pytest.fail)
        self.calls: list[Call] = []
        self.on_call: Callable[[Call, int], None] = lambda call, stream: None
        self.state = State.READY
        handle = SimpleNamespace(remote=self._remote)
        handle.options = lambda method_name, session_id: handle
        self.engine = HandleEngine(SPEC, cast(Any, handle), frames, lambda spec: Standing(self.state, 0.0, Phase.LOADING, 9.0))

    def _remote(self, job: bytes, address: str, stream: int) -> Call:
        self.calls.append(Call())
        self.on_call(self.calls[-1], stream)
        return self.calls[-1]

    def send(self, stream: int, deltas: list[Delta]) -> None:
        for delta in deltas:
            self.sender.send(self.frames.address, stream, delta)


@pytest.fixture
async def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Cluster]:
    monkeypatch.setattr(handles, "COLD_CHECK_SECONDS", 0.05)
    monkeypatch.setattr(handles, "FRAME_GRACE_SECONDS", 0.1)
    monkeypatch.setattr(handles, "LET_END_SECONDS", 0.1)
    frames = FrameReceiver(socket_folder(tmp_path))
    one = Cluster(frames)
    yield one
    one.sender.close()
    frames.close()
    await asyncio.sleep(0)


async def tokens_of(stream: AsyncGenerator[Delta]) -> list[int]:
    """Deltas that came together are one."""
    return [token_id async for delta in stream for token_id in delta.token_ids]


async def test_a_job_yields_its_frames_and_ends_with_its_choices(cluster: Cluster) -> None:
    cluster.on_call = lambda call, stream: cluster.send(stream, DELTAS)
    assert await tokens_of(cluster.engine.generate(JOB)) == [7, 8]


async def test_a_call_whose_tokens_are_all_there_ends_by_itself(cluster: Cluster) -> None:
    cluster.on_call = lambda call, stream: cluster.send(stream, DELTAS)
    assert await tokens_of(cluster.engine.generate(JOB)) == [7, 8]
    assert not cluster.calls[0].cancelled
    cluster.calls[0].ended.set_result(None)
    await asyncio.sleep(3 * handles.LET_END_SECONDS)
    assert not cluster.calls[0].cancelled


async def test_a_call_that_does_not_end_after_its_tokens_is_cancelled(cluster: Cluster) -> None:
    cluster.on_call = lambda call, stream: cluster.send(stream, DELTAS)
    assert await tokens_of(cluster.engine.generate(JOB)) == [7, 8]
    async with asyncio.timeout(5):
        while not cluster.calls[0].cancelled:
            await asyncio.sleep(0.01)


async def test_how_a_call_ended_that_nobody_reads_any_more_is_no_ones_complaint(cluster: Cluster, caplog: pytest.LogCaptureFixture) -> None:
    cluster.on_call = lambda call, stream: cluster.send(stream, DELTAS)
    assert await tokens_of(cluster.engine.generate(JOB)) == [7, 8]
    cluster.calls[0].ended.set_exception(RuntimeError("too late"))
    await asyncio.sleep(0)
    gc.collect()
    assert "never retrieved" not in caplog.text


async def test_frames_may_come_after_the_calls_answer(cluster: Cluster) -> None:
    def answer_first(call: Call, stream: int) -> None:
        call.ended.set_result(None)
        cluster.send(stream, DELTAS)

    cluster.on_call = answer_first
    assert await tokens_of(cluster.engine.generate(JOB)) == [7, 8]


async def test_a_call_that_ends_without_its_frames_is_a_died_engine(cluster: Cluster) -> None:
    cluster.on_call = lambda call, stream: call.ended.set_result(None)
    with pytest.raises(EngineDied, match="did not arrive"):
        await anext(cluster.engine.generate(JOB))


@pytest.mark.parametrize("ending", [("engine_died", "reason", "r1"), ray.exceptions.ActorDiedError()], ids=["told", "raised"])
async def test_a_call_that_fails_midway_is_a_died_engine(cluster: Cluster, ending: Any) -> None:
    cluster.on_call = lambda call, stream: cluster.send(stream, DELTAS[:1])
    stream = cluster.engine.generate(JOB)
    assert await anext(stream) == DELTAS[0]
    ended = cluster.calls[0].ended
    ended.set_exception(ending) if isinstance(ending, Exception) else ended.set_result(ending)
    with pytest.raises(EngineDied):
        await anext(stream)


async def test_a_replica_without_an_engine_is_as_cold_as_its_model(cluster: Cluster) -> None:
    def boot(call: Call, stream: int) -> None:
        cluster.state = State.STARTING
        call.ended.set_result(("not_ready", "it boots", "r1"))

    cluster.on_call = boot
    with pytest.raises(EngineCold) as raised:
        await anext(cluster.engine.generate(JOB))
    assert (raised.value.phase, raised.value.eta_seconds) == ("loading", 9.0)


async def test_a_replica_without_an_engine_is_passed_over_where_there_is_another(cluster: Cluster) -> None:
    replica_sets.update("model-pico", {"r1", "r2"})
    cluster.on_call = lambda call, stream: call.ended.set_result(("not_ready", "it boots", "r1"))
    with pytest.raises(EngineDied):
        await anext(cluster.engine.generate(JOB))
    assert replica_sets.avoided("model-pico", "r1")
    assert not replica_sets.avoided("model-pico", "r2")
    cluster.on_call = lambda call, stream: call.ended.set_result(("not_ready", "it boots", "r2"))
    with pytest.raises(EngineCold):
        await anext(cluster.engine.generate(JOB))


async def test_closing_the_stream_cancels_the_call(cluster: Cluster) -> None:
    cluster.on_call = lambda call, stream: cluster.send(stream, DELTAS[:1])
    stream = cluster.engine.generate(JOB)
    await anext(stream)
    await stream.aclose()
    assert cluster.calls[0].cancelled


@pytest.mark.parametrize(("state", "error"), [(State.COLD, EngineCold), (State.STARTING, EngineCold), (State.FAILED, EngineBroken)])
async def test_a_model_that_does_not_run_is_not_even_called(cluster: Cluster, state: State, error: type[EngineError]) -> None:
    cluster.state = state
    with pytest.raises(error):
        await anext(cluster.engine.generate(JOB))
    assert not cluster.calls


async def test_a_call_that_no_replica_took_is_cold(cluster: Cluster) -> None:
    def leave(call: Call, stream: int) -> None:
        cluster.state = State.STARTING

    cluster.on_call = leave
    with pytest.raises(EngineCold):
        await anext(cluster.engine.generate(JOB))
    assert cluster.calls[0].cancelled


async def test_a_ready_model_may_take_longer_than_a_cold_one_to_its_first_token(cluster: Cluster) -> None:
    def answer_late(call: Call, stream: int) -> None:
        asyncio.get_running_loop().call_later(1.2, cluster.send, stream, DELTAS)

    cluster.on_call = answer_late
    assert await tokens_of(cluster.engine.generate(JOB)) == [7, 8]
