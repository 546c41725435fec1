"""The model host's side of the conversation, with an engine of three lines in place of vLLM."""

import asyncio
import io
import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deployments import messages
from deployments.messages import Abort, Ended, Failed, FailureKind, Ping, Pong, Start
from router.engine import EngineDied, Job, Sampling
from router.log import JsonFormatter, named
from tests.deployments.conversation import Conversation


async def test_a_job_streams_its_tokens_and_then_says_that_it_ended(conversation: Conversation) -> None:
    inbox = conversation.start(1, Sampling(max_tokens=3))
    assert await conversation.answer() == Ended(1)
    assert [token for delta in await conversation.deltas(inbox) for token in delta.token_ids] == conversation.script.ids[:3]


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


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the host logs."""
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(JsonFormatter("engine"))
    logger = logging.getLogger("basemodel.host")
    logger.addHandler(handler)
    yield handler.stream
    logger.removeHandler(handler)


def told(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


async def test_a_job_that_dies_with_its_engine_leaves_a_line_with_its_ids(conversation: Conversation, written: io.StringIO) -> None:
    conversation.script.dies = True
    conversation.start(1, Sampling(max_tokens=1000), request_id="r1")
    await conversation.answer()
    (line,) = told(written)
    assert (line["request_id"], line["job_id"], line["level"]) == ("r1", "job-1", "WARNING")


async def test_what_is_logged_beside_a_job_is_not_about_it(conversation: Conversation, written: io.StringIO) -> None:
    conversation.script.refuses = 1
    conversation.start(1, Sampling(max_tokens=1000), request_id="r1", seeds=(None, None))
    conversation.start(2, Sampling(max_tokens=3), request_id="r2")
    answers = [await conversation.answer(), await conversation.answer()]
    assert {type(one) for one in answers} == {Ended, Failed}
    logging.getLogger("basemodel.host").warning("about nobody")
    assert [(line.get("request_id"), line.get("job_id")) for line in told(written)] == [("r1", "job-1"), (None, None)]


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
    assert len(conversation.host.jobs) == 0


async def test_a_closed_connection_ends_the_host(conversation: Conversation) -> None:
    conversation.writer.close()
    await asyncio.wait_for(conversation.work, 5)


async def test_a_gateway_that_is_gone_loses_its_job_and_the_log_has_it(
    conversation: Conversation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("deployments.frames.PATIENCE_SECONDS", 0.05)
    messages.send(conversation.writer, Start(1, Job("job-1", (0, 5), Sampling(max_tokens=1000)), f"here ipc://{tmp_path}/gone", 1))
    conversation.script.ids *= 50
    conversation.script.hangs = True
    answer = await conversation.answer()
    assert isinstance(answer, Failed)
    assert answer.kind == FailureKind.GATEWAY_LOST
    assert [(one.getMessage(), named(one)["job_id"]) for one in caplog.records if one.name == "basemodel.host"] == [
        ("call 1 was ended: its gateway stopped taking tokens", "job-1")
    ]
