"""The model host's side of the conversation, with an engine of three lines in place of vLLM."""

import asyncio
import socket
import time
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from deployments import messages
from deployments.frames import FrameReceiver, socket_folder
from deployments.host import Host
from deployments.messages import Abort, Ended, Failed, FailureKind, Ping, Pong, Start, ToReplica
from router.catalogue import EMBEDDED, ModelSpec
from router.engine import Delta, EngineDied, Finish, FinishReason, Job, Position, Sampling
from router.tokens import Vocabulary

SPEC = ModelSpec(id="pico", source="embedded/pico", revision="1", max_model_len=2048, max_scoring_entries=4)
ROW = Position(-1.0, 1, [], [])


@dataclass
class Script:
    """Plays the given ids, one a turn of the loop; fails or hangs after them if told to."""

    ids: list[int]
    dies: bool = False
    hangs: bool = False
    deaf: bool = False
    running: int = 0
    last_output: float = field(default_factory=time.monotonic)
    canaries: int = 0
    refuses: int | None = None
    begun: list[str] = field(default_factory=list)

    async def choice(self, job: Job, choice: int) -> AsyncGenerator[Delta]:
        self.running += 1
        self.begun.append(f"{job.id}-{choice}")
        try:
            if choice == self.refuses:
                raise ValueError("scripted")
            if rows := job.rows_of(choice):
                await asyncio.sleep(0)
                yield Delta(choice, 0, [], prompt=[ROW] * len(rows), prompt_first=rows.start)
                await asyncio.sleep(0)
            for first, token in enumerate(self.ids[: job.sampling.max_tokens]):
                await asyncio.sleep(0)
                last = first + 1 == job.sampling.max_tokens
                yield Delta(choice, first, [token], None, Finish(FinishReason.LENGTH) if last else None)
            if self.dies:
                raise EngineDied("scripted")
            if self.hangs:
                await asyncio.sleep(3600)
        finally:
            self.running -= 1

    async def canary(self) -> None:
        self.canaries += 1
        if self.deaf:
            await asyncio.sleep(3600)


@dataclass
class Conversation:
    """A host at work, and the replica's end of its connection."""

    host: Host
    script: Script
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    frames: FrameReceiver
    work: asyncio.Task[None]

    def start(self, call: int, sampling: Sampling, **job: Any) -> asyncio.Queue[Delta | None]:
        stream, queue = self.frames.open()
        messages.send(self.writer, Start(call, Job(f"job-{call}", (0, 5), sampling, **job), self.frames.address, stream))
        return queue

    async def deltas(self, queue: asyncio.Queue[Delta | None], choices: int = 1) -> list[Delta]:
        """All of a job's, to the last finish."""
        got: list[Delta] = []
        while sum(delta.finish is not None for delta in got) < choices:
            delta = await asyncio.wait_for(queue.get(), 5)
            got += [] if delta is None else [delta]
        return got

    async def answer(self) -> ToReplica:
        data = await asyncio.wait_for(messages.receive(self.reader), 5)
        assert data is not None
        return cast(ToReplica, messages.to_replica.decode(data))


@pytest.fixture
def script() -> Script:
    return Script(Vocabulary.load(str(EMBEDDED / "pico")).encode("the end of the world is near")[1:])


@pytest.fixture
async def conversation(script: Script, tmp_path: Path) -> AsyncIterator[Conversation]:
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    host_reader, host_writer = await asyncio.open_connection(sock=theirs)
    host = Host(cast(Any, script), SPEC, host_writer)
    frames = FrameReceiver(socket_folder(tmp_path))
    work = asyncio.create_task(host.work(host_reader))
    yield Conversation(host, script, reader, writer, frames, work)
    work.cancel()
    frames.close()
    for one in (writer, host_writer):
        one.close()
    await asyncio.sleep(0)


async def test_a_job_streams_its_tokens_and_then_says_that_it_ended(conversation: Conversation) -> None:
    queue = conversation.start(1, Sampling(max_tokens=3))
    assert await conversation.answer() == Ended(1)
    deltas = [await asyncio.wait_for(queue.get(), 5) for _ in range(3)]
    assert [delta.token_ids for delta in deltas if delta] == [[token] for token in conversation.script.ids[:3]]


async def test_a_stop_string_ends_the_job_at_the_token_that_completes_it(conversation: Conversation) -> None:
    queue = conversation.start(1, Sampling(max_tokens=7, stop=("of the",)))
    assert await conversation.answer() == Ended(1)
    last, deltas = None, 0
    while last is None or last.finish is None:
        last, deltas = await asyncio.wait_for(queue.get(), 5), deltas + 1
    assert last.finish == Finish(FinishReason.STOP, "of the")
    assert deltas < 7
    assert conversation.script.running == 0


async def test_a_prompts_rows_come_before_the_tokens_of_every_choice(conversation: Conversation) -> None:
    got = await conversation.deltas(conversation.start(1, Sampling(max_tokens=2, prompt_logprobs=0), seeds=(1, 2, 3)), choices=3)
    assert [bool(delta.prompt) for delta in got] == [True] + [False] * 6
    assert conversation.script.begun == ["job-1-0", "job-1-1", "job-1-2"]


async def test_every_tail_is_scored_and_the_first_goes_ahead(conversation: Conversation) -> None:
    sampling = Sampling(max_tokens=1, prompt_logprobs=0, prompt_logprobs_start=2)
    got = await conversation.deltas(conversation.start(1, sampling, seeds=(None,) * 3, tails=((6,), (7, 8), (9,))), choices=3)
    assert [(delta.choice, len(delta.prompt), delta.prompt_first) for delta in got if delta.prompt] == [(0, 1, 2), (1, 2, 2), (2, 1, 2)]
    assert [delta.choice for delta in got[:2]] == [0, 0]


async def test_scoring_beyond_the_allowance_waits_its_turn_and_other_jobs_do_not(conversation: Conversation) -> None:
    conversation.script.hangs = True
    scoring = Sampling(max_tokens=0, prompt_logprobs=2)
    queues = [conversation.start(call, scoring) for call in (1, 2)]
    await conversation.deltas(conversation.start(3, Sampling(max_tokens=1)))
    await asyncio.wait_for(queues[0].get(), 5)
    assert conversation.script.begun == ["job-1-0", "job-3-0"]
    messages.send(conversation.writer, Abort(1))
    await asyncio.wait_for(queues[1].get(), 5)
    assert conversation.script.begun == ["job-1-0", "job-3-0", "job-2-0"]


async def test_the_allowance_is_given_back_with_the_first_token(conversation: Conversation) -> None:
    conversation.script.hangs = True
    conversation.start(1, Sampling(max_tokens=1000, prompt_logprobs=3))
    await conversation.deltas(conversation.start(2, Sampling(max_tokens=1, prompt_logprobs=3)))


async def test_a_choice_that_fails_ends_the_others(conversation: Conversation) -> None:
    conversation.script.refuses = 1
    conversation.script.hangs = True
    conversation.start(1, Sampling(max_tokens=1000), seeds=(1, 2))
    answer = await conversation.answer()
    assert isinstance(answer, Failed)
    assert answer.kind == FailureKind.REFUSED
    messages.send(conversation.writer, Ping(2))
    assert await conversation.answer() == Pong(2, 0)


async def test_an_abort_ends_the_engines_work(conversation: Conversation) -> None:
    conversation.script.hangs = True
    queue = conversation.start(1, Sampling(max_tokens=1000))
    await asyncio.wait_for(queue.get(), 5)
    assert conversation.script.running == 1
    messages.send(conversation.writer, Abort(1))
    messages.send(conversation.writer, Ping(2))
    assert await conversation.answer() == Pong(2, 0)
    assert conversation.script.running == 0


async def test_a_dying_engine_fails_the_job_and_ends_the_host(conversation: Conversation) -> None:
    conversation.script.dies = True
    conversation.start(1, Sampling(max_tokens=1000))
    assert await conversation.answer() == Failed(1, FailureKind.ENGINE_DIED, "scripted")
    with pytest.raises(EngineDied):
        await asyncio.wait_for(conversation.work, 5)


async def test_an_idle_ping_goes_through_the_engine(conversation: Conversation) -> None:
    messages.send(conversation.writer, Ping(1))
    assert await conversation.answer() == Pong(1, 0)
    assert conversation.script.canaries == 1


async def test_a_ping_beside_fresh_output_needs_no_canary(conversation: Conversation) -> None:
    conversation.script.hangs = True
    queue = conversation.start(1, Sampling(max_tokens=1000))
    await asyncio.wait_for(queue.get(), 5)
    messages.send(conversation.writer, Ping(2))
    assert await conversation.answer() == Pong(2, 1)
    assert conversation.script.canaries == 0


async def test_a_busy_engine_that_makes_progress_needs_no_canary_to_get_through(conversation: Conversation) -> None:
    conversation.script.hangs = True
    conversation.script.deaf = True
    queue = conversation.start(1, Sampling(max_tokens=1000))
    await asyncio.wait_for(queue.get(), 5)
    conversation.script.last_output = time.monotonic() - 60
    messages.send(conversation.writer, Ping(2))
    await asyncio.sleep(0.05)
    conversation.script.last_output = time.monotonic()
    assert await conversation.answer() == Pong(2, 1)


async def test_an_engine_without_progress_or_canary_gives_no_pong(conversation: Conversation) -> None:
    conversation.script.deaf = True
    messages.send(conversation.writer, Ping(1))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(messages.receive(conversation.reader), 0.4)


async def test_an_abort_before_the_first_step_leaves_nothing(conversation: Conversation) -> None:
    conversation.start(1, Sampling(max_tokens=1000))
    messages.send(conversation.writer, Abort(1))
    messages.send(conversation.writer, Ping(2))
    assert await conversation.answer() == Pong(2, 0)
    assert (conversation.host._tasks, conversation.host._addresses) == ({}, {})


async def test_a_closed_connection_ends_the_host(conversation: Conversation) -> None:
    conversation.writer.close()
    await asyncio.wait_for(conversation.work, 5)


async def test_a_gateway_that_is_gone_loses_its_job(conversation: Conversation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deployments.frames.PATIENCE_SECONDS", 0.05)
    messages.send(conversation.writer, Start(1, Job("job-1", (0, 5), Sampling(max_tokens=1000)), f"ipc://{tmp_path}/gone", 1))
    conversation.script.ids *= 50
    conversation.script.hangs = True
    answer = await conversation.answer()
    assert isinstance(answer, Failed)
    assert answer.kind == FailureKind.GATEWAY_LOST
